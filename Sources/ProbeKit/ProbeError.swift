public import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A reading that could not be taken: what, where, and what to do about it.
public struct ProbeError: Error, Sendable, Hashable, CustomStringConvertible {
    public struct Code: RawRepresentable, Sendable, Hashable {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The file or device is not there, or has gone.
        public static let vanished = Code(rawValue: "vanished")
        /// The process lacks the permission.
        public static let forbidden = Code(rawValue: "forbidden")
        /// The kernel answered with an error (EIO, EAGAIN past its retries, ...).
        public static let failed = Code(rawValue: "failed")
        /// The bytes read are not what the interface promises.
        public static let malformed = Code(rawValue: "malformed")
        /// Two readings allow more than one answer (an unknown number of counter wraps).
        public static let ambiguous = Code(rawValue: "ambiguous")
        /// The kernel takes no access now (EBUSY): a clock whose processors are off line.
        public static let busy = Code(rawValue: "busy")
        /// It is in somebody else's use.
        public static let occupied = Code(rawValue: "occupied")
    }

    public var code: Code
    /// What happened, without the path.
    public var message: String
    public var path: FilePath?
    public var remedy: String?

    public init(_ code: Code, _ message: String, path: FilePath? = nil, remedy: String? = nil) {
        self.code = code
        self.message = message
        self.path = path
        self.remedy = remedy
    }

    /// One line: path, message, remedy.
    public var description: String {
        let place = path.map { "\($0): " } ?? ""
        let advice = remedy.map { "; \($0)" } ?? ""
        return place + message + advice
    }

    /// The error that a failed system call on `path` stands for.
    public init(_ errno: Errno, doing verb: String, path: FilePath, remedy: String? = nil) {
        let code: Code =
            switch errno {
            case .noSuchFileOrDirectory, .noSuchAddressOrDevice, Errno(rawValue: ENODEV): .vanished
            case .permissionDenied, .notPermitted: .forbidden
            case .resourceBusy: .busy
            default: .failed
            }
        self.init(code, "cannot \(verb): \(errno)", path: path, remedy: remedy)
    }
}
