import SystemIO
import SystemPackage

/// The weights of a GGUF file of an architecture in ``GGUFArchitecture``.
///
/// All tensors are found and checked when the file is opened, so that later reads fail on I/O errors only.
package struct GGUFWeights: WeightSource {
    package let kind = WeightsKind.gguf
    package let origin: String
    package var config: ModelConfig { table.config }
    private let table: TensorTable

    /// - Parameters:
    ///   - path: the file; its name without extension becomes the model's name.
    ///   - expected: the model that the weights must belong to, if known; its name is then used.
    /// - Throws: ``KerfError`` for a file that is missing, damaged or unsupported, and
    ///   `impossibleShape` when it is another model's.
    package init(_ path: FilePath, expecting expected: ModelConfig? = nil) throws(KerfError) {
        let file = try GGUFFile(path)
        let architecture = try file.architecture()
        var stated = try file.config(architecture, name: expected?.name ?? path.stem ?? "model")
        if let expected {
            // llama.cpp's converter leaves Mistral's window out.
            if architecture.name == "llama", stated.variant.window == nil {
                stated.variant.window = expected.variant.window
            }
            try stated.validate(against: expected, file: path.string)
        }
        let config = stated
        let source = path.string
        origin = path.lastComponent?.string ?? kind.rawValue
        table = try TensorTable(config, file: source) { (role) throws(KerfError) in
            let place = architecture.place(of: role, in: config)
            guard let whole = try file.tensor(place.name) else {
                throw KerfError(.missingTensor, at: source, "\(place.name) is missing")
            }
            var tensor = try whole.part(place, shape: config.shape(of: role), file: source)
            switch role {
            case .projection(.q, _), .projection(.k, _):
                if architecture.interleavesRows { tensor.rowOrder = .interleaved(headSize: config.headSize) }
            default: break
            }
            return tensor
        }
    }

    package func read(
        _ role: TensorRole, rows: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>
    ) throws {
        try table.read(role, rows: rows, into: destination)
    }

    package func storedFormat(of role: TensorRole) -> QuantizedFormat? { table.storedFormat(of: role) }

    package func readBlocks(
        _ role: TensorRole, rows: Range<Int>, in format: QuantizedFormat,
        into destination: UnsafeMutableRawBufferPointer
    ) throws {
        guard table.storedFormat(of: role) == format else {
            return try quantize(role, rows: rows, in: format, into: destination)
        }
        try table.readStored(role, rows: rows, into: destination)
    }
}
