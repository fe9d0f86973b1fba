import SystemPackage

/// A file that stays open, so that a reading is a single `pread`.
///
/// Holding the descriptor keeps path lookup and permission checks out of the measured window. The writer must update
/// the file in place: after a rename the descriptor still refers to the old file.
package final class HeldFile: Sendable {
    package let path: FilePath
    private let descriptor: FileDescriptor

    package init(_ path: FilePath) throws(KerfError) {
        self.path = path
        do {
            // Not blocking: opening a pipe in an untrusted tree would wait forever. It fails at the read instead.
            descriptor = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking])
        } catch let errno as Errno {
            throw KerfError(errno, doing: "open", at: path)
        } catch {
            throw KerfError(.ioError, "cannot open: \(error)", at: path)
        }
    }

    /// - Returns: `nil` when there is no such file.
    package convenience init?(ifPresent path: FilePath) throws(KerfError) {
        do throws(KerfError) {
            try self.init(path)
        } catch {
            if error.code == .notFound { return nil }
            throw error
        }
    }

    deinit { try? descriptor.close() }

    /// Reads from `offset` into `buffer` and returns the number of bytes, 0 at the end of the file.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64 = 0) throws(KerfError) -> Int {
        var attempts = 0
        while true {
            do {
                return try descriptor.read(fromAbsoluteOffset: offset, into: buffer)
            } catch let errno as Errno {
                attempts += 1
                // hwmon returns EAGAIN while a sensor is being powered up; more than three times is a failure.
                if errno == .resourceTemporarilyUnavailable && attempts < 4 { continue }
                if errno == .illegalSeek { throw KerfError(.ioError, "is a pipe, not a file", at: path, cause: errno) }
                throw KerfError(errno, doing: "read", at: path)
            } catch {
                throw KerfError(.ioError, "cannot read: \(error)", at: path)
            }
        }
    }

    /// The file's text, up to one page, without surrounding white space or NUL padding from an archive.
    package func text() throws(KerfError) -> String {
        let bytes: [UInt8]
        do {
            bytes = try [UInt8](unsafeUninitializedCapacity: SysfsFile.pageBytes) { buffer, count in
                count = try read(into: UnsafeMutableRawBufferPointer(buffer))
            }
        } catch let error as KerfError {
            throw error
        } catch {
            throw KerfError(.ioError, "cannot read: \(error)", at: path)
        }
        return String(decoding: trimmed(bytes[...]), as: UTF8.self)
    }

    /// The whole file, for procfs files longer than a page.
    package func wholeText(limit: Int) throws(KerfError) -> String {
        let found = try BoundedRead(limit: limit) { (buffer, offset) throws(KerfError) in
            try read(into: buffer, at: offset)
        }
        guard found.isComplete else { throw KerfError(.invalidReading, "longer than \(limit) bytes", at: path) }
        // An archive may have padded the file with NUL bytes; text has none.
        let end = found.bytes.lastIndex { $0 != 0 }.map { $0 + 1 } ?? 0
        return String(decoding: found.bytes[..<end], as: UTF8.self)
    }

    /// Reads an unsigned decimal counter, without allocating unless the file is longer than any counter. That is one in a
    /// tree that an archive unpacked: tar stores a sysfs file as the page of its stated size, padded with NUL bytes.
    ///
    /// - Throws: ``KerfError/Code/invalidReading`` for an empty, negative, non-decimal or overflowing value; the error of a
    ///   failed read.
    package func counter() throws(KerfError) -> UInt64 {
        var storage: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        var value: UInt64?
        var isLonger = false
        do {
            value = try withUnsafeMutableBytes(of: &storage) { buffer in
                let count = try read(into: buffer)
                isLonger = count == buffer.count
                return Self.decimal(buffer[..<count])
            }
        } catch let error as KerfError {
            throw error
        } catch {
            throw KerfError(.ioError, "cannot read: \(error)", at: path)
        }
        // What follows the part that was read may be padding or more digits.
        if isLonger { value = Self.decimal(Array(try text().utf8)) }
        guard let value else {
            throw KerfError(.invalidReading, "expected a counter, found \(PlainText.quoted(try text()))", at: path)
        }
        return value
    }

    /// A signed decimal integer.
    ///
    /// - Throws: ``KerfError/Code/invalidReading`` for anything else.
    package func integer() throws(KerfError) -> Int64 {
        let text = try text()
        guard let value = Int64(text) else {
            throw KerfError(.invalidReading, "expected an integer, found \(PlainText.quoted(text))", at: path)
        }
        return value
    }

    private static func decimal<Bytes: BidirectionalCollection<UInt8>>(_ bytes: Bytes) -> UInt64?
    where Bytes.SubSequence: BidirectionalCollection {
        let digits = trimmed(bytes)
        guard !digits.isEmpty else { return nil }
        var value: UInt64 = 0
        for byte in digits {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            if overflow || carry { return nil }
            value = sum
        }
        return value
    }
}

/// Without the white space and NUL bytes at both ends.
private func trimmed<Bytes: BidirectionalCollection<UInt8>>(_ bytes: Bytes) -> Bytes.SubSequence
where Bytes.SubSequence: BidirectionalCollection {
    let blank: (UInt8) -> Bool = { $0 <= UInt8(ascii: " ") }
    guard let first = bytes.firstIndex(where: { !blank($0) }),
        let last = bytes.lastIndex(where: { !blank($0) })
    else { return bytes[bytes.endIndex...] }
    return bytes[first...last]
}
