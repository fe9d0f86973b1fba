import ArgumentParser
import CNamespaces
import Capture
import CommandSupport
import Glibc
import SystemIO
import SystemPackage

/// `kerf replay`: any command on a recorded box.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Run a kerf command on a recorded box.",
        discussion: """
            Runs the command in a user and mount namespace of its own, where the recorded files are mounted over those \
            of /sys and /proc. libsensors and libpci read the recorded box and see nothing of this one. Nothing \
            outside the namespace changes, and no privilege is needed where the system permits user namespaces.

            Counters and frequencies of a recorded box do not change: replay shows what a box has, it does not measure.

            EXAMPLE
              kerf replay box.tar -- doctor
              kerf replay box.tar -- doctor --json
            """)

    @Argument(help: ArgumentHelp("Archive written by kerf capture.", valueName: "box.tar"), completion: .file())
    var archive: String

    @Argument(parsing: .postTerminator, help: ArgumentHelp("The kerf command and its options.", valueName: "command"))
    var command: [String] = []

    func validate() throws {
        guard !command.isEmpty else { throw ValidationError("no command; example: kerf replay box.tar -- doctor") }
        guard command[0] != Self.configuration.commandName else { throw ValidationError("a replay within a replay") }
    }

    func run() throws {
        var status: Int32 = 0
        try ErrorReport.reporting {
            let capture = try Self.open(archive)
            if capture.isVirtualBoard {
                throw KerfError(
                    .unusableData,
                    "\(archive): a capture of a virtual board, which a replay would show as a real box",
                    remedy: .unpackCapture)
            }
            status = try Replay.run(
                command[0], arguments: ["kerf", ReplayInsideCommand.name, archive, "--"] + command)
        }
        if status != 0 { throw ExitCode(status) }
    }

    static func open(_ archive: String) throws -> Capture {
        try Capture(try FileBytes.read(archive, limit: Capture.maximumBytes), name: archive)
    }
}
