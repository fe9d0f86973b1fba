import ArgumentParser
import SystemIO

/// Errors as the user sees them: one line and an exit status.
package enum ErrorReport {
    /// Runs a command's work. An error is printed as `kerf: error: ...` on standard error and ends the program with its
    /// exit status.
    ///
    /// Results that could not be printed are an error too: a full disk behind a redirection must not look like success.
    package static func reporting(_ work: () throws -> Void) throws {
        do {
            try work()
            try StandardStreams.checkOutput()
        } catch let exit as ExitCode {
            throw exit
        } catch {
            write(error)
            throw ExitCode(((error as? KerfError).map { ExitStatus($0.code.category) } ?? .failure).rawValue)
        }
    }

    /// Prints the error's one line on standard error.
    static func write(_ error: any Error) {
        let text = (error as? KerfError)?.text(remedy: RemedyText.words) ?? "\(error)"
        StandardError.write("kerf: error: \(PlainText.shown(text, limit: 2000))\n")
    }

    /// The same for work that a signal may interrupt: the first one asks for its end, and one line tells of it, also where
    /// nothing can be canceled, such as while weights are read.
    package static func reportingInterruptibly(_ work: () throws -> Void) throws {
        Interruption.watch()
        defer { Interruption.unwatch() }
        try reporting(work)
    }
}

extension ExitStatus {
    package init(_ category: KerfError.Category) {
        self =
            switch category {
            case .usage: .usage
            case .badData: .badData
            case .noInput: .noInput
            case .unavailable: .unavailable
            case .system: .systemError
            case .cannotCreate: .cannotCreate
            case .inputOutput: .inputOutput
            case .permission: .noPermission
            case .interrupted: .interrupted
            case .internal: .failure
            }
    }
}
