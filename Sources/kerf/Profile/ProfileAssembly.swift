import Calibration
import FoundationEssentials
import ModelFiles
import Profiling
import TransformerKernels

extension ModelDescription {
    init(_ source: any WeightSource) {
        self.init(source.config, weightsKind: source.kind, weightsOrigin: source.origin)
    }

    init(_ config: ModelConfig, weightsKind: String, weightsOrigin: String) {
        self.init(
            name: config.name, hiddenSize: config.hiddenSize, blockCount: config.blockCount,
            headCount: config.headCount, keyValueHeadCount: config.keyValueHeadCount, headSize: config.headSize,
            intermediateSize: config.intermediateSize, vocabularySize: config.vocabularySize,
            tiedEmbeddings: config.tiedEmbeddings, weightsKind: weightsKind, weightsOrigin: weightsOrigin)
    }
}

extension WorkloadDescription {
    init(_ stack: LayerStack) {
        self.init(
            batch: stack.batch.batch, sequence: stack.batch.sequence, loraRank: stack.lora.rank,
            loraAlpha: stack.lora.alpha, loraTargets: stack.lora.targets.map(\.rawValue), dtype: "f32",
            threads: stack.threadCount)
    }
}

extension LayerDescription {
    /// All layers of a model under a workload, in order.
    static func all(of stack: LayerStack) -> [LayerDescription] {
        all(LayerCost(model: stack.model, lora: stack.lora, batch: stack.batch))
    }

    static func all(_ cost: LayerCost) -> [LayerDescription] {
        let blocks = cost.model.blockCount
        return (0...(blocks + 1)).map { index in
            LayerDescription(
                index: index, kind: index == 0 ? .embedding : index <= blocks ? .block : .head,
                parameterCount: cost.parameterCount(layer: index), adapterBytes: cost.adapterBytes(layer: index),
                forwardFlops: cost.flops(layer: index, direction: .forward),
                backwardFlops: cost.flops(layer: index, direction: .backward),
                outputBytes: cost.outputBytes(layer: index))
        }
    }
}

extension MeterDescription {
    /// The meter as it was, or what became of it during the run.
    func after(_ record: ExperimentRecord) -> MeterDescription {
        record.meterFailure.map(MeterDescription.none(because:)) ?? self
    }
}

/// The time now, ISO 8601, UTC, to the second.
func currentTimestamp() -> String { Date.now.formatted(.iso8601) }
