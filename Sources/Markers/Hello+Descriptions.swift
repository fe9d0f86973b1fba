import ModelFiles
import ProfileFormat
import SystemIO
import Workload

/// What a profile says of the program's step.
extension Hello {
    /// The model, without where its weights come from.
    package var modelDescription: ModelDescription {
        ModelDescription(config, weightsKind: .program, weightsOrigin: PlainText.name(model.weights))
    }

    package var workloadDescription: WorkloadDescription {
        WorkloadDescription(
            batch: workload.batch, sequence: workload.sequence, loraRank: workload.loraRank,
            loraAlpha: workload.loraAlpha, loraTargets: workload.loraTargets.compactMap(Projection.init),
            dtype: NumberFormat(rawValue: runtime.dtype) ?? .f32, threads: runtime.threads,
            forwardOnly: isForwardOnly ? true : nil, activationCheckpointing: isCheckpointed ? true : nil)
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
                batch: BatchShape(batch: workload.batch, sequence: workload.sequence),
                activationCheckpointing: isCheckpointed))
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
            // Kerf does not train embeddings, and counts nothing for them.
            let isRepeated = isCheckpointed && counted.kind == .block
            let backward = isLlama && counted.backwardFlops > 0 ? counted.backwardFlops : isRepeated ? 2 * dense : dense
            description.backwardFlops =
                passes.contains(.backward(counted.index)) ? layer.backwardFlops ?? backward : 0
            return description
        }
    }

    /// Whether its backward passes compute activations again.
    private var isCheckpointed: Bool { workload.checkpointing == true && !isForwardOnly }

    private var config: ModelConfig {
        ModelConfig(
            name: PlainText.name(model.name), hiddenSize: model.hiddenSize, blockCount: model.blockCount,
            headCount: model.headCount, keyValueHeadCount: model.keyValueHeadCount, headSize: model.headSize,
            intermediateSize: model.intermediateSize, vocabularySize: model.vocabularySize, rmsNormEpsilon: 1e-5,
            rope: RotaryEmbedding(theta: 10_000), tiedEmbeddings: model.tiedEmbeddings)
    }
}
