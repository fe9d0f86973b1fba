import SystemIO

/// Reads a ustar archive that may come from anyone.
///
/// Only directories, files, symbolic links and the names of pax extended headers are accepted. Everything is checked
/// against the bytes that are present: a size in a header is never trusted.
struct TarReader {
    private let bytes: [UInt8]
    private let name: String
    private var offset = 0

    init(_ bytes: [UInt8], name: String) {
        self.bytes = bytes
        self.name = name
    }

    /// The next member, or `nil` at the archive's end.
    mutating func next() throws(KerfError) -> TarEntry? {
        guard var header = try nextHeader() else { return nil }
        var records = PaxRecords()
        if header.type == PaxRecords.type {
            records = try extendedHeader(header)
            guard let following = try nextHeader() else { throw fault("ends after an extended header") }
            header = following
        }
        // A name that an extended header replaces may be cut in the middle of a character.
        guard let path = records.path ?? header.path else { throw fault("has a name that is not text") }
        guard records.linkPath == nil || header.type == UInt8(ascii: "2") else {
            throw fault("gives \(PlainText.path(path)) a link's target, and it is not a link")
        }
        let content: TarEntry.Content
        switch header.type {
        case UInt8(ascii: "0"), 0: content = .file(Array(try data(header.size, of: path)))
        case UInt8(ascii: "2"):
            guard let target = records.linkPath ?? text(header.bytes, TarHeader.linkName) else {
                throw fault("has a link's target that is not text")
            }
            content = .link(target)
        case UInt8(ascii: "5"): content = .directory
        default:
            throw fault(
                "\(PlainText.path(path)) is neither file, directory nor symbolic link (type \(header.type))"
            )
        }
        return TarEntry(path, content, mode: UInt16(header.mode & 0o777))
    }

    // MARK: - Headers

    private struct Header {
        let bytes: ArraySlice<UInt8>
        /// `nil` where it is not text.
        let path: String?
        let mode: Int
        let size: Int
        let type: UInt8
    }

    /// `nil` at the archive's end.
    private mutating func nextHeader() throws(KerfError) -> Header? {
        guard offset + TarHeader.blockBytes <= bytes.count else { throw noHeader("is cut off") }
        let header = bytes[offset..<(offset + TarHeader.blockBytes)]
        if header.allSatisfy({ $0 == 0 }) {
            guard bytes[offset...].allSatisfy({ $0 == 0 }) else { throw fault("continues after its end") }
            return nil
        }
        guard field(header, TarHeader.magic).elementsEqual(TarHeader.ustar) else {
            throw noHeader("is not a ustar archive")
        }
        guard octal(header, TarHeader.checksum) == TarHeader.sum(of: header) else {
            throw fault("is damaged: a checksum does not match")
        }
        let path = path(header)
        guard let mode = octal(header, TarHeader.mode), let size = octal(header, TarHeader.size) else {
            throw fault("is damaged: mode or size of \(PlainText.path(path ?? "a member")) is not a number")
        }
        offset += TarHeader.blockBytes
        return Header(
            bytes: header, path: path, mode: mode, size: size, type: header[header.startIndex + TarHeader.type])
    }

    /// What another program wrote is named, if it is known: a compressed archive is not one that is cut off.
    private func noHeader(_ message: String) -> KerfError {
        guard offset == 0, let foreign = ForeignContent(bytes) else { return fault(message) }
        var error = fault(foreign.message)
        error.remedy = foreign.remedy
        return error
    }

    private mutating func extendedHeader(_ header: Header) throws(KerfError) -> PaxRecords {
        guard header.size <= PaxRecords.maximumBytes else {
            throw fault("has an extended header of \(header.size) bytes, more than names can need")
        }
        let bytes = try data(header.size, of: header.path ?? "an extended header")
        do {
            return try PaxRecords(reading: bytes)
        } catch {
            switch error {
            case .malformed: throw fault("has a damaged extended header")
            case .repeated(let key): throw fault("has an extended header with \(PlainText.path(key)) twice")
            case .unsupported(let key):
                throw fault("has an extended header with \(PlainText.path(key)), which is not read")
            }
        }
    }

    private mutating func data(_ size: Int, of path: String) throws(KerfError) -> ArraySlice<UInt8> {
        guard size <= Capture.maximumFileBytes else {
            throw fault("\(PlainText.path(path)) claims \(size) bytes, more than any file of a capture has")
        }
        guard size <= bytes.count - offset else { throw fault("is cut off in \(PlainText.path(path))") }
        let data = bytes[offset..<(offset + size)]
        offset += (size + TarHeader.blockBytes - 1) / TarHeader.blockBytes * TarHeader.blockBytes
        return data
    }

    // MARK: - Fields

    private func path(_ header: ArraySlice<UInt8>) -> String? {
        guard let prefix = text(header, TarHeader.prefix), let name = text(header, TarHeader.name) else { return nil }
        return prefix.isEmpty ? name : "\(prefix)/\(name)"
    }

    private func field(_ header: ArraySlice<UInt8>, _ range: Range<Int>) -> ArraySlice<UInt8> {
        header[(header.startIndex + range.lowerBound)..<(header.startIndex + range.upperBound)]
    }

    /// `nil` where the field is not text.
    private func text(_ header: ArraySlice<UInt8>, _ range: Range<Int>) -> String? {
        TarEntry.text(field(header, range).prefix { $0 != 0 })
    }

    /// Octal digits, ended by a space or NUL; `nil` for anything else.
    private func octal(_ header: ArraySlice<UInt8>, _ range: Range<Int>) -> Int? {
        let digits = field(header, range).prefix { $0 != 0 && $0 != 32 }
        guard !digits.isEmpty, digits.count <= 12 else { return nil }
        return Int(String(decoding: digits, as: UTF8.self), radix: 8).flatMap { $0 >= 0 ? $0 : nil }
    }

    private func fault(_ message: String) -> KerfError {
        KerfError(.malformed, at: name, message, remedy: .recordCapture)
    }
}
