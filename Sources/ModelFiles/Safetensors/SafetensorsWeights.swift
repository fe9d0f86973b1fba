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
    private let family: HuggingFaceFamily

    /// - Parameters:
    ///   - path: the folder; its name becomes the model's name.
    ///   - expected: the model that the weights must belong to, if known; its name is then used.
    /// - Throws: ``KerfError`` for files that are missing, damaged or unsupported, and
    ///   `impossibleShape` when they are another model's.
    package init(_ path: FilePath, expecting expected: ModelConfig? = nil) throws(KerfError) {
        let (config, family) = try HuggingFaceConfig.read(
            path.appending(SafetensorsFolder.configName), name: expected?.name ?? path.lastComponent?.string)
        self.family = family
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
        let known = family.knownSuffixes(config)
        if let other = folder.names.first(where: { $0.hasPrefix("model.layers.") && !Self.isKnown($0, known) }) {
            throw KerfError(
                .unsupported, at: path.string, "has a tensor \(quoted(other))",
                remedy: .text("blocks of \(family.type) have none of this name"))
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
            let place = family.place(of: role, in: config)
            guard let tensor = try folder.tensor(place.name) else {
                throw KerfError(
                    .missingTensor, at: file, "\(place.name) is missing",
                    remedy: "check that config.json and the weights are of one model, and that no part was left out")
            }
            return try tensor.part(place, shape: config.shape(of: role), file: file)
        }
    }

    /// Whether a tensor of a block is one of its own. Any other one is part of the computation.
    private static func isKnown(_ tensor: String, _ suffixes: Set<String>) -> Bool {
        tensor.split(separator: ".", maxSplits: 3).last.map { suffixes.contains(String($0)) } ?? false
    }

    package func read(
        _ role: TensorRole, rows: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>
    ) throws {
        try table.read(role, rows: rows, into: destination)
        guard role.isNorm, family.normOffset != 0 else { return }
        for index in destination.indices { destination[index] += family.normOffset }
    }
}

extension HuggingFaceFamily {
    /// Where a checkpoint has a role's values.
    func place(of role: TensorRole, in config: ModelConfig) -> TensorPlace {
        TensorPlace(
            role, in: config, name: { $0.huggingFaceName(postNorms: config.variant.postNorms) },
            fusedNames: { block in
                (
                    "model.layers.\(block).self_attn.qkv_proj.weight",
                    "model.layers.\(block).mlp.gate_up_proj.weight"
                )
            })
    }

    /// Names of a block's tensors without the block's. Checkpoints from 2023 repeat the rotary frequencies in each block.
    fileprivate func knownSuffixes(_ config: ModelConfig) -> Set<String> {
        let names = config.blockRoles(0).map { place(of: $0, in: config).name.dropFirst("model.layers.0.".count) }
        return Set(names.map(String.init) + ["self_attn.rotary_emb.inv_freq"])
    }
}
