/// What a reader can do about an error or a missing value.
///
/// Libraries know no command-line option. A remedy that needs one is a case here, and the command line turns it into
/// the option's name; ``description`` says the same without it.
public enum Remedy: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringInterpolation {
    /// Advice that names no option of Kerf.
    case text(String)
    /// Give the run more time.
    case longerBudget
    /// Reduce other load and heat, or give the run more time.
    case quietBoxOrLongerBudget
    /// Name one of the columns that the file has.
    case nameColumn
    /// Run the estimator's self-test, which writes the file.
    case runEstimatorSelfTest
    /// Permit user namespaces, or look at the capture without them.
    case userNamespaces
    /// Unpack a capture and look at its tree.
    case unpackCapture
    /// Measure against a virtual board.
    case virtualBoard
    /// Run without binding threads to processors.
    case withoutPinning

    public init(stringLiteral value: String) { self = .text(value) }

    public var description: String {
        switch self {
        case .text(let text): text
        case .longerBudget: "profile for longer"
        case .quietBoxOrLongerBudget: "free the box of other load or heat, or profile for longer"
        case .nameColumn: "name one of them"
        case .runEstimatorSelfTest: "run the estimator's self-test first"
        case .withoutPinning: "do not pin threads"
        case .userNamespaces: "permit user namespaces, or unpack the capture with tar and use its tree"
        case .unpackCapture: "unpack the capture with tar and use its tree"
        case .virtualBoard: "measure against a virtual board"
        }
    }
}
