import SystemIO
import SystemPackage

/// The weights of a Hugging Face checkpoint: a folder with `config.json` and safetensors.
///
/// All tensors are found and checked when the folder is opened, so that later reads fail on I/O errors only.
package struct SafetensorsWeights: WeightSource {
    package let kind = WeightsKind.safetensors
    package let origin: String
    package var config: ModelConfig { table.config }
    private let table: TensorTable

    /// - Parameters:
    ///   - path: the folder; its name becomes the model's name.
    ///   - expected: the model that the weights must belong to, if known; its name is then used.
    /// - Throws: ``KerfError`` for files that are missing, damaged or unsupported, and
    ///   `impossibleShape` when they are another model's.
    package init(_ path: FilePath, expecting expected: ModelConfig? = nil) throws(KerfError) {
        let config = try HuggingFaceConfig.model(
            at: path.appending(SafetensorsFolder.configName), name: expected?.name ?? path.lastComponent?.string)
        if let expected { try config.validate(against: expected, file: path.string) }
        let folder = try SafetensorsFolder(path)
        if let (method, tensor) = Quantization.method(of: folder.names) {
            throw KerfError(
                .unsupported, at: path.string, "the checkpoint is quantized (\(method)): it has \(quoted(tensor))",
                remedy: Quantization.remedy)
        }
        if let adapter = folder.names.first(where: { $0.contains(".lora_A.") }) {
            throw KerfError(
                .unsupported, at: path.string, "holds LoRA adapters, not a model: it has \(quoted(adapter))",
                remedy: "give the folder of the base model")
        }
        if let other = folder.names.first(where: { $0.hasPrefix("model.layers.") && !Self.isKnown($0) }) {
            throw KerfError(
                .unsupported, at: path.string, "has a tensor \(quoted(other))",
                remedy: "Kerf reads Llama blocks without biases or extra norms")
        }
        if let other = config.tensorBeyondBlocks(in: folder.names, after: "model.layers.") {
            throw KerfError(
                .impossibleShape, at: path.string,
                "has a tensor \(quoted(other)), but num_hidden_layers is \(config.blockCount)",
                remedy: "give the config.json of these weights")
        }
        let file = path.string
        origin = path.lastComponent?.string ?? kind.rawValue
        table = try TensorTable(config, file: file) { (role) throws(KerfError) in
            let name = role.huggingFaceName
            guard let tensor = try folder.tensor(name) else {
                throw KerfError(
                    .missingTensor, at: file, "\(name) is missing",
                    remedy: "check that config.json and the weights are of one model, and that no part was left out")
            }
            try tensor.validate(config.shape(of: role), name: name, file: file)
            return tensor
        }
    }

    /// Whether a tensor of a block is one of its nine. Any other one is part of the computation.
    private static func isKnown(_ tensor: String) -> Bool {
        tensor.split(separator: ".", maxSplits: 3).last.map { knownSuffixes.contains(String($0)) } ?? false
    }

    /// Checkpoints from 2023 repeat the rotary frequencies in each block.
    private static let knownSuffixes: Set<String> = {
        let roles: [TensorRole] =
            [.attentionNorm(block: 0), .mlpNorm(block: 0)] + Projection.allCases.map { .projection($0, block: 0) }
        let prefix = "model.layers.0."
        return Set(roles.map { String($0.huggingFaceName.dropFirst(prefix.count)) } + ["self_attn.rotary_emb.inv_freq"])
    }()

    package func read(
        _ role: TensorRole, rows: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>
    ) throws {
        try table.read(role, rows: rows, into: destination)
    }
}
