import Glibc
import SystemPackage

/// Starting and ending a child process.
package enum ChildProcess {
    /// A descriptor that a child inherits, and its number there.
    package struct Inherited: Sendable {
        package var descriptor: FileDescriptor
        package var number: Int32

        package init(_ descriptor: FileDescriptor, as number: Int32) {
            self.descriptor = descriptor
            self.number = number
        }
    }

    /// Starts a program with default signal handling in its own process group: Ctrl-C at the terminal reaches the parent
    /// alone, which then ends its child. Standard input, output and error are `/dev/null` unless they are inherited.
    ///
    /// - Parameters:
    ///   - inherited: the child's descriptors, in the order in which they are duplicated.
    ///   - additions: to this process's environment.
    package static func start(
        _ executable: FilePath, _ arguments: [String], inheriting inherited: [Inherited] = [],
        environment additions: [String: String] = [:]
    ) throws(KerfError) -> Int32 {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        for item in inherited {
            posix_spawn_file_actions_adddup2(&actions, item.descriptor.rawValue, item.number)
        }

        var argv = ([executable.string] + arguments).map { strdup($0) }
        argv.append(nil)
        defer { for argument in argv { free(argument) } }
        var variables = additions.map { strdup("\($0)=\($1)") }
        defer { for variable in variables { free(variable) } }
        variables.append(nil)
        var environment: [UnsafeMutablePointer<CChar>?] = []
        for place in 0... {
            guard let variable = environ[place] else { break }
            let name = String(cString: variable).prefix { $0 != "=" }
            if additions[String(name)] == nil { environment.append(variable) }
        }
        environment += variables
        var pid = pid_t()
        let result = posix_spawn(&pid, executable.string, &actions, &attributes, argv, environment)
        guard result == 0 else { throw KerfError(Errno(rawValue: result), doing: "start", at: executable) }
        return pid
    }

    /// How a child ended.
    package enum Ending: CustomStringConvertible {
        case exit(Int32)
        case signal(Int32)
        case gone

        package var description: String {
            switch self {
            case .exit(let code): "exit code \(code)"
            case .signal(let number): "signal \(number)"
            case .gone: "gone"
            }
        }
    }

    /// How the child ended; `nil` while it runs. A child that has ended is reaped by the call.
    package static func status(_ pid: Int32) -> Ending? {
        var status: Int32 = 0
        guard let result = try? valueOrErrno({ waitpid(pid, &status, WNOHANG) }) else { return .gone }
        if result == 0 { return nil }
        let signal = status & 0x7F
        return signal == 0 ? .exit((status >> 8) & 0xFF) : .signal(signal)
    }

    /// Asks the child to end, and kills it after `seconds`.
    package static func end(_ pid: Int32, within seconds: Double) {
        kill(pid, SIGTERM)
        awaitEnd(of: pid, within: seconds, pollMicroseconds: 2000)
    }

    /// Waits for the child's end, and kills it after `seconds`.
    package static func awaitEnd(of pid: Int32, within seconds: Double, pollMicroseconds: UInt32) {
        let start = MonotonicInstant.now()
        while status(pid) == nil {
            if MonotonicInstant.now().seconds(since: start) > seconds {
                kill(pid, SIGKILL)
                _ = try? valueOrErrno { waitpid(pid, nil, 0) }
                return
            }
            usleep(pollMicroseconds)
        }
    }
}
