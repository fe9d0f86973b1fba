#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Where kernels report how long they took.
///
/// Storage is reserved up front, so that recording allocates nothing: two clock reads and one append a kernel. When
/// not recording, a measured body costs one branch. Used from one thread.
public final class KernelTimeline {
    public struct Span: Sendable {
        /// 0 the embedding, 1...L the blocks, L + 1 the head.
        public var layer: Int32
        public var direction: Direction
        public var kernel: Kernel
        public var startNanoseconds: Int64
        public var endNanoseconds: Int64
    }

    public private(set) var spans: [Span] = []
    public var isRecording = false
    /// Set by whoever runs a layer, before it does.
    public var layer: Int32 = 0
    public var direction = Direction.forward

    public init(capacity: Int = 1 << 14) {
        spans.reserveCapacity(capacity)
    }

    /// Forgets the spans and keeps the storage.
    public func reset() { spans.removeAll(keepingCapacity: true) }

    /// Forgets all spans but the first `count`.
    public func forget(after count: Int) { spans.removeLast(max(0, spans.count - count)) }

    /// Runs `body` and, when recording, notes its duration under `kernel`.
    @inline(__always)
    public func measure<Result>(_ kernel: Kernel, _ body: () throws -> Result) rethrows -> Result {
        guard isRecording else { return try body() }
        let start = Self.nanoseconds()
        defer {
            spans.append(
                Span(
                    layer: layer, direction: direction, kernel: kernel, startNanoseconds: start,
                    endNanoseconds: Self.nanoseconds()))
        }
        return try body()
    }

    private static func nanoseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
