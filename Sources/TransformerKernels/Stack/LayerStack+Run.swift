import CKernels
import ModelFiles
import SystemIO
import Workload

extension LayerStack {
    /// Sets the input tokens and the targets. Negative targets are ignored.
    ///
    /// - Throws: ``KerfError/Code/invalidToken`` for a wrong count, an id outside the vocabulary, or no target; nothing is
    ///   changed then.
    package func setTokens(_ tokens: [Int32], targets: [Int32]) throws {
        try check(tokens, "token", negativeAllowed: false)
        try setTargets(targets)
        slots[slot].tokens = tokens
    }

    /// Sets the input tokens of a range without the head.
    package func setTokens(_ tokens: [Int32]) throws {
        try check(tokens, "token", negativeAllowed: false)
        slots[slot].tokens = tokens
    }

    /// Sets the targets of a range without the embedding.
    package func setTargets(_ targets: [Int32]) throws {
        try check(targets, "target", negativeAllowed: true)
        guard Head.counted(targets) > 0 else {
            throw KerfError(.invalidToken, "no token has a target, so there is no mean loss")
        }
        slots[slot].targets = targets
    }

    /// Sets the tokens and targets of one micro-batch, which may have no target at all.
    ///
    /// - Parameters:
    ///   - tokens: nil for a range without the embedding.
    ///   - targets: nil for a range without the head.
    ///   - batchTargets: targets of the whole batch, by which losses are divided; at least 1.
    package func setMicroBatch(tokens: [Int32]?, targets: [Int32]?, batchTargets: Int) throws {
        if let tokens { try check(tokens, "token", negativeAllowed: false) }
        if let targets { try check(targets, "target", negativeAllowed: true) }
        guard batchTargets > 0, targets.map(Head.counted) ?? 0 <= batchTargets else {
            throw KerfError(.invalidToken, "a batch with \(batchTargets) targets cannot have this micro-batch")
        }
        if let tokens { slots[slot].tokens = tokens }
        if let targets { slots[slot].targets = targets }
        lossTargetCount = batchTargets
    }

    /// Whether a layer's weights, so that it can run without reading them first.
    package func isPrepared(layer: Int) -> Bool {
        !(1...model.blockCount).contains(layer) || weights[layer - 1] != nil
    }

    /// Reads a layer's weights unless they are in memory. Reading is slow: do not call it in timed windows.
    package func prepare(layer: Int) throws {
        try check(layer)
        if (1...model.blockCount).contains(layer) { try weights.prepare(block: layer - 1) }
    }

    /// Computes a layer's output from the output of the layer before it, or from ``input`` or the tokens.
    ///
    /// - Throws: ``KerfError``; `notReady` when the weights are not in memory (``prepare(layer:)``) or no tokens or
    ///   targets are set.
    package func forward(layer: Int) throws {
        try check(layer)
        timeline.layer = Int32(layer)
        timeline.direction = .forward
        try withDenormalsFlushed {
            if layer == 0 {
                try embed()
            } else if let head, layer == model.blockCount + 1 {
                let (norm, matrix) = try headWeights()
                loss = try head.forward(
                    norm: norm, matrix: matrix, input: boundary(after: layer - 1).activation,
                    targets: knownTargets(), divisor: lossTargetCount)
            } else {
                try block(layer).forward(
                    blockWeights(layer), from: boundary(after: layer - 1).activation,
                    to: boundary(after: layer).activation)
            }
        }
        slots[slot].computed.insert(layer)
    }

