import Glibc
import ModelFiles
import SystemIO
import Workload

/// Allocates all buffers of one stack within a limit, and writes to none of them before all are allocated.
///
/// Sizes come from files, and Linux overcommits memory: a process that writes to more than there is gets killed. So the
/// sizes are summed and compared with the available memory first.
final class BufferAllocator {
    private let limitBytes: Int
    private var grantedBytes = 0
    private var pendingZeros: [AlignedBuffer] = []

    init(limitBytes: Int) { self.limitBytes = limitBytes }

    /// A buffer whose number of elements is the product of `sizes`.
    ///
    /// - Parameter zeroed: false for memory that is overwritten before it is read.
    /// - Throws: ``KerfError``: `impossibleShape` for sizes beyond any machine, `outOfMemory` beyond this one.
    func buffer(
        _ sizes: Int..., format: NumberFormat = .f32, for purpose: String, zeroed: Bool = true
    ) throws -> AlignedBuffer {
        var count = 1
        for size in sizes {
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            guard size >= 0, !overflow, product <= 1 << 44 else {
                throw KerfError(
                    .impossibleShape, "\(purpose) of \(sizes.map(String.init).joined(separator: " x ")) elements")
            }
            count = product
        }
        let bytes = count * format.byteCount
        guard bytes <= limitBytes - grantedBytes, let buffer = AlignedBuffer(count: count, format: format) else {
            throw KerfError(
                .outOfMemory,
                "\(bytes >> 20) MiB of \(purpose) do not fit: \(limitBytes >> 20) MiB are available, "
                    + "of which \(grantedBytes >> 20) MiB are in use",
                remedy: "use a smaller batch or sequence, fewer layers, or keep one block's weights at a time")
        }
        grantedBytes += bytes
        if zeroed { pendingZeros.append(buffer) }
        return buffer
    }

    /// Writes zeros to all buffers that are to be zeroed, which also maps their pages before anything is timed.
    func zero() {
        for buffer in pendingZeros {
            memset(buffer.raw, 0, buffer.byteCount)
        }
        pendingZeros = []
    }
}
