import Glibc
import Synchronization
import SystemIO
import SystemPackage

/// The process of a meter program, in a process group of its own, and what it writes.
final class MeterProcess: Sendable {
    let output: FileDescriptor
    let errors: FileDescriptor
    private let number: pid_t
    private let isEnded = Mutex(false)

    /// From SIGTERM until SIGKILL.
    private static let terminationSeconds = 1.0

    /// - Parameter launcher: as ``ProgramMeter/init(_:origin:launcher:)``.
    init(_ command: [String], launcher: FilePath?) throws(KerfError) {
        let program = try ProgramPath.find(command[0])
        let (outputEnd, output) = try Self.pipe()
        defer { try? outputEnd.close() }
        let (errorEnd, errors) = try Self.pipe()
        defer { try? errorEnd.close() }
        let own = [program.string] + command.dropFirst()
        let (executable, arguments) =
            if let launcher {
                (launcher, [ProgramMeter.launchCommand, "--parent", "\(getpid())", "--"] + own)
            } else {
                (program, Array(own.dropFirst()))
            }
        do throws(KerfError) {
            number = try ChildProcess.start(
                executable, arguments,
                inheriting: [.init(outputEnd, as: STDOUT_FILENO), .init(errorEnd, as: STDERR_FILENO)],
                // Lines that stay in a program's buffer arrive late and together.
                environment: ["PYTHONUNBUFFERED": "1"])
        } catch {
            try? output.close()
            try? errors.close()
            throw error
        }
        (self.output, self.errors) = (output, errors)
    }

    deinit {
        end()
        try? output.close()
        try? errors.close()
    }

    /// How the program ended, within a moment after it closed its output; `nil` where it goes on without writing.
    func ending() -> ChildProcess.Ending? {
        isEnded.withLock { isEnded in
            guard !isEnded else { return .gone }
            for _ in 0..<100 {
                if let ending = ChildProcess.status(number) {
                    isEnded = true
                    kill(-number, SIGKILL)
                    return ending
                }
                usleep(5000)
            }
            return nil
        }
    }

    /// Ends the program and what it has started, by SIGTERM, and at last by SIGKILL. A second call does nothing.
    func end() {
        isEnded.withLock { isEnded in
            guard !isEnded else { return }
            isEnded = true
            ChildProcess.end(number, within: Self.terminationSeconds)
            kill(-number, SIGKILL)
        }
    }

    /// A pipe whose ends no other child inherits, and whose reading end does not block.
    private static func pipe() throws(KerfError) -> (writing: FileDescriptor, reading: FileDescriptor) {
        do {
            let ends = try FileDescriptor.pipe()
            for end in [ends.readEnd, ends.writeEnd] { _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC) }
            _ = fcntl(ends.readEnd.rawValue, F_SETFL, O_NONBLOCK)
            return (ends.writeEnd, ends.readEnd)
        } catch {
            throw KerfError(.ioError, "cannot make a pipe: \(error)")
        }
    }
}
