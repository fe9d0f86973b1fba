import DequeModule
import SystemIO

/// Frames with the time at which each may be taken, first in, first out, bounded in bytes. One task adds, one takes.
actor TimedQueue {
    private let limitBytes: Int
    /// A frame that was taken is released at once: it may have a mebibyte.
    private var frames: Deque<(frame: Frame, time: Int64)> = []
    private var bytes = 0
    /// Set when no more frames come; with an error when they are missing.
    private var end: Result<Void, any Error>?
    private var adder: CheckedContinuation<Void, Never>?
    private var taker: CheckedContinuation<Void, Never>?

    init(limitBytes: Int) { self.limitBytes = limitBytes }

    /// Waits while the queue is full.
    ///
    /// - Throws: the error that ended the queue; `CancellationError`.
    func add(_ frame: Frame, at time: Int64) async throws {
        while bytes > limitBytes, end == nil {
            await wait { self.adder = $0 }
            try Task.checkCancellation()
        }
        if let end {
            try end.get()
            throw KerfError(.internalError, "a frame was sent after the end of the exchange")
        }
        frames.append((frame, time))
        bytes += frame.count
        resumeTaker()
    }

    /// Waits for a frame. `nil` when the queue has ended in order; frames from before its end are delivered first.
    ///
    /// - Throws: the error that ended the queue; `CancellationError`.
    func take() async throws -> (frame: Frame, time: Int64)? {
        while frames.isEmpty {
            if let end {
                try end.get()
                return nil
            }
            await wait { self.taker = $0 }
            try Task.checkCancellation()
        }
        let next = frames.removeFirst()
        bytes -= next.frame.count
        resumeAdder()
        return next
    }

    /// Ends the queue; the first end counts.
    func finish(_ result: Result<Void, any Error> = .success(())) {
        if end == nil { end = result }
        resumeTaker()
        resumeAdder()
    }

    private func wait(_ keep: (CheckedContinuation<Void, Never>) -> Void) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { Task.isCancelled ? $0.resume() : keep($0) }
        } onCancel: {
            Task { await self.wake() }
        }
    }

    private func wake() {
        resumeTaker()
        resumeAdder()
    }

    private func resumeTaker() {
        taker?.resume()
        taker = nil
    }

    private func resumeAdder() {
        adder?.resume()
        adder = nil
    }
}
