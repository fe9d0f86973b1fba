import SystemIO

/// Devices take turns, in the order in which they ask.
actor TurnQueue {
    private struct Waiting {
        let ticket: Int
        let device: String
        let granted: CheckedContinuation<Void, any Error>
    }

    private var waiting: [Waiting] = []
    private var holder: String?
    private var lastTicket = 0

    /// Devices before one that asks now.
    var length: Int { waiting.count + (holder == nil ? 0 : 1) }

    /// Waits for the turn, which ``release()`` must end.
    ///
    /// - Throws: ``KerfError/Code/refused`` when the device has or waits for a turn already; `CancellationError`.
    func acquire(_ device: String) async throws {
        guard holder != device, !waiting.contains(where: { $0.device == device }) else {
            throw KerfError(
                .refused, "the device \(PlainText.quoted(device)) has a turn, or waits for one, on another connection",
                remedy: "end the other process, or make this device a key of its own")
        }
        try Task.checkCancellation()
        guard holder != nil else {
            holder = device
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
                    waiting.append(Waiting(ticket: ticket, device: device, granted: continuation))
                }
            }
        } onCancel: {
            Task { await self.leave(ticket) }
        }
    }

    /// Ends the turn and gives it to the next device.
    func release() {
        holder = nil
        guard !waiting.isEmpty else { return }
        let next = waiting.removeFirst()
        holder = next.device
        next.granted.resume()
    }

    private func leave(_ ticket: Int) {
        guard let index = waiting.firstIndex(where: { $0.ticket == ticket }) else { return }
        waiting.remove(at: index).granted.resume(throwing: CancellationError())
    }
}
