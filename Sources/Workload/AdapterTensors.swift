import ModelFiles
import SystemIO

/// The LoRA pairs of a model's blocks as tensors with the names that PEFT gives those of a Llama model, for
/// `adapter_model.safetensors`.
package struct AdapterTensors: Sendable {
    package let model: ModelConfig
    package let lora: LoRAConfiguration
    private let layout: AdapterLayout
    private var values: [Int: [Float]] = [:]

    package init(model: ModelConfig, lora: LoRAConfiguration) {
        self.model = model
        self.lora = lora
        layout = AdapterLayout(model: model, lora: lora)
    }

    /// One block's numbers in the order of ``AdapterLayout``, counted from 0; nil for a block that is not in the file.
    package subscript(block block: Int) -> [Float]? {
        get { values[block] }
        set { values[block] = newValue }
    }

    /// The safetensors file, f32.
    package func file() throws -> [UInt8] {
        var encoding = SafetensorsEncoding()
        encoding.metadata = ["format": "pt"]
        for (block, numbers) in values.sorted(by: { $0.key < $1.key }) {
            for (name, shape, range) in tensors(block: block) { encoding.append(name, shape: shape, numbers[range]) }
        }
        return try encoding.bytes()
    }

    /// Reads all blocks.
    ///
    /// - Throws: ``KerfError``: a tensor is missing or has another shape, or there are tensors that belong to no pair.
    package mutating func read(path: String) throws {
        let file = try SafetensorsTensors(path: path)
        var names = Set(file.names)
        for block in 0..<model.blockCount {
            var numbers = [Float](repeating: 0, count: layout.count)
            for (name, shape, range) in tensors(block: block) {
                let read = try file.read(name, shape: shape)
                guard read.allSatisfy(\.isFinite) else {
                    throw KerfError(
                        .malformed, at: path,
                        "tensor \(PlainText.quoted(name, limit: 120)) holds a value that is not a finite number",
                        remedy: "give adapters of a training that did not diverge")
                }
                numbers.replaceSubrange(range, with: read)
                names.remove(name)
            }
            values[block] = numbers
        }
        if let name = names.min() {
            throw KerfError(
                .unsupported, at: path,
                "has a tensor \(PlainText.quoted(name, limit: 120)), which is no LoRA pair of this model's targets",
                remedy: "give adapters of a LoRA without biases, saved modules or other variants")
        }
    }

    private func tensors(block: Int) -> [(name: String, shape: [Int], range: Range<Int>)] {
        layout.pairs.flatMap { pair in
            let shape = model.shape(of: pair.projection)
            let part = [.q, .k, .v, .o].contains(pair.projection) ? "self_attn" : "mlp"
            let name = "base_model.model.model.layers.\(block).\(part).\(pair.projection.rawValue)_proj"
            return [
                ("\(name).lora_A.weight", [lora.rank, shape.columns], pair.a),
                ("\(name).lora_B.weight", [shape.rows, lora.rank], pair.b),
            ]
        }
    }
}
