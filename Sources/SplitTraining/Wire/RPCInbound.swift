import GRPCCore
import Synchronization
import SystemIO

/// The parts that a stream delivers, read by one task at a time.
///
/// The transport's iterator may not be shared between tasks. Here it may be handed from one to the next; two reads at
/// the same time are an error and not a race.
final class RPCInbound<Part: Sendable>: @unchecked Sendable {
    private var iterator: RPCAsyncSequence<Part, any Error>.AsyncIterator
    private let isReading = Atomic<Bool>(false)

    init(_ parts: RPCAsyncSequence<Part, any Error>) { iterator = parts.makeAsyncIterator() }

    /// The next part, or `nil` at the end of the stream.
    func next() async throws -> Part? {
        guard !isReading.exchange(true, ordering: .acquiring) else {
            throw KerfError(.internalError, "two tasks receive from one exchange at the same time")
        }
        defer { isReading.store(false, ordering: .releasing) }
        return try await iterator.next(isolation: nil)
    }
}
