import ModelFiles
import Workload

extension ModelDescription {
    package init(_ config: ModelConfig, weightsKind: WeightsKind, weightsOrigin: String) {
        self.init(
            name: config.name, hiddenSize: config.hiddenSize, blockCount: config.blockCount,
            headCount: config.headCount, keyValueHeadCount: config.keyValueHeadCount, headSize: config.headSize,
            intermediateSize: config.intermediateSize, vocabularySize: config.vocabularySize,
            tiedEmbeddings: config.tiedEmbeddings, weightsKind: weightsKind, weightsOrigin: weightsOrigin)
    }
}

extension LayerDescription {
    /// From the shapes alone.
    package static func all(_ cost: LayerCost) -> [LayerDescription] {
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

extension LayerMemory {
    package init(_ use: MemoryUse) {
        self.init(
            weightBytes: use.weights, adapterBytes: use.adapters, optimizerBytes: use.optimizer,
            activationBytes: use.activations + use.gradients, scratchBytes: use.scratch)
    }
}
