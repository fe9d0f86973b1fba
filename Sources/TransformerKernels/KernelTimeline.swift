import Glibc
import Workload

/// Records the start and end of each kernel.
///
/// Storage is reserved at the start, so that recording does not allocate: it costs two clock reads and one append for
/// each kernel, and one branch when it is off. Used from one thread.
package final class KernelTimeline {
    package struct Span: Sendable {
        /// 0 is the embedding, 1...L the blocks, L + 1 the head.
        package var layer: Int32
        package var direction: Direction
        package var kernel: Kernel
        package var startNanoseconds: Int64
        package var endNanoseconds: Int64
    }

    package private(set) var spans: [Span] = []
    package var isRecording = false
    /// Set by the caller before it runs a layer.
    package var layer: Int32 = 0
    package var direction = Direction.forward

    package init(capacity: Int = 1 << 14) {
        spans.reserveCapacity(capacity)
    }

    /// Removes all spans; the storage remains.
    package func reset() { spans.removeAll(keepingCapacity: true) }

    /// Removes all spans after the first `count`.
    package func forget(after count: Int) { spans.removeLast(max(0, spans.count - count)) }

    /// Runs `body` and, when recording, records its duration under `kernel`.
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
