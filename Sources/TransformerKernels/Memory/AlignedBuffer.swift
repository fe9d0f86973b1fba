import Glibc
import Workload

/// Owned memory for numbers of one format, aligned to 64 bytes: one cache line, one AVX-512 register.
///
/// Allocated by a ``BufferAllocator``. Used from one thread at a time.
final class AlignedBuffer {
    static let alignment = 64
    /// Size of a huge page. Buffers of two or more are aligned to one, with advice to use huge pages.
    ///
    /// A product reads a packed weight sequentially, where small pages cost a page-table walk every 4 KiB. Smaller
    /// buffers gained nothing (Benchmarks/README.md).
    static let hugePageBytes = 2 << 20

    let count: Int
    let format: NumberFormat
    let raw: UnsafeMutableRawPointer

    /// The contents are undefined and the pages not yet mapped.
    ///
    /// - Returns: nil when the allocation fails.
    init?(count: Int, format: NumberFormat = .f32) {
        var memory: UnsafeMutableRawPointer?
        let bytes = max(count * format.byteCount, Self.alignment)
        let isHuge = bytes >= 2 * Self.hugePageBytes
        guard posix_memalign(&memory, isHuge ? Self.hugePageBytes : Self.alignment, bytes) == 0, let memory else {
            return nil
        }
        // Advice only: a kernel without huge pages uses small ones.
        if isHuge { madvise(memory, bytes, Int32(MADV_HUGEPAGE)) }
        raw = memory
        self.count = count
        self.format = format
    }

    deinit { free(raw) }

    var byteCount: Int { count * format.byteCount }

    /// The first element; f32 only.
    var start: UnsafeMutablePointer<Float> {
        precondition(format == .f32)
        return raw.assumingMemoryBound(to: Float.self)
    }

    /// The f32 elements, valid for this object's lifetime.
    var elements: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: start, count: count) }

    func view(_ range: Range<Int>) -> UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(rebasing: elements[range])
    }

    /// Address of an element, in any format.
    func address(of index: Int) -> UnsafeMutableRawPointer { raw + index * format.byteCount }
}
