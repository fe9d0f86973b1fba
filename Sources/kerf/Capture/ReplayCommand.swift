import ArgumentParser
import CNamespaces
import Calibration
import Capture
import ProbeKit
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// `kerf replay`: any command against a recorded box.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Run a kerf command as if on a recorded box.",
        discussion: """
            Runs the command in a user and mount namespace of its own, where the recorded files lie over those of /sys \
            and /proc. So the real libsensors and libpci read the recorded box, and see nothing of this one. Nothing \
            outside the namespace is changed, and no privilege is needed where the system permits user namespaces.

            Counters and clocks of a recorded box stand still: replay shows what a box has, it measures nothing.

            EXAMPLE
              kerf replay box.tar -- doctor
              kerf replay box.tar -- doctor --json
            """)

    @Argument(help: ArgumentHelp("What kerf capture wrote.", valueName: "box.tar"), completion: .file())
    var archive: String

    @Argument(parsing: .postTerminator, help: ArgumentHelp("The kerf command and its options.", valueName: "command"))
    var command: [String] = []

    func validate() throws {
        guard !command.isEmpty else { throw ValidationError("no command; example: kerf replay box.tar -- doctor") }
        guard command[0] != Self.configuration.commandName else { throw ValidationError("a replay in a replay") }
    }

    func run() throws {
        var status: Int32 = 0
        try KerfFailure.reporting {
            let capture = try Self.open(archive)
            if capture.isVirtualBoard {
                throw KerfFailure(
                    .badData,
                    "\(archive): was recorded of a virtual board, which a replay would show as a real box; "
                        + "unpack it with tar and name the tree: kerf doctor --root DIR")
            }
            status = try replay()
        }
        if status != 0 { throw ExitCode(status) }
    }

    static func open(_ archive: String) throws -> Capture {
        try Capture(try FileBytes.read(archive, limit: Capture.mostBytes), name: archive)
    }

    /// Starts the command in its namespaces and waits for its end.
    ///
    /// - Returns: its exit code.
    private func replay() throws -> Int32 {
        let arguments = ["kerf", ReplayInsideCommand.name, archive, "--"] + command
        var pointers = arguments.map { strdup($0) }
        pointers.append(nil)
        defer { for pointer in pointers { free(pointer) } }
        var child: pid_t = 0
        var error: Int32 = 0
        let stage = kerf_namespaces_spawn("/proc/self/exe", pointers, &child, &error)
        guard stage == KERF_NAMESPACES_DONE else { throw Self.refusal(stage, Errno(rawValue: error)) }
        // The child ends in order; its exit code is awaited.
        Interruption.handOn(to: child)
        while true {
            if let ending = ChildProcess.status(child) {
                switch ending {
                case .exit(let code): return code
                // Handed on before the command could hear it, or a second time.
                case .signal(SIGTERM): throw KerfFailure(.interrupted, "interrupted in the middle of \(command[0])")
                case .signal(let number):
                    throw KerfFailure(.failure, "\(command[0]) was ended by signal \(number)")
                case .gone: return ExitStatus.failure.rawValue
                }
            }
            usleep(2000)
        }
    }

    private static func refusal(_ stage: kerf_namespaces_stage, _ errno: Errno) -> KerfFailure {
        switch stage {
        case KERF_NAMESPACES_UNSHARE, KERF_NAMESPACES_MAP:
            KerfFailure(
                .noPermission,
                "this system permits no user namespaces (\(errno)); allow them "
                    + "(sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0 on Ubuntu, "
                    + "sudo sysctl user.max_user_namespaces=1000 elsewhere, another seccomp profile in a container), "
                    + "or unpack the capture with tar and use: kerf doctor --root DIR")
        default:
            KerfFailure(.systemError, "cannot start the replay: \(errno)")
        }
    }
}
