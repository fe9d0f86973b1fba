import SystemPackage

/// A model file that cannot be used: which, where in it, why, and what to do.
public struct ModelFileError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable, Hashable {
        /// No such file, or what is there is no file.
        case unreadable
        /// The permission to read it is missing.
        case forbidden
        /// The system failed to open or read it (EIO, too many open files, no address space).
        case failed
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

    /// The error that a failed system call on `file` stands for.
    init(_ errno: Errno, doing verb: String, file: String) {
        let (code, remedy): (Code, String?) =
            switch errno {
            case .noSuchFileOrDirectory, .notDirectory, .fileNameTooLong, .tooManySymbolicLinkLevels:
                (.unreadable, "check the path")
            case .permissionDenied, .notPermitted: (.forbidden, "give this user read permission")
            default: (.failed, nil)
            }
        self.init(code, file: file, "cannot \(verb): \(errno.description)", remedy: remedy)
    }

    /// One line.
    public var description: String {
        file + ": " + message + (remedy.map { "; " + $0 } ?? "")
    }
}
