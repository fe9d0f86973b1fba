#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Owned f32 memory whose start is on a 64-byte boundary: one cache line, one AVX-512 register.
///
/// Made by a ``BufferAllocator``. Used from one thread at a time.
final class AlignedBuffer {
    static let alignment = 64
    let count: Int
    let start: UnsafeMutablePointer<Float>

    /// The contents are undefined and the pages not yet there.
    ///
    /// - Returns: nil when the system refuses.
    init?(count: Int) {
        var memory: UnsafeMutableRawPointer?
        let bytes = max(count, 1) * MemoryLayout<Float>.stride
        guard posix_memalign(&memory, Self.alignment, bytes) == 0, let memory else { return nil }
        start = memory.bindMemory(to: Float.self, capacity: max(count, 1))
        self.count = count
    }

    deinit { free(start) }

    var byteCount: Int { count * MemoryLayout<Float>.stride }

    /// The elements, valid as long as this object lives.
    var elements: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: start, count: count) }

    func view(_ range: Range<Int>) -> UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(rebasing: elements[range])
    }
}
