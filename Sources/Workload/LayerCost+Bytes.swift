import ModelFiles

extension LayerCost {
    /// Minimum memory traffic of a kernel in bytes: every operand once, without intermediate results. Time multiplied by
    /// memory bandwidth cannot be less, unless operands are still in cache from the previous kernel.
    ///
    /// Weights, inputs and results of projections have `format`, unless the weights are quantized; the residual stream,
    /// logits, adapters and their gradients are f32. 0 where the layer does not run the kernel.
    package func bytes(layer: Int, kernel: Kernel, direction: Direction, format: NumberFormat) -> Double {
        passes(layer: layer, direction: direction).reduce(0) {
            $0 + ownBytes(layer: layer, kernel: kernel, direction: $1, format: format)
        }
    }

    /// As ``bytes(layer:kernel:direction:format:)``, without what is recomputed.
    private func ownBytes(layer: Int, kernel: Kernel, direction: Direction, format: NumberFormat) -> Double {
        guard kernels(of: layer).contains(kernel) else { return 0 }
        let forward = direction == .forward
        let elementBytes = Double(format.byteCount)
        let tokens = Double(batch.tokenCount)
        let hidden = tokens * Double(model.hiddenSize)
        let middle = tokens * Double(model.intermediateSize)
        let (query, keyValue) = (tokens * Double(model.querySize), tokens * Double(model.keyValueSize))
        let vocabulary = Double(model.vocabularySize)
        /// Weight, input and output of a projection; a product that accumulates also reads its output.
        func projection(_ projection: Projection, adding: Bool) -> Double {
            let shape = model.shape(of: projection)
            let formats = projection.output(format)
            let output = Double((forward ? formats.forward : formats.backward).byteCount) * (adding ? 2 : 1)
            let (from, to) = forward ? (shape.columns, shape.rows) : (shape.rows, shape.columns)
            let weight = matrixFormats.byteCount(
                of: .projection(projection, block: layer - 1), model: model, format: format)
            return Double(weight) + tokens * (elementBytes * Double(from) + output * Double(to))
        }
        func isTarget(_ projection: Projection) -> Bool { lora.targets.contains(projection) }
        /// Projections that share an input; in the backward pass all but the first accumulate.
        func projections(_ group: [Projection]) -> Double {
            var adding = !forward && group.contains(where: isTarget)
            return group.reduce(0) { sum, next in
                defer { adding = !forward }
                return sum + projection(next, adding: forward ? isTarget(next) : adding)
            }
        }
        switch kernel {
        case .embeddingLookup:
            guard forward else { return 0 }
            // Scaling reads and writes the rows again.
            let vocabulary = Double(matrixFormats.byteCount(of: .embedding, model: model, format: format))
            return vocabulary / Double(model.vocabularySize) * tokens
                + (model.variant.embeddingScale == nil ? 4 : 12) * hidden
        case .attentionNorm, .mlpNorm:
            // Input and output. Backward: input, gradient, residual and result; the output again for LoRA.
            let group: [Projection] = kernel == .mlpNorm ? [.gate, .up] : [.q, .k, .v]
            let again = group.contains(where: isTarget) ? (4 + elementBytes) * hidden : 0
            return forward ? (4 + elementBytes) * hidden : 16 * hidden + again
        case .finalNorm:
            return forward ? (4 + elementBytes) * hidden : 12 * hidden
        case .postAttentionNorm, .postMLPNorm:
            // Input, residual and result. Backward: input, gradient and result.
            return 12 * hidden
        case .queryKeyNorm:
            // Input and output. Backward: input, gradient and result.
            return (forward ? 2 : 3) * elementBytes * (query + keyValue)
        case .qkvProjection:
            // A bias is written into the result, to which the product, or LoRA, adds.
            let biases = forward && model.variant.attentionBiases
            let again = Projection.biased.reduce(0) { $0 + (isTarget($1) ? 1 : 2) * Double(model.shape(of: $1).rows) }
            return projections([.q, .k, .v]) + (biases ? tokens * elementBytes * again : 0)
        case .rope:
            let part = Double(model.rotarySize) / Double(model.headSize)
            return forward ? 2 * elementBytes * part * (query + keyValue) : 0
        case .attention:
            // q, k, v and the output. Backward: these, the output's gradient and those of q, k and v.
            let sums = 4 * tokens * Double(model.headCount)
            return forward
                ? elementBytes * (2 * query + 2 * keyValue) + sums : elementBytes * (4 * query + 4 * keyValue) + sums
        case .outputProjection:
            return projection(.o, adding: forward && !model.variant.postNorms || isTarget(.o))
        case .gateUpProjection:
            return projections([.gate, .up])
        case .downProjection:
            return projection(.down, adding: forward && !model.variant.postNorms || isTarget(.down))
        case .swiglu, .geglu:
            // Backward: gate, up and the gradient; two gradients; the output again for LoRA.
            return elementBytes * middle * (forward ? 3 : 5 + (isTarget(.down) ? 1 : 0))
        case .gradientConversion:
            return forward || format == .f32 ? 0 : 2 * (4 + elementBytes) * hidden
        case .lora:
            return ProjectionGroup.allCases.reduce(0) {
                $0 + loraBytes($1, forward: forward, elementBytes: elementBytes)
            }
        case .lmHead:
            let logits = tokens * vocabulary * (forward ? 4 : elementBytes)
            let weight = Double(matrixFormats.byteCount(of: .lmHead, model: model, format: format))
            return weight + logits + (forward ? elementBytes : 4) * hidden
        case .crossEntropy:
            return forward ? tokens * vocabulary * (4 + elementBytes) : 0
        case .adamW:
            // Parameter and both moments, read and written; the gradient read.
            return forward ? 0 : 28 * Double(adapterParameterCount(layer: layer))
        }
    }

    /// Forward, x is read once for a group's targets; each writes its y, and also reads the residual stream or the bias that
    /// it adds to. Backward, dY is read once for each of its two products; x is read and dX written once for the group.
    private func loraBytes(_ group: ProjectionGroup, forward: Bool, elementBytes: Double) -> Double {
        let targets = lora.targets(in: group)
        guard let first = targets.first else { return 0 }
        let tokens = Double(batch.tokenCount)
        let lowRank = 4 * tokens * Double(lora.rank(of: group))
        let input = tokens * Double(model.shape(of: first).columns)
        let onStream = group == .output || group == .down
        let adds = onStream ? !model.variant.postNorms : group == .qkv && model.variant.attentionBiases
        let shared =
            forward
            ? elementBytes * input + lowRank : (elementBytes + (onStream ? elementBytes : 4)) * input + 2 * lowRank
        return targets.reduce(shared) { sum, target in
            let shape = model.shape(of: target)
            let pair = 4 * Double(lora.rank) * Double(shape.rows + shape.columns)
            let output = tokens * Double(shape.rows)
            return sum
                + (forward
                    ? (onStream ? 4 : elementBytes) * (adds ? 2 : 1) * output + pair
                    : 2 * (onStream ? 4 : elementBytes) * output + 2 * pair)
        }
    }
}
