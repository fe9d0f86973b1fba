import ModelFiles
import SystemIO

/// The LoRA pairs of a model's blocks as tensors with the names that PEFT gives them, for `adapter_model.safetensors`.
///
/// Where transformers has several projections in one module (``ModelVariant/fusedProjections``), their pairs are one pair of
/// that module, of a rank that is the sum of theirs: their A one below the other, and their B as blocks of a matrix that is
/// zero elsewhere. The product is the same.
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
            for tensor in tensors(block: block) {
                encoding.append(tensor.name, shape: tensor.shape, tensor.values(numbers))
            }
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
            for tensor in tensors(block: block) {
                let name = tensor.name
                let read = try file.read(name, shape: tensor.shape)
                guard read.allSatisfy(\.isFinite) else {
                    throw KerfError(
                        .malformed, at: path,
                        "tensor \(PlainText.quoted(name, limit: 120)) holds a value that is not a finite number",
                        remedy: "give adapters of a training that did not diverge")
                }
                guard tensor.take(read, into: &numbers) else {
                    throw KerfError(
                        .unsupported, at: path,
                        "tensor \(PlainText.quoted(name, limit: 120)) mixes projections that Kerf adapts one by one",
                        remedy: "give adapters that Kerf wrote, or train them on separate projections")
                }
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

    private func tensors(block: Int) -> [Tensor] {
        modules.flatMap { module in
            let prefix = "base_model.model.model.layers.\(block).\(module.name)"
            let rank = lora.rank * module.pairs.count
            let columns = module.pairs.first.map { model.shape(of: $0.projection).columns } ?? 0
            var (a, b): ([Tensor.Part], [Tensor.Part]) = ([], [])
            for (place, pair) in module.pairs.enumerated() {
                let first = place * lora.rank
                let row = module.isFused ? model.fusedRows(of: pair.projection).first : 0
                a.append(Tensor.Part(range: pair.a, row: first, column: 0, columns: columns))
                b.append(Tensor.Part(range: pair.b, row: row, column: first, columns: lora.rank))
            }
            return [
                Tensor(name: prefix + ".lora_A.weight", shape: [rank, columns], parts: a),
                Tensor(name: prefix + ".lora_B.weight", shape: [module.rows, rank], parts: b),
            ]
        }
    }

    /// The modules of a block that have adapters, each with the pairs that it holds.
    package var modules: [Module] {
        guard model.variant.fusedProjections else {
            return layout.pairs.map { pair in
                Module(
                    name: pair.projection.moduleName, rows: model.shape(of: pair.projection).rows, pairs: [pair],
                    isFused: false)
            }
        }
        return ProjectionGroup.allCases.compactMap { group in
            let pairs = layout.pairs.filter { group.projections.contains($0.projection) }
            guard let first = pairs.first?.projection else { return nil }
            return Module(
                name: group.fusedModuleName, rows: model.fusedRows(of: first).all, pairs: pairs, isFused: true)
        }
    }

    /// A module of transformers' model.
    package struct Module: Sendable {
        /// `self_attn.q_proj`
        package let name: String
        /// Width of its output.
        let rows: Int
        package let pairs: [AdapterLayout.Pair]
        let isFused: Bool
    }

    /// A tensor, and which of a block's numbers it holds where; zeros elsewhere.
    private struct Tensor {
        /// A matrix in the block's numbers, and where its first element is in the tensor.
        struct Part {
            let range: Range<Int>
            let row, column, columns: Int
        }

        let name: String
        let shape: [Int]
        let parts: [Part]

        func values(_ numbers: [Float]) -> [Float] {
            if parts.count == 1, parts[0].range.count == shape[0] * shape[1] { return Array(numbers[parts[0].range]) }
            var values = [Float](repeating: 0, count: shape[0] * shape[1])
            forEachElement { element, number in values[element] = numbers[number] }
            return values
        }

        /// Takes the numbers from a tensor; false where it has others than zero beside them.
        func take(_ values: [Float], into numbers: inout [Float]) -> Bool {
            var held = 0
            forEachElement { element, number in
                numbers[number] = values[element]
                if values[element] != 0 { held += 1 }
            }
            return held == values.count { $0 != 0 }
        }

        /// Calls with the place of each element in the tensor and in the block's numbers.
        private func forEachElement(_ body: (Int, Int) -> Void) {
            for part in parts {
                for (offset, number) in part.range.enumerated() {
                    let (row, column) = offset.quotientAndRemainder(dividingBy: part.columns)
                    body((part.row + row) * shape[1] + part.column + column, number)
                }
            }
        }
    }
}

extension ProjectionGroup {
    /// The module that holds all of the group where projections are fused.
    package var fusedModuleName: String {
        switch self {
        case .qkv: "self_attn.qkv_proj"
        case .output: "self_attn.o_proj"
        case .gateUp: "mlp.gate_up_proj"
        case .down: "mlp.down_proj"
        }
    }
}
