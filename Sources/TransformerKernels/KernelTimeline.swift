import Glibc
import Workload

/// Where kernels report how long they took.
///
/// Storage is reserved up front, so that recording allocates nothing: two clock reads and one append a kernel. When
/// not recording, a measured body costs one branch. Used from one thread.
package final class KernelTimeline {
    package struct Span: Sendable {
        /// 0 the embedding, 1...L the blocks, L + 1 the head.
        package var layer: Int32
        package var direction: Direction
        package var kernel: Kernel
        package var startNanoseconds: Int64
        package var endNanoseconds: Int64
    }

    package private(set) var spans: [Span] = []
    package var isRecording = false
    /// Set by whoever runs a layer, before it does.
    package var layer: Int32 = 0
    package var direction = Direction.forward

    package init(capacity: Int = 1 << 14) {
        spans.reserveCapacity(capacity)
    }

    /// Forgets the spans and keeps the storage.
    package func reset() { spans.removeAll(keepingCapacity: true) }

    /// Forgets all spans but the first `count`.
    package func forget(after count: Int) { spans.removeLast(max(0, spans.count - count)) }

    /// Runs `body` and, when recording, notes its duration under `kernel`.
    @inline(__always)
    package func measure<Result>(_ kernel: Kernel, _ body: () throws -> Result) rethrows -> Result {
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
