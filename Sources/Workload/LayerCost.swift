import ModelFiles

/// Work and size of each layer, computed from the shapes.
///
/// The count is that of the mathematics: a multiplication, an addition, a division, a root or an exponential each count
/// one, tanh two more than an exponential; causal attention counts the unmasked pairs of query and key, T (T + 1) / 2 for
/// each head without a window. What the kernels recompute in a backward pass, and the masked half of the tiles on
/// attention's diagonal, is not counted. The backward pass of a frozen projection needs one product of the size of the
/// forward one, not two, so backward costs about as much as forward. With activation checkpointing the backward pass of a
/// block also has the whole forward pass, which is counted. Layer 0 is the embedding, layer L + 1 the head.
package struct LayerCost: Sendable, Hashable {
    package let model: ModelConfig
    package let lora: LoRAConfiguration
    package let batch: BatchShape
    /// Whether a block's backward pass recomputes its forward pass.
    package let activationCheckpointing: Bool
    /// What of the weights is quantized in memory.
    package let matrixFormats: MatrixFormats

    package init(
        model: ModelConfig, lora: LoRAConfiguration, batch: BatchShape, activationCheckpointing: Bool = false,
        matrixFormats: MatrixFormats = .plain
    ) {
        self.model = model
        self.lora = lora
        self.batch = batch
        self.activationCheckpointing = activationCheckpointing
        self.matrixFormats = matrixFormats
    }

    /// The passes whose work one pass of a layer does: its own, and before it the one that it recomputes.
    func passes(layer: Int, direction: Direction) -> [Direction] {
        let recomputes = activationCheckpointing && direction == .backward && (1...model.blockCount).contains(layer)
        return recomputes ? [.forward, .backward] : [direction]
    }

    /// Floating-point operations of a layer: the sum over its kernels except ``Kernel/adamW``, the optimizer's step.
    package func flops(layer: Int, direction: Direction) -> Double {
        Kernel.allCases.lazy.filter { $0 != .adamW }
            .reduce(0) { $0 + flops(layer: layer, kernel: $1, direction: direction) }
    }

    /// Floating-point operations of one kernel of a layer; 0 where the layer does not run it.
    package func flops(layer: Int, kernel: Kernel, direction: Direction) -> Double {
        passes(layer: layer, direction: direction).reduce(0) {
            $0 + ownFLOPs(layer: layer, kernel: kernel, direction: $1)
        }
    }

    /// As ``flops(layer:kernel:direction:)``, without what is recomputed.
    private func ownFLOPs(layer: Int, kernel: Kernel, direction: Direction) -> Double {
        guard kernels(of: layer).contains(kernel) else { return 0 }
        let forward = direction == .forward
        let elements = tokens * Double(model.hiddenSize)
        switch kernel {
        case .embeddingLookup:
            return forward && model.variant.embeddingScale != nil ? elements : 0
        case .attentionNorm, .mlpNorm:
            // Square, add; scale, multiply by the weight. Backward: multiply by the weight, multiply, add; scale, subtract,
            // scale, add to the residual.
            return (forward ? 4 : 7) * elements
        case .finalNorm:
            return (forward ? 4 : 6) * elements
        case .postAttentionNorm, .postMLPNorm:
            // With the addition to the residual stream; its gradient passes by.
            return (forward ? 5 : 6) * elements
        case .queryKeyNorm:
            return (forward ? 4 : 6) * tokens * Double(model.querySize + model.keyValueSize)
        case .qkvProjection:
            let biases = forward && model.variant.attentionBiases ? Double(model.querySize + 2 * model.keyValueSize) : 0
            return matrixFLOPs(.q) + matrixFLOPs(.k) + matrixFLOPs(.v) + tokens * biases
        case .rope:
            // The backward rotation is part of attention's kernel, and counted there.
            return forward ? rotation : 0
        case .attention:
            // Products: q kᵀ and p v. Backward: dv, dp, dq and dk. Softmax, for each pair: subtract, exponential, add,
            // divide. Backward: subtract, multiply for each pair; multiply, add for each output element; the rotation.
            // A soft cap divides, takes tanh and multiplies; backward: square, subtract, multiply.
            let size = Double(model.headSize), cap = model.variant.attentionSoftCap == nil ? 0.0 : forward ? 6 : 3
            let pairs = attentionPairs(layer: layer)
            return forward
                ? pairs * (4 * size + 4 + cap)
                : pairs * (8 * size + 2 + cap) + 2 * tokens * Double(model.querySize) + rotation
        case .outputProjection:
            // The products add the residual stream in the forward pass, the norms in the backward pass.
            return matrixFLOPs(.o) + (forward ? addition : 0)
        case .gateUpProjection:
            return matrixFLOPs(.gate) + matrixFLOPs(.up)
        case .downProjection:
            return matrixFLOPs(.down) + (forward ? addition : 0)
        case .geglu:
            // Cube and its factor 3, addition, factor, exponential, add, divide; two multiplications. Backward, with the
            // sigmoid known: 11 for gate and 2 for up.
            return (forward ? 10 : 13) * tokens * Double(model.intermediateSize)
        case .swiglu:
            // Exponential, add, divide; two multiplications. Backward, with the sigmoid known: 5 for gate and 2 for up.
            return (forward ? 5 : 7) * tokens * Double(model.intermediateSize)
        case .gradientConversion:
            return 0
        case .lora:
            // x Aᵀ and t Bᵀ. Backward: dt and dx, dB and dA.
            return (forward ? 2 : 4) * tokens * Double(adapterParameterCount(layer: layer))
        case .lmHead:
            return 2 * elements * Double(model.vocabularySize)
        case .crossEntropy:
            // Subtract, exponential, add; the gradient is computed with the loss: divide, scale. A soft cap divides, takes
            // tanh and multiplies; its gradient squares, subtracts and multiplies.
            let cap = model.variant.logitSoftCap == nil ? 0.0 : 9
            return forward ? (5 + cap) * tokens * Double(model.vocabularySize) : 0
        case .adamW:
            // Decay 1; first moment 3; second 4; root, correction, epsilon, division, step size, subtraction 6.
            return forward ? 0 : 14 * Double(adapterParameterCount(layer: layer))
        }
    }

    /// Floating-point operations of a layer's matrix products: projections, attention, LoRA and the LM head, without
    /// the additions to the residual stream and of biases.
    package func productFlops(layer: Int, direction: Direction) -> Double {
        let products: [Kernel] = [
            .qkvProjection, .attention, .outputProjection, .gateUpProjection, .downProjection, .lora, .lmHead,
        ]
        let isBlock = (1...model.blockCount).contains(layer)
        let hasForward = passes(layer: layer, direction: direction).contains(.forward)
        let biases = model.variant.attentionBiases ? tokens * Double(model.querySize + 2 * model.keyValueSize) : 0
        let additions = isBlock && hasForward ? 2 * addition + biases : 0
        return products.reduce(-additions) { $0 + flops(layer: layer, kernel: $1, direction: direction) }
    }

    /// The kernels that a layer runs in one direction or both.
    package func kernels(of layer: Int) -> [Kernel] {
        if layer == 0 { return [.embeddingLookup] }
        if layer == model.blockCount + 1 { return [.finalNorm, .lmHead, .crossEntropy] }
        let variant = model.variant
        var block: [Kernel] = [.attentionNorm, .qkvProjection]
        if variant.queryKeyNorms { block.append(.queryKeyNorm) }
        block += [.rope, .attention, .outputProjection]
        if variant.postNorms { block.append(.postAttentionNorm) }
        block += [.gradientConversion, .mlpNorm, .gateUpProjection]
        block += [variant.activation == .silu ? .swiglu : .geglu, .downProjection]
        if variant.postNorms { block.append(.postMLPNorm) }
        return lora.targets.isEmpty ? block : block + [.lora, .adamW]
    }

    /// Frozen parameters that a layer needs. A tied head uses the embedding's, which are counted for both.
    package func parameterCount(layer: Int) -> Int {
        let vocabulary = model.vocabularySize * model.hiddenSize
        if layer == 0 { return vocabulary }
        if layer == model.blockCount + 1 { return vocabulary + model.hiddenSize }
        return model.blockMatrixElements + model.blockVectorElements
    }

    /// Trained parameters of a layer.
    package func adapterParameterCount(layer: Int) -> Int {
        (1...model.blockCount).contains(layer) ? lora.parameterCount(model) : 0
    }

    /// Size of a layer's adapters in f32, as a device and its server exchange them, in bytes.
    package func adapterBytes(layer: Int) -> Int { 4 * adapterParameterCount(layer: layer) }

    /// Size of a layer's output in f32, in bytes: the smashed data of a cut after it. The gradient has the same size. The
    /// head's output is the loss alone.
    package func outputBytes(layer: Int) -> Int {
        layer == model.blockCount + 1 ? 4 : 4 * batch.tokenCount * model.hiddenSize
    }

    private var tokens: Double { Double(batch.tokenCount) }

    /// Unmasked pairs of a query and a key, over all heads and sequences.
    private func attentionPairs(layer: Int) -> Double {
        let sequence = Double(batch.sequence)
        let window = min(sequence, model.window(block: layer - 1).map(Double.init) ?? sequence)
        // The first `window` tokens see fewer.
        return Double(batch.batch * model.headCount) * (window * (window + 1) / 2 + (sequence - window) * window)
    }

    /// Rotation of q and k: two multiplications and an addition for each rotated element.
    private var rotation: Double {
        3 * tokens * Double((model.headCount + model.keyValueHeadCount) * model.rotarySize)
    }

    /// What a projection adds to the residual stream itself; where a norm follows, that adds.
    private var addition: Double { model.variant.postNorms ? 0 : tokens * Double(model.hiddenSize) }

    /// One product of a projection: forward, or backward to its input.
    private func matrixFLOPs(_ projection: Projection) -> Double {
        let shape = model.shape(of: projection)
        return 2 * tokens * Double(shape.rows) * Double(shape.columns)
    }
}

/// Number of sequences in a batch and their length.
package struct BatchShape: Sendable, Hashable, Codable {
    package var batch: Int
    /// Tokens in each sequence; positions start at 0 in each.
    package var sequence: Int

    package init(batch: Int, sequence: Int) {
        self.batch = batch
        self.sequence = sequence
    }

    /// Tokens of the whole batch: the rows of every activation matrix.
    package var tokenCount: Int { batch * sequence }
}
