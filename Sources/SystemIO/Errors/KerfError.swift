import Glibc
import SystemPackage

/// An error: what failed, where, why, and a remedy.
///
/// Kerf has this one error type. A room adds its own codes in an extension of ``Code``; the command line turns a code's
/// category into an exit status and a remedy into the words of its options.
public struct KerfError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The failure, for programs. Extensible: each room declares the codes that it throws.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// Unique among all codes: `no_such_file`.
        public let name: String
        public let category: Category

        public init(_ name: String, _ category: Category) {
            self.name = name
            self.category = category
        }

        public var description: String { name }
    }

    /// The kind of failure. The cases follow sysexits.h, and the command line's exit statuses follow them.
    public enum Category: String, Sendable, Hashable, CaseIterable {
        /// The caller's request is invalid.
        case usage
        /// An input is malformed or does not fit.
        case badData
        /// An input does not exist.
        case noInput
        /// Something that is needed is missing, such as an energy meter.
        case unavailable
        /// The system lacks memory or another resource.
        case system
        /// An output cannot be created.
        case cannotCreate
        /// Reading or writing failed.
        case inputOutput
        /// The permission is missing.
        case permission
        /// SIGINT or SIGTERM.
        case interrupted
        /// A defect of Kerf.
        case `internal`
    }

    public var code: Code
    /// What happened, without the location.
    public var message: String
    /// The file, archive or device.
    public var location: String?
    /// The system call's error, where one failed.
    public var cause: Errno?
    public var remedy: Remedy?

    public init(
        _ code: Code, _ message: String, at location: FilePath? = nil, cause: Errno? = nil, remedy: Remedy? = nil
    ) {
        self.code = code
        self.message = message
        self.location = location?.string
        self.cause = cause
        self.remedy = remedy
    }

    /// - Parameter location: the file, archive or device as the user named it.
    public init(
        _ code: Code, at location: String, _ message: String, cause: Errno? = nil, remedy: Remedy? = nil
    ) {
        self.code = code
        self.message = message
        self.location = location
        self.cause = cause
        self.remedy = remedy
    }

    /// The error of a failed system call on a kernel interface or a device.
    ///
    /// - Parameter verb: the operation that failed, as in `cannot open`.
    package init(_ errno: Errno, doing verb: String, at path: FilePath, remedy: Remedy? = nil) {
        let code: Code =
            switch errno {
            case .noSuchFileOrDirectory, .noSuchAddressOrDevice, Errno(rawValue: ENODEV): .notFound
            case .permissionDenied, .notPermitted: .permissionDenied
            case .resourceBusy: .busy
            default: .ioError
            }
        self.init(code, "cannot \(verb): \(errno)", at: path, cause: errno, remedy: remedy)
    }

    /// One line: location, message, remedy in words that name no command-line option.
    public var description: String { text { $0.description } }

    /// One line: location, message, remedy.
    ///
    /// - Parameter words: the text of a remedy.
    package func text(remedy words: (Remedy) -> String) -> String {
        (location.map { "\($0.isEmpty ? "\"\"" : $0): " } ?? "") + message + (remedy.map { "; " + words($0) } ?? "")
    }
}

extension KerfError.Code {
    /// A device, driver or attribute file does not exist.
    public static let notFound = KerfError.Code("not_found", .unavailable)
    /// An input file does not exist or is not a file.
    public static let noSuchFile = KerfError.Code("no_such_file", .noInput)
    public static let permissionDenied = KerfError.Code("permission_denied", .permission)
    /// A system call failed: EIO, a full disk, EAGAIN after the retries.
    public static let ioError = KerfError.Code("io_error", .inputOutput)
    /// The device is busy (EBUSY), such as a cpufreq policy whose processors are offline.
    public static let busy = KerfError.Code("busy", .inputOutput)
    /// Another process uses it.
    public static let inUse = KerfError.Code("in_use", .cannotCreate)
    /// An output cannot be created: no such directory, or the name is taken.
    public static let cannotCreate = KerfError.Code("cannot_create", .cannotCreate)
    /// An input is too large, cut off, or not what its format says.
    public static let malformed = KerfError.Code("malformed", .badData)
    /// Another kind of Kerf file, or an unknown version.
    public static let wrongSchema = KerfError.Code("wrong_schema", .badData)
    /// Valid input that cannot be used, or that does not belong together.
    public static let unusableData = KerfError.Code("unusable_data", .badData)
    /// An invalid argument.
    public static let invalidArgument = KerfError.Code("invalid_argument", .usage)
    /// Something that is needed is missing.
    public static let unavailable = KerfError.Code("unavailable", .unavailable)
    /// The system lacks a resource.
    public static let systemError = KerfError.Code("system_error", .system)
    /// SIGINT or SIGTERM.
    public static let interrupted = KerfError.Code("interrupted", .interrupted)
    /// A defect of Kerf.
    public static let internalError = KerfError.Code("internal_error", .internal)
    /// A sensor or counter has a value that its interface does not allow.
    public static let invalidReading = KerfError.Code("invalid_reading", .inputOutput)
    /// A sensor has a number that cannot be its quantity, such as the all-ones word of a chip that does not answer.
    public static let implausibleReading = KerfError.Code("implausible_reading", .inputOutput)
    /// A counter or sensor does not change over a time in which a working one does.
    public static let staleReading = KerfError.Code("stale_reading", .unavailable)
    /// An interface is there and leads nowhere: a container or a mount hides what is behind it.
    public static let masked = KerfError.Code("masked", .unavailable)
    /// Two readings have more than one solution: an unknown number of counter wraps.
    public static let ambiguousReading = KerfError.Code("ambiguous_reading", .inputOutput)
}
