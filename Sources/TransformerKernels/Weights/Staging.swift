import SystemIO

/// f32 memory in which a weight is read before it is packed; as large as the largest so far.
final class Staging {
    private var memory: AlignedBuffer?

    /// - Throws: ``KerfError`` with code `outOfMemory`.
    func buffer(count: Int) throws -> AlignedBuffer {
        if let memory, memory.count >= count { return memory }
        memory = nil
        guard let buffer = AlignedBuffer(count: count) else {
            throw KerfError(.outOfMemory, "\(4 * count >> 20) MiB to read a weight into do not fit")
        }
        memory = buffer
        return buffer
    }

    func release() { memory = nil }

    var byteCount: Int { memory?.byteCount ?? 0 }
}
