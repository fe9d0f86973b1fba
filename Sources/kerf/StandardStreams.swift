// `stdout` is a mutable C global, which Swift 6 refuses to read as not concurrency-safe; it is never assigned here.
@preconcurrency import Glibc

/// What has to hold for the three standard streams before anything is opened.
enum StandardStreams {
    /// A stream that the caller closed is opened on /dev/null: else the next file opened would get its number, and what
    /// is printed would go into that file. A file-size limit is an error to report, not a signal to die of.
    static func secure() {
        for descriptor in 0...2 where fcntl(Int32(descriptor), F_GETFD) == -1 {
            _ = open("/dev/null", descriptor == 0 ? O_RDONLY : O_WRONLY)
        }
        signal(SIGXFSZ, SIG_IGN)
    }

    /// Writes out what was printed, and tells whether all of it, now and before, reached its place.
    static func outputArrived() -> Bool { fflush(stdout) == 0 && ferror(stdout) == 0 }
}
