import Glibc
import Synchronization
import SystemIO
import SystemPackage
import TestSupport
import VirtualBoard

/// A board served by a thread of the test.
final class ServedBoard: Sendable {
    let root: SystemRoot
    private let stopping = Atomic(false)
    private let ended = Atomic(false)
    private let failure = Mutex<KerfError?>(nil)

    private init(_ place: FilePath) { root = SystemRoot(place) }

    /// Runs `body` while the board is served; then stops it and throws what serving it threw.
    static func run(_ place: FilePath, measuring pid: Int32? = nil, _ body: (SystemRoot) throws -> Void) throws {
        let board = ServedBoard(place)
        let thread = BackgroundThread { board.serve(pid) }
        while VirtualBoard.marker(in: board.root)?.isServed != true && !board.ended.load(ordering: .acquiring) {
            usleep(1000)
        }
        let result = Result { try body(board.root) }
        board.stopping.store(true, ordering: .releasing)
        thread.join()
        if let error = board.failure.withLock({ $0 }) { throw error }
        try result.get()
    }

    private func serve(_ pid: Int32?) {
        do throws(KerfError) {
            let board = try VirtualBoard(root: root.path)
            try board.serve(measuring: pid) { stopping.load(ordering: .acquiring) }
        } catch {
            failure.withLock { $0 = error }
        }
        ended.store(true, ordering: .releasing)
    }
}

/// A process to be measured and to go; one that does nothing unless it is told to.
final class OtherProcess {
    let pid: pid_t
    private var hasEnded = false

    init(_ command: [String] = ["sleep", "600"]) throws {
        // Without a signal blocked, which the threads of a test have.
        pid = try ChildProcess.start("/usr/bin/env", command)
    }

    deinit { end() }

    func end() {
        guard !hasEnded else { return }
        hasEnded = true
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
    }
}
