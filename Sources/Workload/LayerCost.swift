import ModelFiles

/// Work and size of each layer, counted from the shapes.
///
/// What is counted is what the mathematics needs: a multiplication, an addition, a division, a root or an exponential
/// each count one; causal attention counts the pairs of query and key that are seen, T (T + 1) / 2 a head. What the
/// kernels compute again in a backward pass, and the masked half of the blocks on attention's diagonal, is not counted.
/// A frozen projection's backward pass needs one product as large as its forward one, not two, so backward is about one
/// times forward, not two. Layers count from 0, the embedding, to L + 1, the head.
package struct LayerCost: Sendable, Hashable {
    package let model: ModelConfig
    package let lora: LoRAConfiguration
    package let batch: BatchShape

    package init(model: ModelConfig, lora: LoRAConfiguration, batch: BatchShape) {
        self.model = model
        self.lora = lora
        self.batch = batch
    }

    /// Floating-point operations of a layer: the sum over its kernels but ``Kernel/adamW``, the optimizer's step.
    package func flops(layer: Int, direction: Direction) -> Double {
        Kernel.allCases.lazy.filter { $0 != .adamW }
            .reduce(0) { $0 + flops(layer: layer, kernel: $1, direction: direction) }
    }

    /// Floating-point operations of one kernel of a layer; 0 where the layer does not run it.
    package func flops(layer: Int, kernel: Kernel, direction: Direction) -> Double {
        guard kernels(of: layer).contains(kernel) else { return 0 }
        let forward = direction == .forward
        let elements = tokens * Double(model.hiddenSize)
        switch kernel {
        case .embeddingLookup:
            return 0
        case .attentionNorm, .mlpNorm:
            // Square, add; scale, weigh. Back: weigh, multiply, add; scale, subtract, scale, add to the residual.
            return (forward ? 4 : 7) * elements
        case .finalNorm:
            return (forward ? 4 : 6) * elements
        case .qkvProjection:
            return matrixFLOPs(.q) + matrixFLOPs(.k) + matrixFLOPs(.v)
        case .rope:
            // Going back it is part of attention's kernel, and counted there.
            return forward ? rotation : 0
        case .attention:
            // Products: q kᵀ and p v. Back: dv, dp, dq and dk. Softmax: subtract, exponential, add, divide a pair.
            // Back: subtract, multiply a pair; multiply, add an output element; the rotation.
            let size = Double(model.headSize)
            return forward
                ? attentionPairs * (4 * size + 4)
                : attentionPairs * (8 * size + 2) + 2 * tokens * Double(model.querySize) + rotation
        case .outputProjection:
            // The products add the residual stream going forward, the norms going back.
            return matrixFLOPs(.o) + (forward ? elements : 0)
        case .gateUpProjection:
            return matrixFLOPs(.gate) + matrixFLOPs(.up)
        case .downProjection:
            return matrixFLOPs(.down) + (forward ? elements : 0)
        case .swiglu:
            // Exponential, add, divide; two multiplications. Back, with the sigmoid known: 5 for gate and 2 for up.
            return (forward ? 5 : 7) * tokens * Double(model.intermediateSize)
        case .gradientConversion:
            return 0
        case .lora:
            // x Aᵀ and t Bᵀ. Back: dt and dx, dB and dA.
            return (forward ? 2 : 4) * tokens * Double(adapterParameterCount(layer: layer))
        case .lmHead:
            return 2 * elements * Double(model.vocabularySize)
        case .crossEntropy:
            // Subtract, exponential, add; the gradient comes with the loss: divide, scale.
            return forward ? 5 * tokens * Double(model.vocabularySize) : 0
        case .adamW:
            // Decay 1; first moment 3; second 4; root, correction, epsilon, division, step size, subtraction 6.
            return forward ? 0 : 14 * Double(adapterParameterCount(layer: layer))
        }
    }

    /// Floating-point operations of a layer's matrix products: projections, attention, LoRA and the LM head, without
    /// the additions to the residual stream.
    package func productFlops(layer: Int, direction: Direction) -> Double {
        let products: [Kernel] = [
            .qkvProjection, .attention, .outputProjection, .gateUpProjection, .downProjection, .lora, .lmHead,
        ]
        let isBlock = (1...model.blockCount).contains(layer)
        let additions = isBlock && direction == .forward ? 2 * tokens * Double(model.hiddenSize) : 0
        return products.reduce(-additions) { $0 + flops(layer: layer, kernel: $1, direction: direction) }
    }

    /// The kernels that a layer runs in one direction or both.
    package func kernels(of layer: Int) -> [Kernel] {
        if layer == 0 { return [.embeddingLookup] }
        if layer == model.blockCount + 1 { return [.finalNorm, .lmHead, .crossEntropy] }
        let block: [Kernel] = [
            .attentionNorm, .qkvProjection, .rope, .attention, .outputProjection, .gradientConversion, .mlpNorm,
            .gateUpProjection, .swiglu, .downProjection,
        ]
        return lora.targets.isEmpty ? block : block + [.lora, .adamW]
    }

    /// Frozen parameters that a layer needs. A tied head needs the embedding's, which counts for both.
    package func parameterCount(layer: Int) -> Int {
        let vocabulary = model.vocabularySize * model.hiddenSize
        if layer == 0 { return vocabulary }
        if layer == model.blockCount + 1 { return vocabulary + model.hiddenSize }
        return Projection.allCases.reduce(2 * model.hiddenSize) { sum, projection in
            let shape = model.shape(of: projection)
            return sum + shape.rows * shape.columns
        }
    }

    /// Trained parameters of a layer.
    package func adapterParameterCount(layer: Int) -> Int {
        (1...model.blockCount).contains(layer) ? lora.parameterCount(model) : 0
    }

    /// Bytes of a layer's adapters in f32: what a device and its server exchange of them.
    package func adapterBytes(layer: Int) -> Int { 4 * adapterParameterCount(layer: layer) }

    /// Bytes of a layer's output in f32: the smashed data of a cut after it, and as much as its gradient. The head's
    /// output is the loss alone.
    package func outputBytes(layer: Int) -> Int {
        layer == model.blockCount + 1 ? 4 : 4 * batch.tokenCount * model.hiddenSize
    }

    private var tokens: Double { Double(batch.tokenCount) }

    /// Pairs of a query and a key that it sees, over all heads and sequences.
    private var attentionPairs: Double {
        Double(batch.batch * model.headCount) * Double(batch.sequence) * Double(batch.sequence + 1) / 2
    }

    /// Of q and k: two multiplications and an addition an element.
    private var rotation: Double { 3 * tokens * Double(model.querySize + model.keyValueSize) }

    /// Of one product of a projection, forward or backward to its input.
    private func matrixFLOPs(_ projection: Projection) -> Double {
        let shape = model.shape(of: projection)
        return 2 * tokens * Double(shape.rows) * Double(shape.columns)
    }
}
