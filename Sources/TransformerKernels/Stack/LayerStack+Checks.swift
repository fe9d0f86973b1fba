import ModelFiles
import SystemIO
import Workload

extension LayerStack {
    /// Sizes come from files and from the command line: none may crash or be allocated unchecked.
    static func check(
        _ model: ModelConfig, _ lora: LoRAConfiguration, _ batch: BatchShape, _ layers: ClosedRange<Int>
    ) throws {
        let sizes = [
            ("hidden size", model.hiddenSize), ("block count", model.blockCount), ("head count", model.headCount),
            ("key-value head count", model.keyValueHeadCount), ("head size", model.headSize),
            ("intermediate size", model.intermediateSize), ("vocabulary size", model.vocabularySize),
            ("batch", batch.batch), ("sequence", batch.sequence), ("LoRA rank", lora.rank),
        ]
        for (name, size) in sizes where size < 1 || size > 1 << 24 {
            throw KerfError(.impossibleShape, "\(model.name): \(name) of \(size)")
        }
        guard model.headCount.isMultiple(of: model.keyValueHeadCount) else {
            throw KerfError(
                .impossibleShape,
                "\(model.name): \(model.headCount) heads cannot share \(model.keyValueHeadCount) key-value heads")
        }
        guard model.headSize.isMultiple(of: 2) else {
            throw KerfError(.impossibleShape, "\(model.name): head size \(model.headSize) is odd, RoPE needs pairs")
        }
        guard model.rmsNormEpsilon >= 0, model.rope.theta > 0, lora.alpha.isFinite else {
            throw KerfError(.impossibleShape, "\(model.name): a constant of norm, RoPE or LoRA is out of range")
        }
        guard layers.lowerBound >= 0, layers.upperBound <= model.blockCount + 1 else {
            throw KerfError(
                .noSuchLayer, "layers \(layers.lowerBound) to \(layers.upperBound) of \(model.name)",
                remedy: "its layers are 0 to \(model.blockCount + 1)")
        }
    }

    func check(_ layer: Int) throws {
        guard layers.contains(layer) else {
            throw KerfError(
                .noSuchLayer, "layer \(layer) is not in this stack",
                remedy: "it has \(layers.lowerBound) to \(layers.upperBound)")
        }
    }

    /// - Throws: unless there is one for each token of the batch, each in the vocabulary or, if allowed, negative.
    func check(_ ids: [Int32], _ what: String, negativeAllowed: Bool) throws {
        guard ids.count == batch.tokenCount else {
            throw KerfError(.invalidToken, "\(ids.count) \(what)s for a batch of \(batch.tokenCount)")
        }
        let lowest = negativeAllowed ? Int32.min : 0
        if let index = ids.firstIndex(where: { $0 < lowest || Int($0) >= model.vocabularySize }) {
            throw KerfError(
                .invalidToken, "\(what) \(index) is \(ids[index]), beyond the vocabulary of \(model.vocabularySize)")
        }
    }
}
