/// A Kerf file that cannot be read, used or written: which, why, and what to do.
public struct KerfFileError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable, Hashable {
        /// No such file to read.
        case missing
        /// The process lacks the permission.
        case forbidden
        /// The system failed to read.
        case unreadable
        /// Too large, not JSON, or not what its schema says.
        case malformed
        /// Another kind of file, or a version that this Kerf does not know.
        case wrongSchema
        /// Valid files that do not belong together, or samples that cannot be used.
        case unusable
        /// The output cannot be created: no such directory, or the place is taken.
        case uncreatable
        /// Writing failed: full disk, a device that answers with an error.
        case unwritable
    }

    public var code: Code
    /// The file as the user named it.
    public var file: String
    public var message: String
    public var remedy: String?

    public init(_ code: Code, file: String, _ message: String, remedy: String? = nil) {
        self.code = code
        self.file = file
        self.message = message
        self.remedy = remedy
    }

    /// One line: file, message, remedy.
    public var description: String {
        file + ": " + message + (remedy.map { "; " + $0 } ?? "")
    }
}
