import ArgumentParser

/// The numbers with which `kerf` ends, after sysexits.h where that has one.
enum ExitStatus: Int32, CaseIterable {
    case success = 0
    case failure = 1
    case usage = 64
    case badData = 65
    case noInput = 66
    case unavailable = 69
    case systemError = 71
    case cannotCreate = 73
    case inputOutput = 74
    case noPermission = 77
    case interrupted = 130

    var meaning: String {
        switch self {
        case .success: "done"
        case .failure: "an unexpected failure"
        case .usage: "the command line is wrong"
        case .badData: "an input file is not what it should be"
        case .noInput: "an input file or model is missing"
        case .unavailable: "something that was required is not there, such as an energy meter"
        case .systemError: "the system lacks memory or another resource"
        case .cannotCreate: "an output file cannot be made"
        case .inputOutput: "reading or writing failed"
        case .noPermission: "the permission is missing"
        case .interrupted: "Ctrl-C or kill"
        }
    }

    /// For `--help`.
    static var table: String {
        allCases.map { "  \($0.rawValue)\t\($0.meaning)" }.joined(separator: "\n")
    }
}
