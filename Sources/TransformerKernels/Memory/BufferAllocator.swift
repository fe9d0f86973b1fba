import Glibc
import ModelFiles
import SystemIO
import Workload

/// Allocates all the buffers of one stack within a limit, and only then touches them.
///
/// Sizes come from files, and Linux grants memory that it does not have: a process that writes to it is killed. So
/// buffers are added up against what is available first, and written to when all of them fit.
final class BufferAllocator {
    private let limitBytes: Int
    private var grantedBytes = 0
    private var zeroedLater: [AlignedBuffer] = []

    init(limitBytes: Int) { self.limitBytes = limitBytes }

    /// A buffer of as many elements as the product of `sizes`.
    ///
    /// - Parameter zeroed: false for what is overwritten before it is read.
    /// - Throws: ``KerfError`` with code `impossibleShape` for sizes beyond any machine, `outOfMemory` beyond this one.
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
                "\(bytes >> 20) MiB of \(purpose) do not fit: \(limitBytes >> 20) MiB are available and "
                    + "\(grantedBytes >> 20) MiB of them taken",
                remedy: "use a smaller batch or sequence, fewer layers, or keep one block's weights at a time")
        }
        grantedBytes += bytes
        if zeroed { zeroedLater.append(buffer) }
        return buffer
    }

    /// Writes zeros to all buffers that are to have them, which also brings their pages in before anything is timed.
    func zero() {
        for buffer in zeroedLater {
            memset(buffer.raw, 0, buffer.byteCount)
        }
        zeroedLater = []
    }
}
