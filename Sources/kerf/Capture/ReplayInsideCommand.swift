import ArgumentParser
import CNamespaces
import Capture
import CommandSupport
import Glibc
import SystemIO
import SystemPackage

/// The child process of `kerf replay`: mounts the recorded box in its namespace, then executes the command.
struct ReplayInsideCommand: ParsableCommand {
    static let name = "replay-inside"

    static let configuration = CommandConfiguration(
        commandName: name, abstract: "The part of kerf replay that runs in its namespaces.", shouldDisplay: false)

    @Argument var archive: String
    @Argument(parsing: .postTerminator) var command: [String]

    func run() throws {
        try ErrorReport.reporting {
            guard Replay.isInside else {
                throw KerfError(
                    .invalidArgument, "\(Self.name) is internal to kerf replay; use: kerf replay box.tar -- COMMAND")
            }
            try Replay.enter(try ReplayCommand.open(archive), arguments: ["kerf"] + command)
        }
    }
}
