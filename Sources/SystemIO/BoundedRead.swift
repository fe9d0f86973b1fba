import SystemPackage

/// Bytes read from a file up to a limit. No more than the limit is held in memory, whatever size a file claims.
package struct BoundedRead {
    /// No more than the limit.
    package var bytes: [UInt8] = []
    /// Whether the file ended within the limit.
    package var isComplete = false

    /// - Parameters:
    ///   - limit: maximum number of bytes.
    ///   - read: fills a buffer from an offset in the file and returns the number of bytes, 0 at the file's end.
    package init<Failure: Error>(
        limit: Int, _ read: (_ buffer: UnsafeMutableRawBufferPointer, _ offset: Int64) throws(Failure) -> Int
    ) throws(Failure) {
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { chunk.deallocate() }
        while true {
            let count = try read(chunk, Int64(bytes.count))
            if count == 0 {
                isComplete = true
                return
            }
            let rest = limit - bytes.count
            bytes += chunk[..<min(count, rest)]
            if count > rest { return }
        }
    }

    /// Reads from a descriptor's current position, as a pipe needs it.
    package init(_ descriptor: FileDescriptor, limit: Int) throws {
        try self.init(limit: limit) { buffer, _ in try descriptor.read(into: buffer) }
    }
}
