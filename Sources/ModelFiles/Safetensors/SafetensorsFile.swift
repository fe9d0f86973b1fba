import SystemIO
import SystemPackage

/// One safetensors file, mapped, with its header checked.
///
/// Source: safetensors, README, "Format": eight bytes with the header's length N, little-endian; N bytes of JSON; the
/// tensor data. The tensors must cover the data completely, without overlap.
struct SafetensorsFile: Sendable {
    struct TensorInfo: Sendable, Hashable {
        /// `F32`
        var type: String
        /// Slowest-varying first: `[rows, columns]` for a matrix.
        var shape: [Int]
        /// Product of the shape.
        var elements: Int
        /// Bytes in the file.
        var range: Range<Int>
    }

    /// Enough for over a hundred thousand tensors. The reference implementation allows 100 MB, but decoding a header
    /// takes several times its size.
    static let headerLimit = 1 << 24
    private static let lengthBytes = 8

    let map: MappedFile
    let tensors: [String: TensorInfo]
    /// The header's `__metadata__`.
    let metadata: [String: String]

    init(_ path: FilePath) throws(KerfError) {
        let map = try MappedFile(path, minimumBytes: Self.lengthBytes)
        try map.checkContent()
        let file = path.string
        let length = try map.withBytes(0..<Self.lengthBytes) { (bytes) throws(KerfError) in
            var cursor = ByteCursor(bytes, file: file)
            return try cursor.integer(UInt64.self)
        }
        guard length <= UInt64(Self.headerLimit) else {
            throw KerfError(
                .malformed, at: file, "claims a header of \(length) bytes, more than \(Self.headerLimit)",
                remedy: "check that it is a safetensors file")
        }
        let dataStart = Self.lengthBytes + Int(length)
        let header = try map.withBytes(Self.lengthBytes..<dataStart) { (bytes) throws(KerfError) in
            try JSONFile.decode(SafetensorsHeader.self, from: bytes, file: file)
        }
        var tensors: [String: TensorInfo] = [:]
        for (name, entry) in header.tensors {
            tensors[name] = try Self.info(name, entry, dataStart: dataStart, file: file)
        }
        try Self.checkCover(tensors, dataStart: dataStart, end: map.count, file: file)
        self.map = map
        self.tensors = tensors
        metadata = header.metadata
    }

    /// A tensor, or `nil` when the file has none of this name.
    func tensor(_ name: String) throws(KerfError) -> StoredTensor? {
        guard let info = tensors[name] else { return nil }
        let file = map.name
        guard let format = TensorFormats.plain.first(where: { $0.name == info.type }) else {
            let supported = TensorFormats.plain.map { $0.name }.joined(separator: ", ")
            throw KerfError(
                .unsupported, at: file, "tensor \(quoted(name)) has type \(quoted(info.type))",
                remedy: .text("Kerf reads " + supported))
        }
        let columns = info.shape.last ?? 1
        guard info.elements > 0,
            StoredTensor.byteCount(format, elements: info.elements, columns: columns) == info.range.count
        else {
            throw KerfError(
                .impossibleShape, at: file,
                "tensor \(quoted(name)) has \(info.elements) elements of \(format.name) in \(info.range.count) bytes")
        }
        return StoredTensor(
            file: map, format: format, offset: info.range.lowerBound, rows: info.elements / columns, columns: columns)
    }

    private static func info(
        _ name: String, _ entry: SafetensorsHeader.Entry, dataStart: Int, file: String
    ) throws(KerfError) -> TensorInfo {
        var elements = 1
        for size in entry.shape {
            guard size >= 0 else {
                throw KerfError(.malformed, at: file, "tensor \(quoted(name)) has a size of \(size)")
            }
            let (product, overflow) = elements.multipliedReportingOverflow(by: size)
            guard !overflow else {
                throw KerfError(
                    .impossibleShape, at: file, "tensor \(quoted(name)) has more elements than can be counted")
            }
            elements = product
        }
        guard entry.offsets.count == 2, 0 <= entry.offsets[0], entry.offsets[0] <= entry.offsets[1],
            entry.offsets[1] <= Int.max - dataStart
        else {
            throw KerfError(.malformed, at: file, "tensor \(quoted(name)) has impossible data_offsets")
        }
        return TensorInfo(
            type: entry.type, shape: entry.shape, elements: elements,
            range: dataStart + entry.offsets[0]..<dataStart + entry.offsets[1])
    }

    /// Checks that the tensors fill the file from the header's end, without gap or overlap.
    private static func checkCover(
        _ tensors: [String: TensorInfo], dataStart: Int, end: Int, file: String
    ) throws(KerfError) {
        let inOrder = tensors.sorted {
            ($0.value.range.lowerBound, $0.value.range.upperBound, $0.key)
                < ($1.value.range.lowerBound, $1.value.range.upperBound, $1.key)
        }
        var position = dataStart
        for (name, tensor) in inOrder {
            guard tensor.range.upperBound <= end else {
                throw KerfError(
                    .truncated, at: file,
                    "tensor \(quoted(name)) ends at byte \(tensor.range.upperBound), the file at \(end)",
                    remedy: "download the file again")
            }
            guard tensor.range.lowerBound == position else {
                let defect = tensor.range.lowerBound < position ? "overlaps the one before" : "leaves a gap before it"
                throw KerfError(
                    .malformed, at: file, "tensor \(quoted(name)) \(defect)", remedy: "download the file again")
            }
            position = tensor.range.upperBound
        }
        guard position == end else {
            throw KerfError(
                .malformed, at: file, "\(end - position) bytes follow the last tensor",
                remedy: "download the file again")
        }
    }
}

/// The JSON header of a safetensors file.
struct SafetensorsHeader: Decodable {
    struct Entry: Decodable {
        /// `F32`
        let type: String
        let shape: [Int]
        /// Start and end in bytes, counted from the header's end.
        let offsets: [Int]

        init(from decoder: any Decoder) throws {
            let fields = try JSONFields(decoder)
            type = try fields.required("dtype")
            shape = try fields.required("shape")
            offsets = try fields.required("data_offsets")
        }
    }

    private(set) var tensors: [String: Entry] = [:]
    let metadata: [String: String]

    init(from decoder: any Decoder) throws {
        let fields = try JSONFields(decoder)
        for name in fields.names where name != "__metadata__" { tensors[name] = try fields.required(name) }
        metadata = try fields.optional("__metadata__") ?? [:]
    }
}
