/// A model file that cannot be used: which, where in it, why, and what to do.
public struct ModelFileError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable, Hashable {
        /// No such file, or it cannot be opened.
        case unreadable
        /// The bytes end before the format says they do.
        case truncated
        /// The bytes are not what the format says.
        case malformed
        /// A valid file that Kerf does not handle (a quantisation, an architecture).
        case unsupported
        /// A tensor that the model needs is not in the file.
        case missingTensor
        /// Sizes that no model can have, or that disagree.
        case impossibleShape
    }

    public var code: Code
    public var file: String
    public var message: String
    public var remedy: String?

    public init(_ code: Code, file: String, _ message: String, remedy: String? = nil) {
        self.code = code
        self.file = file
        self.message = message
        self.remedy = remedy
    }

    /// One line.
    public var description: String {
        file + ": " + message + (remedy.map { "; " + $0 } ?? "")
    }
}
