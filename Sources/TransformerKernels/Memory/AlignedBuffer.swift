#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Owned f32 memory whose start is on a 64-byte boundary: one cache line, one AVX-512 register.
///
/// Allocated once, zeroed, so that the pages are there before anything is timed. Used from one thread at a time.
public final class AlignedBuffer {
    public static let alignment = 64
    public let count: Int
    let start: UnsafeMutablePointer<Float>

    /// - Throws: ``KernelError`` with code `outOfMemory`, or `impossibleShape` for a negative or absurd count.
    public init(count: Int, for purpose: String) throws {
        guard count >= 0, count <= Int.max / 8 else {
            throw KernelError(.impossibleShape, "\(purpose): \(count) elements")
        }
        let bytes = max(count, 1) * MemoryLayout<Float>.stride
        var memory: UnsafeMutableRawPointer?
        guard posix_memalign(&memory, Self.alignment, bytes) == 0, let memory else {
            throw KernelError(
                .outOfMemory, "no memory for \(bytes >> 20) MiB of \(purpose)",
                remedy: "use a smaller batch or sequence, or keep one block's weights at a time")
        }
        memset(memory, 0, bytes)
        start = memory.bindMemory(to: Float.self, capacity: max(count, 1))
        self.count = count
    }

    deinit { free(start) }

    public var byteCount: Int { count * MemoryLayout<Float>.stride }

    /// The elements, valid as long as this object lives.
    public var elements: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: start, count: count) }
}

/// The product of sizes, or an error where no machine could hold it: sizes come from files.
func elementCount(_ factors: Int..., for purpose: String) throws -> Int {
    var product = 1
    for factor in factors {
        let (next, overflow) = product.multipliedReportingOverflow(by: factor)
        guard factor >= 0, !overflow, next <= 1 << 44 else {
            let sizes = factors.map(String.init).joined(separator: " x ")
            throw KernelError(.impossibleShape, "\(purpose): \(sizes) elements")
        }
        product = next
    }
    return product
}
