import SystemPackage

/// An open GGUF file: its header, and its tensors with checked places.
struct GGUFFile: Sendable {
    let map: MappedFile
    let header: GGUFHeader

    var name: String { map.name }

    init(_ path: FilePath) throws(ModelFileError) {
        let map = try MappedFile(path, minimumBytes: GGUFHeader.minimumBytes)
        self.map = map
        header = try map.withBytes(0..<map.count) { (bytes) throws(ModelFileError) in
            try GGUFHeader(bytes, file: path.string)
        }
    }

    /// A tensor, or `nil` when the file has none of this name.
    ///
    /// - Throws: ``ModelFileError`` when its type is not decoded here, or it does not lie inside the file.
    func tensor(_ tensorName: String) throws(ModelFileError) -> StoredTensor? {
        guard let info = header.tensors[tensorName] else { return nil }
        guard let format = TensorFormats.ggml(info.type) else {
            throw ModelFileError(
                .unsupported, file: name, "tensor \(quoted(tensorName)) has type \(TensorFormats.ggmlName(info.type))",
                remedy: TensorFormats.handledInGGUF)
        }
        let columns = info.dimensions.first ?? 1
        guard info.elements > 0, let bytes = StoredTensor.byteCount(format, elements: info.elements, columns: columns)
        else {
            throw ModelFileError(
                .impossibleShape, file: name,
                "tensor \(quoted(tensorName)) of type \(format.name) has rows of \(columns) values, \(info.elements) in all"
            )
        }
        guard info.offset % UInt64(header.alignment) == 0 else {
            throw ModelFileError(
                .malformed, file: name,
                "tensor \(quoted(tensorName)) starts at \(info.offset), which is no multiple of \(header.alignment)")
        }
        let (end, overflow) = info.offset.addingReportingOverflow(UInt64(bytes))
        let (fileEnd, fileOverflow) = end.addingReportingOverflow(UInt64(header.dataStart))
        guard !overflow, !fileOverflow, fileEnd <= UInt64(map.count) else {
            throw ModelFileError(
                .truncated, file: name,
                "tensor \(quoted(tensorName)) has \(bytes) bytes at \(info.offset) of the data, beyond the file's end",
                remedy: "fetch the file again")
        }
        return StoredTensor(
            file: map, format: format, offset: header.dataStart + Int(info.offset), rows: info.elements / columns,
            columns: columns)
    }

    // MARK: - Metadata

    /// A size or a count; any integer type that holds it will do.
    func integer(_ key: String) throws(ModelFileError) -> Int? {
        switch header.metadata[key] {
        case nil: return nil
        case .unsigned(let value) where value <= UInt64(Int.max): return Int(value)
        case .signed(let value) where value >= 0: return Int(value)
        default: throw ModelFileError(.malformed, file: name, "\(key) is not a count")
        }
    }

    func required(_ key: String) throws(ModelFileError) -> Int {
        guard let value = try integer(key) else { throw ModelFileError(.malformed, file: name, "\(key) is missing") }
        return value
    }

    func number(_ key: String) throws(ModelFileError) -> Double? {
        switch header.metadata[key] {
        case nil: return nil
        case .float(let value): return value
        default: throw ModelFileError(.malformed, file: name, "\(key) is not a floating-point number")
        }
    }

    func string(_ key: String) throws(ModelFileError) -> String? {
        guard let value = header.metadata[key] else { return nil }
        guard case .string(let range) = value, range.count <= 4096 else {
            throw ModelFileError(.malformed, file: name, "\(key) is not a short text")
        }
        return try map.withBytes(range) { (bytes) throws(ModelFileError) in String(decoding: bytes, as: UTF8.self) }
    }
}
