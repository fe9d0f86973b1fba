/// A lock that tasks hold one after the other, in the order in which they ask.
actor FairLock {
    private struct Waiting {
        let ticket: Int
        let granted: CheckedContinuation<Void, any Error>
    }

    private var waiting: [Waiting] = []
    private var isTaken = false
    private var lastTicket = 0

    /// Tasks before one that asks now.
    var length: Int { waiting.count + (isTaken ? 1 : 0) }

    /// Waits for the lock, which ``release()`` must give back.
    ///
    /// - Throws: `CancellationError`.
    func acquire() async throws {
        try Task.checkCancellation()
        guard isTaken else {
            isTaken = true
            return
        }
        lastTicket += 1
        let ticket = lastTicket
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                // Cancellation may have come before this closure.
                if Task.isCancelled {
                    continuation.resume(throwing: CancellationError())
                } else {
                    waiting.append(Waiting(ticket: ticket, granted: continuation))
                }
            }
        } onCancel: {
            Task { await self.leave(ticket) }
        }
    }

    /// Gives the lock to the next task.
    func release() {
        guard !waiting.isEmpty else {
            isTaken = false
            return
        }
        waiting.removeFirst().granted.resume()
    }

    private func leave(_ ticket: Int) {
        guard let index = waiting.firstIndex(where: { $0.ticket == ticket }) else { return }
        waiting.remove(at: index).granted.resume(throwing: CancellationError())
    }
}
