import Glibc
import SystemIO
import SystemPackage

/// The watchdog process of a ``FrequencyLease``: it outlives the lease's process and restores what that one left.
package enum FrequencyWatchdog {
    /// The hidden command by which the executable is started as a watchdog.
    package static let command = "frequency-watchdog"
    /// The number of the inherited descriptor of the locked record.
    static let recordDescriptor: Int32 = 3

    /// Waits on standard input for the end of the lease, and then restores what is still recorded.
    ///
    /// - Throws: ``KerfError`` when something could not be restored; the record then stays.
    package static func run(root: SystemRoot) throws(KerfError) {
        // Signals to the lease's process group or terminal must not end the watchdog.
        for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE] { signal(number, SIG_IGN) }
        // A busy machine must not delay the restoring. Without the privilege this has no effect.
        setpriority(.init(PRIO_PROCESS.rawValue), 0, -10)
        guard fcntl(recordDescriptor, F_GETFD) != -1 else {
            throw KerfError(.notFound, "no lease was inherited", remedy: "a frequency lease starts its own watchdog")
        }
        let record = LeaseRecord(inherited: FileDescriptor(rawValue: recordDescriptor), root: root)
        var byte: UInt8 = 0
        // An error ends the wait as the end of the pipe does: the limits are restored sooner rather than never.
        while let count = try? valueOrErrno({ read(STDIN_FILENO, &byte, 1) }), count > 0 {}
        try record.restore()
    }
}
