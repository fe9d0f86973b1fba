import SystemIO
import SystemPackage

/// An open GGUF file: its header, and its tensors with checked ranges.
struct GGUFFile: Sendable {
    let map: MappedFile
    let header: GGUFHeader

    var name: String { map.name }

    init(_ path: FilePath) throws(KerfError) {
        let map = try MappedFile(path, minimumBytes: GGUFHeader.minimumBytes)
        self.map = map
        header = try map.withBytes(0..<map.count) { (bytes) throws(KerfError) in
            try GGUFHeader(bytes, file: path.string)
        }
    }

    /// A tensor, or `nil` when the file has none of this name.
    ///
    /// - Throws: ``KerfError`` when its type is not supported, or it is not inside the file.
    func tensor(_ tensorName: String) throws(KerfError) -> StoredTensor? {
        guard let info = header.tensors[tensorName] else { return nil }
        guard let format = TensorFormats.ggml(info.type) else {
            throw KerfError(
                .unsupported, at: name, "tensor \(quoted(tensorName)) has type \(TensorFormats.ggmlName(info.type))",
                remedy: .text(TensorFormats.supportedInGGUF))
        }
        let columns = info.dimensions.first ?? 1
        guard info.elements > 0, let bytes = StoredTensor.byteCount(format, elements: info.elements, columns: columns)
        else {
            throw KerfError(
                .impossibleShape, at: name,
                "tensor \(quoted(tensorName)) of type \(format.name) has rows of \(columns) values, \(info.elements) in all"
            )
        }
        guard info.offset % UInt64(header.alignment) == 0 else {
            throw KerfError(
                .malformed, at: name,
                "tensor \(quoted(tensorName)) starts at \(info.offset), which is not a multiple of \(header.alignment)")
        }
        let (end, overflow) = info.offset.addingReportingOverflow(UInt64(bytes))
        let (fileEnd, fileOverflow) = end.addingReportingOverflow(UInt64(header.dataStart))
        guard !overflow, !fileOverflow, fileEnd <= UInt64(map.count) else {
            throw KerfError(
                .truncated, at: name,
                "tensor \(quoted(tensorName)) has \(bytes) bytes at \(info.offset) of the data, beyond the file's end",
                remedy: "download the file again")
        }
        return StoredTensor(
            file: map, format: format, offset: header.dataStart + Int(info.offset), rows: info.elements / columns,
            columns: columns)
    }

    // MARK: - Metadata

    /// A size or a count, of any integer type.
    func integer(_ key: String) throws(KerfError) -> Int? {
        switch header.metadata[key] {
        case nil: return nil
        case .unsigned(let value) where value <= UInt64(Int.max): return Int(value)
        case .signed(let value) where value >= 0: return Int(value)
        default: throw KerfError(.malformed, at: name, "\(key) is not a count")
        }
    }

    func required(_ key: String) throws(KerfError) -> Int {
        guard let value = try integer(key) else { throw KerfError(.malformed, at: name, "\(key) is missing") }
        return value
    }

    func number(_ key: String) throws(KerfError) -> Double? {
        switch header.metadata[key] {
        case nil: return nil
        case .float(let value): return value
        default: throw KerfError(.malformed, at: name, "\(key) is not a floating-point number")
        }
    }

    func string(_ key: String) throws(KerfError) -> String? {
        guard let value = header.metadata[key] else { return nil }
        guard case .string(let range) = value, range.count <= 4096 else {
            throw KerfError(.malformed, at: name, "\(key) is not a short text")
        }
        return try map.withBytes(range) { (bytes) throws(KerfError) in String(decoding: bytes, as: UTF8.self) }
    }
}
