import ArgumentParser

/// Exit statuses of `kerf`, from sysexits.h where it has one.
package enum ExitStatus: Int32, CaseIterable {
    case success = 0
    case failure = 1
    /// Everything went well, and the result is not as the caller needs it: a limit that was set is exceeded, or a box of
    /// a fleet has a problem. Not from sysexits.h.
    case limitExceeded = 3
    case usage = 64
    case badData = 65
    case noInput = 66
    case unavailable = 69
    case systemError = 71
    case cannotCreate = 73
    case inputOutput = 74
    case noPermission = 77
    case interrupted = 130

    package var meaning: String {
        switch self {
        case .success: "success"
        case .failure: "unexpected failure"
        case .limitExceeded: "the result exceeds --fail-above, or a box of a fleet has a problem"
        case .usage: "wrong command line"
        case .badData: "an input file is damaged or of the wrong kind"
        case .noInput: "an input file or model does not exist"
        case .unavailable: "something required is not available, such as an energy meter"
        case .systemError: "the system lacks memory or another resource"
        case .cannotCreate: "an output file cannot be created"
        case .inputOutput: "reading or writing failed"
        case .noPermission: "permission denied"
        case .interrupted: "interrupted by Ctrl-C or a signal"
        }
    }

    /// For `--help`.
    package static var table: String {
        allCases.map { "  \($0.rawValue)\t\($0.meaning)" }.joined(separator: "\n")
    }
}
