import CNamespaces
import Glibc
import SystemIO
import SystemPackage

/// Runs a command against a recorded box, in private user and mount namespaces.
///
/// ``run(_:arguments:)`` starts this program again inside the namespaces. That process calls ``enter(_:arguments:)``, which
/// mounts the recorded files and executes the command.
package enum Replay {
    /// Starts this program in its namespaces and waits for it. SIGINT and SIGTERM are forwarded to it.
    ///
    /// - Parameters:
    ///   - command: the command's name in messages.
    ///   - arguments: the program's arguments, its name first.
    /// - Returns: the program's exit status.
    /// - Throws: ``KerfError/Code/permissionDenied`` where the system does not permit user namespaces.
    package static func run(_ command: String, arguments: [String]) throws(KerfError) -> Int32 {
        var pointers = arguments.map { strdup($0) }
        pointers.append(nil)
        defer { for pointer in pointers { free(pointer) } }
        var child: pid_t = 0
        var error: Int32 = 0
        let stage = kerf_namespaces_spawn("/proc/self/exe", pointers, &child, &error)
        guard stage == KERF_NAMESPACES_DONE else { throw refusal(stage, Errno(rawValue: error)) }
        Interruption.forward(to: child)
        while true {
            switch ChildProcess.status(child) {
            case nil: usleep(2000)
            case .exit(let code): return code
            // Forwarded before the command could handle it, or for the second time.
            case .signal(SIGTERM): throw KerfError(.interrupted, "\(command) was interrupted")
            case .signal(let number): throw KerfError(.internalError, "\(command) was ended by signal \(number)")
            case .gone: throw KerfError(.internalError, "\(command) ended without an exit status")
            }
        }
    }

    private static func refusal(_ stage: kerf_namespaces_stage, _ errno: Errno) -> KerfError {
        switch stage {
        case KERF_NAMESPACES_UNSHARE, KERF_NAMESPACES_MAP:
            KerfError(
                .permissionDenied, "this system permits no user namespaces (\(errno))", cause: errno,
                remedy: .userNamespaces)
        default: KerfError(.systemError, "cannot start the replay: \(errno)", cause: errno)
        }
    }

    /// Whether this process is inside a replay. The initial user namespace maps every user; a replay's maps one.
    ///
    /// Source: user_namespaces(7), /proc/[pid]/uid_map.
    package static var isInside: Bool {
        let map = (try? SysfsFile.text(at: "/proc/self/uid_map")) ?? ""
        return getuid() == 0 && map.split(separator: " ").last == "1"
    }

    /// Mounts the recorded files over those of this namespace, and executes this program with `arguments`.
    ///
    /// Call only if ``isInside``: elsewhere the mounts would change the box.
    ///
    /// - Throws: ``KerfError``; never returns.
    package static func enter(_ capture: Capture, arguments: [String]) throws -> Never {
        precondition(isInside, "a replay needs its own mount namespace")
        try RecordedView(capture).show()
        let error = kerf_namespaces_confine()
        guard error == 0 else {
            throw KerfError(.systemError, "cannot confine the replay: \(Errno(rawValue: error))")
        }
        var pointers = arguments.map { strdup($0) }
        pointers.append(nil)
        execv("/proc/self/exe", pointers)
        throw KerfError(.systemError, "cannot start the command: \(Errno(rawValue: errno))")
    }
}
