// `stdout` is a mutable C global, which Swift 6 refuses to read as not concurrency-safe; it is never assigned here.
@preconcurrency import Glibc
import SystemIO
import SystemPackage

/// Set-up and checks of the three standard streams.
package enum StandardStreams {
    /// Takes the place of every stream that the caller closed; call it before any file is opened. Otherwise the next file
    /// opened would get the stream's number, and printed text would go into that file.
    ///
    /// Reading finds an end, and writing fails (EBADF), so that ``outputArrived()`` sees that results went nowhere.
    ///
    /// Also ignores SIGXFSZ: a file-size limit is an error to report, not a reason to be killed.
    package static func secure() {
        for descriptor in 0...2 where fcntl(Int32(descriptor), F_GETFD) == -1 {
            // A container may have no /dev. A directory cannot be written either, nor read.
            if open("/dev/null", O_RDONLY) == -1 { _ = open("/", O_RDONLY) }
        }
        signal(SIGXFSZ, SIG_IGN)
    }

    /// Prints a line at once, whole, from any task: what is piped to another program must not wait in a buffer.
    package static func printLine(_ text: String) {
        flockfile(stdout)
        defer { funlockfile(stdout) }
        print(text)
        fflush(stdout)
    }

    /// Writes a line to standard output at once, where a reader that is gone is an error and not the end of the process:
    /// SIGPIPE is held back meanwhile, so that it stays as it is for child processes.
    package static func writeLine(_ text: String) throws {
        var (pipe, before) = (sigset_t(), sigset_t())
        sigemptyset(&pipe)
        sigaddset(&pipe, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &pipe, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        do {
            _ = try FileDescriptor.standardOutput.writeAll((text + "\n").utf8)
        } catch {
            var immediately = timespec()
            sigtimedwait(&pipe, nil, &immediately)
            throw error
        }
    }

    /// Flushes standard output; `false` if anything printed so far could not be written.
    package static func outputArrived() -> Bool { fflush(stdout) == 0 && ferror(stdout) == 0 }

    /// - Throws: ``KerfError/Code/ioError`` if anything printed so far could not be written: a full disk behind a
    ///   redirection, or a closed stream, must not look like success.
    package static func checkOutput() throws(KerfError) {
        guard outputArrived() else {
            throw KerfError(.ioError, "standard output: cannot be written; what was printed is incomplete")
        }
    }
}
