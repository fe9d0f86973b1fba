import Glibc
import Workload

/// Owned memory for numbers of one format, whose start is on a 64-byte boundary: one cache line, one AVX-512 register.
///
/// Made by a ``BufferAllocator``. Used from one thread at a time.
final class AlignedBuffer {
    static let alignment = 64
    /// From here on a buffer starts at a huge page and asks for such.
    ///
    /// A product reads a packed weight from one end to the other, where small pages cost a walk of the page table every
    /// 4 KiB. Smaller buffers gained nothing from them (Benchmarks/README.md).
    static let hugePageBytes = 2 << 20

    let count: Int
    let format: NumberFormat
    let raw: UnsafeMutableRawPointer

    /// The contents are undefined and the pages not yet there.
    ///
    /// - Returns: nil when the system refuses.
    init?(count: Int, format: NumberFormat = .f32) {
        var memory: UnsafeMutableRawPointer?
        let bytes = max(count * format.byteCount, Self.alignment)
        let isHuge = bytes >= 2 * Self.hugePageBytes
        guard posix_memalign(&memory, isHuge ? Self.hugePageBytes : Self.alignment, bytes) == 0, let memory else {
            return nil
        }
        // Advice only: a kernel without huge pages goes on with small ones.
        if isHuge { madvise(memory, bytes, Int32(MADV_HUGEPAGE)) }
        raw = memory
        self.count = count
        self.format = format
    }

    deinit { free(raw) }

    var byteCount: Int { count * format.byteCount }

    /// The first element of f32 numbers.
    var start: UnsafeMutablePointer<Float> {
        precondition(format == .f32)
        return raw.assumingMemoryBound(to: Float.self)
    }

    /// f32 numbers, valid as long as this object lives.
    var elements: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: start, count: count) }

    func view(_ range: Range<Int>) -> UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(rebasing: elements[range])
    }

    /// The element `index`, whatever the format.
    func address(of index: Int) -> UnsafeMutableRawPointer { raw + index * format.byteCount }
}
