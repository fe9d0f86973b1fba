import ArgumentParser
import CExec
import CommandSupport
import Glibc
import MeterProgram
import SystemIO
import SystemPackage

/// `kerf meter-program`: the child process that becomes a meter's program, and ends with its parent for whatever reason.
struct MeterProgramCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: ProgramMeter.launchCommand,
        abstract: "Become a meter's program that ends with the process that started it.", shouldDisplay: false)

    @Option(help: ArgumentHelp("The process to end with.", valueName: "pid"))
    var parent: Int32

    @Argument(parsing: .postTerminator) var command: [String]

    func validate() throws {
        guard !command.isEmpty else { throw ValidationError("after -- comes the program") }
    }

    func run() throws {
        try ErrorReport.reporting {
            var arguments = command.map { strdup($0) }
            arguments.append(nil)
            defer { for argument in arguments { free(argument) } }
            let failure = Errno(rawValue: kerf_exec_with_parent(parent, arguments))
            throw KerfError(failure, doing: "run", at: FilePath(command[0]))
        }
    }
}
