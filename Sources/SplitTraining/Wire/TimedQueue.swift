import DequeModule
import SystemIO

/// Frames with the time at which each may be taken, first in, first out, bounded in bytes. One task adds, one takes.
actor TimedQueue {
    private let limitBytes: Int
    /// A frame that was taken is released at once: it may have a mebibyte.
    private var frames: Deque<(frame: Frame, time: Int64)> = []
    /// Bytes of the payloads, and an allowance for each frame. A slice may hold more.
    private(set) var bytes = 0
    /// Set when no more frames come; with an error when they are missing.
    private var end: Result<Void, any Error>?
    private var waiting: [Side: CheckedContinuation<Void, Never>] = [:]

    /// One of the two tasks.
    private enum Side { case adder, taker }

    init(limitBytes: Int) { self.limitBytes = limitBytes }

    /// Waits while the queue is full.
    ///
    /// - Throws: the error that ended the queue; `CancellationError`.
    func add(_ frame: Frame, at time: Int64) async throws {
        while bytes > limitBytes, end == nil {
            await wait(.adder)
            try Task.checkCancellation()
        }
        if let end {
            try end.get()
            throw KerfError(.internalError, "a frame was sent after the end of the exchange")
        }
        frames.append((frame, time))
        bytes += frame.count + Frame.overheadBytes
        resume(.taker)
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
            await wait(.taker)
            try Task.checkCancellation()
        }
        let next = frames.removeFirst()
        bytes -= next.frame.count + Frame.overheadBytes
        resume(.adder)
        return next
    }

    /// Ends the queue; the first end counts.
    func finish(_ result: Result<Void, any Error> = .success(())) {
        if end == nil { end = result }
        resume(.taker)
        resume(.adder)
    }

    private func wait(_ side: Side) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // Closures that name no member of the actor run outside of it. What the other task does before the
                // continuation is kept would then wake nobody.
                preconditionIsolated()
                if Task.isCancelled { continuation.resume() } else { waiting[side] = continuation }
            }
        } onCancel: {
            Task { await self.wake() }
        }
    }

    private func wake() {
        resume(.taker)
        resume(.adder)
    }

    private func resume(_ side: Side) { waiting.removeValue(forKey: side)?.resume() }
}