    /// Computes the gradient of a layer's input and of its adapters from the gradient of its output.
    ///
    /// With activation checkpointing a block first runs forward again, also where the shared memory still holds its
    /// activations: a pass that is repeated alone costs what it costs in a step. Its output gets the bits that it has. Where
    /// the gradient of its output is another boundary's by now, the output itself stands for it: numbers of a common size,
    /// whatever ran before.
    ///
    /// - Throws: ``KerfError``; `notReady` when the weights are not in memory or the layer has not run forward.
    package func backward(layer: Int) throws {
        try check(layer)
        guard slots[slot].computed.contains(layer) else {
            throw KerfError(.notReady, "layer \(layer) has not run forward", remedy: "run its forward pass first")
        }
        timeline.layer = Int32(layer)
        timeline.direction = .backward
        // The embedding is frozen.
        guard layer > 0 else { return }
        let before = boundary(after: layer - 1)
        try withDenormalsFlushed {
            if let head, layer == model.blockCount + 1 {
                let (norm, matrix) = try headWeights()
                try head.backward(
                    norm: norm, matrix: matrix, input: before.activation, targets: knownTargets(),
                    divisor: lossTargetCount, inputGradient: before.gradient)
            } else {
                let (block, weights, after) = (block(layer), try blockWeights(layer), boundary(after: layer))
                if !slots[slot].holdsGradient(after: layer) {
                    _ = after.gradient.elements.update(fromContentsOf: after.activation.elements)
                    slots[slot].holdGradient(after: layer)
                }
                if activationCheckpointing {
                    try block.forward(weights, from: before.activation, to: after.activation)
                }
                try block.backward(
                    weights, input: before.activation, outputGradient: after.gradient, inputGradient: before.gradient)
            }
        }
        slots[slot].holdGradient(after: layer - 1)
    }

    /// One AdamW step on a layer's adapters with the gradients of its last backward pass. Does nothing for a layer without
    /// adapters.
    package func update(layer: Int) throws {
        try check(layer)
        guard (1...model.blockCount).contains(layer), !lora.targets.isEmpty else { return }
        timeline.layer = Int32(layer)
        timeline.direction = .backward
        withDenormalsFlushed {
            timeline.measure(.adamW) { block(layer).adapters.update(optimizer, team: context.team) }
        }
    }

    /// Runs all layers of the range forward and prepares each before it runs.
    package func forward() throws {
        for layer in layers {
            try prepare(layer: layer)
            try forward(layer: layer)
        }
    }

    /// Runs all layers of the range backward, last first, and prepares each before it runs.
    package func backward() throws {
        for layer in layers.reversed() {
            try prepare(layer: layer)
            try backward(layer: layer)
        }
    }

    package func update() throws {
        for layer in layers { try update(layer: layer) }
    }

    /// Runs forward, backward and update; ``loss`` is set when the range has the head.
    package func step() throws {
        try forward()
        try backward()
        try update()
    }

    private func embed() throws {
        guard let table = weights.embedding else { throw notInMemory(0) }
        guard !tokens.isEmpty else {
            throw KerfError(.notReady, "no tokens are set", remedy: "call setTokens first")
        }
        timeline.measure(.embeddingLookup) {
            tokens.withUnsafeBufferPointer { tokens in
                table.gather(tokens, into: boundary(after: 0).activation, threads: context.threads)
            }
            if let scale = model.variant.embeddingScale {
                let rows = boundary(after: 0).activation
                kerf_scale(context.threads, rows.count, Float(scale), rows.start)
            }
        }
    }

    private func headWeights() throws -> (norm: AlignedBuffer, matrix: FrozenMatrix) {
        guard let norm = weights.finalNorm, let matrix = weights.headMatrix else {
            throw notInMemory(model.blockCount + 1)
        }
        return (norm, matrix)
    }

    private func blockWeights(_ layer: Int) throws -> BlockWeights {
        guard let weights = weights[layer - 1] else { throw notInMemory(layer) }
        return weights
    }

    private func notInMemory(_ layer: Int) -> KerfError {
        KerfError(.notReady, "the weights of layer \(layer) are not in memory", remedy: "call prepare(layer:) first")
    }

    private func knownTargets() throws -> [Int32] {
        guard !targets.isEmpty else {
            throw KerfError(.notReady, "no targets are set", remedy: "call setTargets first")
        }
        return targets
    }
}
