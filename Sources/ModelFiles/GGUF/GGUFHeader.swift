import SystemIO

/// A tensor info of a GGUF file.
struct GGUFTensorInfo: Sendable, Hashable {
    var name: String
    /// Fastest-varying first: `[columns, rows]` for a matrix.
    var dimensions: [Int]
    /// Product of the dimensions.
    var elements: Int
    /// `ggml_type`
    var type: UInt32
    /// From the start of the tensor data.
    var offset: UInt64
}

/// The part of a GGUF file before its tensor data.
///
/// Source: ggml, docs/gguf.md, version 3, little-endian.
struct GGUFHeader: Sendable {
    static let magic: [UInt8] = Array("GGUF".utf8)
    /// Magic, version, tensor count, metadata count.
    static let minimumBytes = 24
    /// Limits the tables of a hostile file. A model of 1,024 blocks has about 10,000 tensors; about 50 metadata entries
    /// are common.
    private static let entryLimit: UInt64 = 1 << 16

    private(set) var metadata: [String: GGUFValue] = [:]
    private(set) var tensors: [String: GGUFTensorInfo] = [:]
    /// Offset of the tensor data in the file, in bytes.
    private(set) var dataStart = 0
    /// Alignment of the tensor data and of each tensor in it, in bytes.
    private(set) var alignment = 32

    init(_ bytes: UnsafeRawBufferPointer, file: String) throws(KerfError) {
        var cursor = ByteCursor(bytes, file: file)
        try Self.checkVersion(&cursor)
        let tensorCount = try cursor.integer(UInt64.self)
        let metadataCount = try cursor.integer(UInt64.self)
        for (count, what) in [(tensorCount, "tensors"), (metadataCount, "metadata entries")]
        where count > Self.entryLimit {
            throw KerfError(
                .malformed, at: file,
                "claims \(count) \(what), more than the limit of \(Self.entryLimit)", remedy: "download the file again")
        }
        for _ in 0..<metadataCount { try readMetadata(&cursor) }
        for _ in 0..<tensorCount { try readTensorInfo(&cursor) }
        alignment = try statedAlignment(file: file)
        dataStart = (cursor.position + alignment - 1) / alignment * alignment
    }

    private static func checkVersion(_ cursor: inout ByteCursor) throws(KerfError) {
        let magic = try cursor.skip(UInt64(Self.magic.count))
        guard cursor.bytes[magic].elementsEqual(Self.magic) else {
            throw KerfError(.malformed, at: cursor.file, "does not start with GGUF")
        }
        let version = try cursor.integer(UInt32.self)
        if version != 0 && version & 0xFFFF == 0 {
            throw KerfError(
                .unsupported, at: cursor.file, "is a big-endian GGUF file", remedy: "convert it to little-endian")
        }
        guard version == 3 else {
            throw KerfError(
                .unsupported, at: cursor.file, "is GGUF version \(version)",
                remedy: "Kerf reads version 3; convert the model with a current llama.cpp")
        }
    }

    private mutating func readMetadata(_ cursor: inout ByteCursor) throws(KerfError) {
        let key = try cursor.string(limit: 65_535, what: "metadata key")
        let type = try cursor.ggufValueType()
        let value = try cursor.ggufValue(type)
        guard metadata.updateValue(value, forKey: key) == nil else {
            throw KerfError(.malformed, at: cursor.file, "metadata key \(quoted(key)) appears twice")
        }
    }

    private mutating func readTensorInfo(_ cursor: inout ByteCursor) throws(KerfError) {
        let name = try cursor.string(limit: 64, what: "tensor name")
        let rank = try cursor.integer(UInt32.self)
        guard rank <= 4 else {
            throw KerfError(.malformed, at: cursor.file, "tensor \(quoted(name)) has \(rank) dimensions")
        }
        var dimensions: [Int] = []
        var elements = 1
        for _ in 0..<rank {
            let size = try cursor.integer(UInt64.self)
            let (product, overflow) = elements.multipliedReportingOverflow(by: Int(clamping: size))
            guard !overflow, size <= UInt64(Int.max) else {
                throw KerfError(
                    .impossibleShape, at: cursor.file, "tensor \(quoted(name)) has more elements than can be counted")
            }
            elements = product
            dimensions.append(Int(size))
        }
        let info = GGUFTensorInfo(
            name: name, dimensions: dimensions, elements: elements, type: try cursor.integer(),
            offset: try cursor.integer())
        guard tensors.updateValue(info, forKey: name) == nil else {
            throw KerfError(.malformed, at: cursor.file, "tensor \(quoted(name)) appears twice")
        }
    }

    private func statedAlignment(file: String) throws(KerfError) -> Int {
        switch metadata["general.alignment"] {
        case nil: return 32
        case .unsigned(let value) where value > 0 && value <= 1 << 20 && value & (value - 1) == 0: return Int(value)
        default:
            throw KerfError(.malformed, at: file, "general.alignment is not a power of two up to 1048576")
        }
    }
}
