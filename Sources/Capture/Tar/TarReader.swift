import SystemIO

/// Reads a plain ustar archive that may come from anyone.
///
/// Only directories, files and symbolic links are taken. Everything is checked against the bytes that are there, so that
/// a size in a header is never believed.
struct TarReader {
    private let bytes: [UInt8]
    private let name: String
    private var offset = 0

    init(_ bytes: [UInt8], name: String) {
        self.bytes = bytes
        self.name = name
    }

    /// All members, in order.
    static func entries(of bytes: [UInt8], name: String) throws(KerfError) -> [TarEntry] {
        var reader = TarReader(bytes, name: name)
        var entries: [TarEntry] = []
        while let entry = try reader.next() {
            entries.append(entry)
            guard entries.count <= Capture.mostEntries else {
                throw reader.fault("holds more than \(Capture.mostEntries) members")
            }
        }
        return entries
    }

    /// `nil` at the archive's end.
    private mutating func next() throws(KerfError) -> TarEntry? {
        guard offset + TarHeader.blockBytes <= bytes.count else { throw fault("is cut off") }
        let header = bytes[offset..<(offset + TarHeader.blockBytes)]
        if header.allSatisfy({ $0 == 0 }) {
            guard bytes[offset...].allSatisfy({ $0 == 0 }) else { throw fault("goes on after its end") }
            return nil
        }
        guard field(header, TarHeader.magic).elementsEqual(TarHeader.ustar) else {
            throw fault("is no plain ustar archive")
        }
        guard octal(header, TarHeader.checksum) == TarHeader.sum(of: header) else {
            throw fault("is damaged: a checksum does not fit")
        }
        let path = try path(header)
        guard let mode = octal(header, TarHeader.mode), let size = octal(header, TarHeader.size) else {
            throw fault("is damaged: a number of \(Self.shown(path)) is none")
        }
        offset += TarHeader.blockBytes
        let content: TarEntry.Content
        switch header[header.startIndex + TarHeader.type] {
        case UInt8(ascii: "0"), 0: content = .file(try data(size, of: path))
        case UInt8(ascii: "2"): content = .link(try text(header, TarHeader.linkName))
        case UInt8(ascii: "5"): content = .directory
        case let type:
            throw fault("\(Self.shown(path)) is neither file, directory nor symbolic link (type \(type))")
        }
        return TarEntry(path, content, mode: UInt16(mode & 0o777))
    }

    private mutating func data(_ size: Int, of path: String) throws(KerfError) -> [UInt8] {
        guard size <= Capture.mostFileBytes else {
            throw fault("\(Self.shown(path)) says to be \(size) bytes long, more than any file of a capture")
        }
        guard size <= bytes.count - offset else { throw fault("is cut off in \(Self.shown(path))") }
        let data = Array(bytes[offset..<(offset + size)])
        offset += (size + TarHeader.blockBytes - 1) / TarHeader.blockBytes * TarHeader.blockBytes
        return data
    }

    private func path(_ header: ArraySlice<UInt8>) throws(KerfError) -> String {
        let prefix = try text(header, TarHeader.prefix)
        let name = try text(header, TarHeader.name)
        return prefix.isEmpty ? name : "\(prefix)/\(name)"
    }

    private func field(_ header: ArraySlice<UInt8>, _ range: Range<Int>) -> ArraySlice<UInt8> {
        header[(header.startIndex + range.lowerBound)..<(header.startIndex + range.upperBound)]
    }

    private func text(_ header: ArraySlice<UInt8>, _ range: Range<Int>) throws(KerfError) -> String {
        let bytes = field(header, range).prefix { $0 != 0 }
        guard let text = String(validating: bytes, as: UTF8.self),
            !text.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 })
        else { throw fault("holds a name that is no text") }
        return text
    }

    /// Octal digits, ended by a blank or NUL; `nil` for anything else.
    private func octal(_ header: ArraySlice<UInt8>, _ range: Range<Int>) -> Int? {
        let digits = field(header, range).prefix { $0 != 0 && $0 != 32 }
        guard !digits.isEmpty, digits.count <= 12 else { return nil }
        return Int(String(decoding: digits, as: UTF8.self), radix: 8).flatMap { $0 >= 0 ? $0 : nil }
    }

    private func fault(_ message: String) -> KerfError {
        KerfError(.malformed, at: name, message, remedy: Capture.remedy)
    }

    /// The start of a name from outside, for one line.
    static func shown(_ path: String) -> String { path.count > 80 ? String(path.prefix(80)) + "…" : path }
}
