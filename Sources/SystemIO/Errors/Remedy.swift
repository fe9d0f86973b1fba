/// What a reader can do about an error or a missing value.
///
/// Libraries know no command-line option. A remedy that needs one is a case here, and the command line turns it into
/// the option's name; ``description`` says the same without it.
public enum Remedy: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringInterpolation {
    /// Advice that names no option of Kerf.
    case text(String)
    /// Give the run more time.
    case longerBudget
    /// Permit user namespaces, or look at the capture without them.
    case userNamespaces
    /// Unpack a capture and look at its tree.
    case unpackCapture
    /// Record the box once more.
    case recordCapture
    /// Compute in f32.
    case f32Products
    /// Compute in f32, or with the engine that multiplies bf16.
    case f32ProductsOrOneDNN
    /// Measure against a virtual board.
    case virtualBoard
    /// Run without binding threads to processors.
    case withoutPinning

    public init(stringLiteral value: String) { self = .text(value) }

    public var description: String {
        switch self {
        case .text(let text): text
        case .longerBudget: "profile for longer"
        case .withoutPinning: "do not pin threads"
        case .userNamespaces: "permit user namespaces, or unpack the capture with tar and use its tree"
        case .unpackCapture: "unpack the capture with tar and use its tree"
        case .recordCapture: "record the box again"
        case .f32Products: "compute in f32"
        case .f32ProductsOrOneDNN: "compute in f32, or in bf16 with oneDNN"
        case .virtualBoard: "measure against a virtual board"
        }
    }
}
