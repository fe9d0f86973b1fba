import Glibc
import SystemIO
import SystemPackage

/// The other process of a ``FrequencyLease``: it outlives the lease's own, and gives back what that one left.
package enum FrequencyWatchdog {
    /// The hidden command by which the executable is started as a watchdog.
    package static let command = "frequency-watchdog"
    /// Where the watchdog finds the record, locked.
    static let recordDescriptor: Int32 = 3

    /// Waits for the end of the lease on standard input, and gives back what is still recorded then.
    ///
    /// - Throws: ``KerfError`` when something could not be given back; the record then stays.
    package static func run(root: SystemRoot) throws(KerfError) {
        // Whoever ends the lease's process group or terminal must not end its watchdog with it.
        for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE] { signal(number, SIG_IGN) }
        // A busy machine must not keep the limits longer. Without the privilege nothing happens.
        setpriority(.init(PRIO_PROCESS.rawValue), 0, -10)
        guard fcntl(recordDescriptor, F_GETFD) != -1 else {
            throw KerfError(.notFound, "no lease was handed down", remedy: "a frequency lease starts its own watchdog")
        }
        let record = LeaseRecord(inherited: FileDescriptor(rawValue: recordDescriptor), root: root)
        var byte: UInt8 = 0
        while true {
            let count = read(STDIN_FILENO, &byte, 1)
            if count == 0 || (count < 0 && errno != EINTR) { break }
        }
        try record.restore()
    }
}
