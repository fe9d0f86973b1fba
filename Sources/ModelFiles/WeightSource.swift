import SystemIO
import SystemPackage

/// The kind of a source of weights.
public enum WeightsKind: String, Sendable, Hashable, CaseIterable, Codable {
    /// A GGUF file.
    case gguf
    /// A folder with `config.json` and safetensors.
    case safetensors
    /// Generated from a seed.
    case random
    /// Another program's, which it alone knows.
    case program
}

/// Weights of a model: a GGUF file, a folder of safetensors, or generated from a seed.
///
/// The rows of q and k are always in Hugging Face's order, in which element `i` of a head is rotated with element
/// `i + headSize / 2`; a source whose file interleaves the pairs reorders them.
package protocol WeightSource: Sendable {
    var config: ModelConfig { get }
    var kind: WeightsKind { get }
    /// Shown as the provenance: the name of the file or folder, without the path to it, or the seed in words.
    var origin: String { get }

    /// Writes rows of a tensor as f32, row-major, into `destination`, which has as many elements. A vector is one row.
    ///
    /// - Throws: ``KerfError`` when the tensor is missing, has another shape, or its bytes cannot be read.
    func read(_ role: TensorRole, rows: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>) throws

    /// The quantized format of a matrix in its file; `nil` for any other format.
    func storedFormat(of role: TensorRole) -> QuantizedFormat?

    /// The quantized format in which a matrix is to stay in memory; `nil` for the number format of the step.
    func quantizedFormat(of role: TensorRole) -> QuantizedFormat?

    /// Writes rows of a matrix in a quantized format, one after the other: the file's own blocks where they have it, else the
    /// values quantized.
    ///
    /// - Parameters:
    ///   - format: one into which a row can be divided.
    ///   - destination: has ``QuantizedFormat/rowBytes(columns:)`` for each row.
    /// - Throws: as ``read(_:rows:into:)``.
    func readBlocks(
        _ role: TensorRole, rows: Range<Int>, in format: QuantizedFormat,
        into destination: UnsafeMutableRawBufferPointer) throws
}

extension WeightSource {
    /// Writes a whole tensor as f32, row-major, into `destination`, which has as many elements as the tensor.
    ///
    /// - Throws: as ``read(_:rows:into:)``.
    package func read(_ role: TensorRole, into destination: UnsafeMutableBufferPointer<Float>) throws {
        try read(role, rows: 0..<config.shape(of: role).rows, into: destination)
    }

    /// Whether a matrix stays quantized in memory.
    package var isQuantized: Bool { config.roles.contains { quantizedFormat(of: $0) != nil } }

    package func storedFormat(of role: TensorRole) -> QuantizedFormat? { nil }

    package func quantizedFormat(of role: TensorRole) -> QuantizedFormat? { nil }

    package func readBlocks(
        _ role: TensorRole, rows: Range<Int>, in format: QuantizedFormat,
        into destination: UnsafeMutableRawBufferPointer
    ) throws { try quantize(role, rows: rows, in: format, into: destination) }

    /// Reads values and quantizes them.
    func quantize(
        _ role: TensorRole, rows: Range<Int>, in format: QuantizedFormat,
        into destination: UnsafeMutableRawBufferPointer
    ) throws {
        let columns = config.shape(of: role).columns
        guard let rowBytes = format.rowBytes(columns: columns), let base = destination.baseAddress else {
            preconditionFailure("rows of \(columns) values are no whole blocks of \(format.rawValue)")
        }
        precondition(destination.count == rows.count * rowBytes)
        let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: rows.count * columns)
        defer { values.deallocate() }
        try read(role, rows: rows, into: values)
        for row in 0..<rows.count {
            let rowValues = values[row * columns..<(row + 1) * columns]
            format.encode(UnsafeBufferPointer(rebasing: rowValues), into: base + row * rowBytes)
        }
    }
}

/// Opens weights of any supported format.
package enum WeightSources {
    /// Opens a GGUF file, recognized by its first bytes, or a folder with `config.json` and safetensors.
    ///
    /// - Parameter expected: the model that the weights must belong to, if known.
    /// - Throws: ``KerfError``; `impossibleShape` with the field when the weights belong to another model.
    package static func open(
        _ path: FilePath, expecting expected: ModelConfig? = nil
    ) throws(KerfError) -> any WeightSource {
        if RegularFile.isDirectory(path) { return try SafetensorsWeights(path, expecting: expected) }
        let file = try MappedFile(path, minimumBytes: GGUFHeader.magic.count)
        let isGGUF = try file.withBytes(0..<GGUFHeader.magic.count) { (bytes) throws(KerfError) in
            bytes.elementsEqual(GGUFHeader.magic)
        }
        guard isGGUF else {
            try file.checkContent()
            throw KerfError(
                .malformed, at: path.string, "is not a GGUF file",
                remedy: "give a GGUF file, or for safetensors the folder that also holds config.json")
        }
        return try GGUFWeights(path, expecting: expected)
    }

    /// The weights at a path, or random weights without a path.
    package static func open(
        _ model: ModelConfig, weights: FilePath?, seed: UInt64
    ) throws(KerfError) -> any WeightSource {
        guard let weights else { return RandomWeights(model, seed: seed) }
        return try open(weights, expecting: model)
    }
}
