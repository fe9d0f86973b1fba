@testable import SplitTraining

/// One end of a pair of channels in memory, without bounds and without delay.
final class MemoryChannel: FrameChannel {
    private let outgoing: AsyncStream<Frame>.Continuation
    private let incoming: MemoryFrames

    private init(_ outgoing: AsyncStream<Frame>.Continuation, _ incoming: AsyncStream<Frame>) {
        self.outgoing = outgoing
        self.incoming = MemoryFrames(incoming)
    }

    static func pair() -> (MemoryChannel, MemoryChannel) {
        let (first, toFirst) = AsyncStream.makeStream(of: Frame.self)
        let (second, toSecond) = AsyncStream.makeStream(of: Frame.self)
        return (MemoryChannel(toSecond, first), MemoryChannel(toFirst, second))
    }

    func send(_ frame: Frame) async throws { outgoing.yield(frame) }

    func receive() async throws -> Frame? { await incoming.next() }

    /// Ends this side in order.
    func finish() { outgoing.finish() }
}

/// The iterator of a stream that one task at a time uses.
final class MemoryFrames: @unchecked Sendable {
    private var iterator: AsyncStream<Frame>.Iterator

    init(_ stream: AsyncStream<Frame>) { iterator = stream.makeAsyncIterator() }

    func next() async -> Frame? { await iterator.next(isolation: nil) }
}
