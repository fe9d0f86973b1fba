import ModelFiles
import ProfileFormat
import SystemIO
import Workload

extension Hello {
    /// Sizes beyond these are a mistake, and products of several would overflow.
    private static let maximumSize = 1 << 40
    private static let maximumBlocks = 4096
    private static let maximumWidth = 1 << 20
    private static let maximumTokens = 1 << 14

    /// - Throws: ``KerfError/Code/programFailed`` with the field that does not fit.
    func check() throws(KerfError) {
        try require(version == ServerMessage.version, "speaks version \(version) of the marker protocol, not 1")
        try require(pid > 0, "states the process number \(pid)")
        try require((1...65536).contains(runtime.threads), "states \(runtime.threads) threads")
        try require(
            NumberFormat(rawValue: runtime.dtype) != nil,
            "computes in \(PlainText.quoted(runtime.dtype)); Kerf knows f32 and bf16")
        let (model, workload) = (model, workload)
        let widths = [
            model.hiddenSize, model.headCount, model.keyValueHeadCount, model.headSize, model.intermediateSize,
            model.vocabularySize >> 4,
        ]
        try require(
            widths.dropLast().allSatisfy { (1...Self.maximumWidth).contains($0) }
                && (0...Self.maximumWidth).contains(widths[5]) && model.vocabularySize > 0,
            "states a size of the model that cannot be")
        try require(
            (1...Self.maximumTokens).contains(workload.batch)
                && (1...Self.maximumTokens << 6).contains(workload.sequence),
            "states a batch of \(workload.batch) sequences of \(workload.sequence) tokens")
        try require((1...Self.maximumBlocks).contains(model.blockCount), "states \(model.blockCount) blocks")
        try require(
            workload.loraRank >= 0 && workload.loraRank <= 65536 && workload.loraAlpha.isFinite
                && workload.loraAlpha >= 0,
            "states LoRA of rank \(workload.loraRank) and alpha \(workload.loraAlpha)")
        for name in workload.loraTargets {
            try require(Projection(rawValue: name) != nil, "has the LoRA target \(PlainText.quoted(name))")
        }
        try checkLayers()
        try checkPasses()
    }

    private func checkLayers() throws(KerfError) {
        let kinds = ["embedding"] + Array(repeating: "block", count: model.blockCount) + ["head"]
        try require(
            layers.map(\.kind) == kinds,
            "lists \(layers.count) layers; expected an embedding, \(model.blockCount) blocks and a head")
        for (place, layer) in layers.enumerated() {
            let sizes = [layer.parameters, layer.trainable, layer.outputBytes]
            let flops = [layer.forwardFlops, layer.backwardFlops].compactMap(\.self)
            try require(
                sizes.allSatisfy { (0...Self.maximumSize).contains($0) } && layer.trainable <= layer.parameters
                    && flops.allSatisfy { $0.isFinite && $0 >= 0 },
                "states sizes of layer \(place) that cannot be")
        }
    }

    private func checkPasses() throws(KerfError) {
        try require(Set(passes).count == passes.count, "lists a pass twice")
        let known = layers.indices
        for pass in passes {
            switch pass {
            case .forward(let layer), .backward(let layer):
                try require(known.contains(layer), "lists a pass of layer \(layer), which it does not have")
            case .update: break
            }
        }
        try require(
            known.allSatisfy { passes.contains(.forward($0)) }, "does not list the forward pass of each layer")
        try require(
            known.dropFirst().allSatisfy { passes.contains(.backward($0)) },
            "does not list the backward pass of each layer after the embedding; Kerf profiles training steps")
    }

    private func require(_ isTrue: Bool, _ what: String) throws(KerfError) {
        guard isTrue else {
            throw KerfError(.programFailed, "the program's client (\(PlainText.shown(client, limit: 60))) \(what)")
        }
    }

    // MARK: - Descriptions

    /// The model, without where its weights come from.
    package var modelDescription: ModelDescription {
        ModelDescription(
            name: PlainText.name(model.name), hiddenSize: model.hiddenSize, blockCount: model.blockCount,
            headCount: model.headCount, keyValueHeadCount: model.keyValueHeadCount, headSize: model.headSize,
            intermediateSize: model.intermediateSize, vocabularySize: model.vocabularySize,
            tiedEmbeddings: model.tiedEmbeddings, weightsKind: .program, weightsOrigin: PlainText.name(model.weights))
    }

    package var workloadDescription: WorkloadDescription {
        WorkloadDescription(
            batch: workload.batch, sequence: workload.sequence, loraRank: workload.loraRank,
            loraAlpha: workload.loraAlpha, loraTargets: workload.loraTargets.compactMap(Projection.init),
            dtype: NumberFormat(rawValue: runtime.dtype) ?? .f32, threads: runtime.threads)
    }

    /// The runtime, in the place of the library that runs Kerf's own kernels.
    package var engineIdentity: EngineIdentity {
        let packages = (runtime.packages ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let version = ([runtime.version] + packages).joined(separator: ", ")
        let place = runtime.device == "cpu" ? [runtime.instructionSet] : [runtime.device, runtime.instructionSet]
        return EngineIdentity(
            name: PlainText.name(runtime.name), version: PlainText.shown(version),
            instructionSet: PlainText.shown(place.joined(separator: ", ")))
    }

    /// The layers, with the operations that the client states or, for a model of Kerf's own shapes, those that Kerf counts.
    /// For any other model a multiply and an add for each parameter and token, each way.
    package var layerDescriptions: [LayerDescription] {
        let counted = LayerDescription.all(
            LayerCost(
                model: config,
                lora: LoRAConfiguration(
                    rank: max(1, workload.loraRank), alpha: workload.loraAlpha,
                    targets: workload.loraRank > 0 ? workload.loraTargets.compactMap(Projection.init) : []),
                batch: BatchShape(batch: workload.batch, sequence: workload.sequence)))
        let tokens = Double(workload.batch) * Double(workload.sequence)
        return zip(layers, counted).map { layer, counted in
            // The head may share the embedding's matrix, which either may count.
            let isLlama = counted.kind != .block || counted.parameterCount == layer.parameters - layer.trainable
            let dense = 2 * tokens * Double(layer.parameters)
            var description = counted
            // Kerf counts the frozen weights.
            description.parameterCount = layer.parameters - layer.trainable
            description.adapterBytes = layer.trainable * MemoryLayout<Float>.size
            description.outputBytes = layer.outputBytes
            description.forwardFlops = layer.forwardFlops ?? (isLlama ? counted.forwardFlops : dense)
            description.backwardFlops = layer.backwardFlops ?? (isLlama ? counted.backwardFlops : dense)
            return description
        }
    }

    private var config: ModelConfig {
        ModelConfig(
            name: model.name, hiddenSize: model.hiddenSize, blockCount: model.blockCount,
            headCount: model.headCount, keyValueHeadCount: model.keyValueHeadCount, headSize: model.headSize,
            intermediateSize: model.intermediateSize, vocabularySize: model.vocabularySize, rmsNormEpsilon: 1e-5,
            rope: RotaryEmbedding(theta: 10_000), tiedEmbeddings: model.tiedEmbeddings)
    }
}
