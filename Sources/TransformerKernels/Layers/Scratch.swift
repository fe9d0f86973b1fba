internal import ModelFiles

/// Memory that holds nothing from one layer's pass to the next; all layers of a stack use the same.
final class Scratch {
    /// How much is computed at a time; smaller in tests, so that small models come in several pieces too.
    struct Limits {
        /// Bytes that the head's logits, and their gradient in the same place, may take.
        var logitsBytes = 64 << 20
        /// Query rows of one head whose scores are computed together.
        var attentionRows = 128
        /// Bytes that a stack may take in all.
        var memoryBytes = availableMemoryBytes()
    }

    /// `[tokens, hiddenSize]`: a norm's output; the gradient of a norm's output; a projection's output or, backwards,
    /// the gradient of the stream between attention and MLP.
    let normed, normedGradient, stream: AlignedBuffer
    /// `[tokens, intermediateSize]`: SwiGLU's output; its gradient and then gate's; up's gradient.
    let mlp, gateGradient, upGradient: AlignedBuffer
    /// `[tokens, querySize]`
    let attendedGradient, queryGradient: AlignedBuffer
    /// `[tokens, querySize]`: what each query head gives to the keys and values that it shares with its group.
    let keyGradientByHead, valueGradientByHead: AlignedBuffer
    /// `[tokens, keyValueSize]`; the same memory as the above when no heads are grouped.
    let keyGradient, valueGradient: AlignedBuffer
    /// `[tokens, rank]`
    let lowRankGradient: AlignedBuffer
    /// Scores and their gradient, `[attentionRows, sequence]` each, and `[attentionRows]` dots, for each thread.
    let attention: AlignedBuffer
    let attentionRows: Int
    let attentionStride: Int
    /// `[headRows, vocabularySize]`
    let logits: AlignedBuffer
    /// Rows of the head that are computed together.
    let headRows: Int

    init(
        model: ModelConfig, batch: BatchShape, lora: LoRAConfiguration, threadCount: Int, hasBlocks: Bool,
        hasHead: Bool,
        limits: Limits, memory: BufferAllocator
    ) throws {
        func rows(of width: Int, if needed: Bool) throws -> AlignedBuffer {
            try memory.buffer(needed ? batch.tokenCount : 0, width, for: "scratch memory")
        }
        normed = try rows(of: model.hiddenSize, if: hasBlocks)
        normedGradient = try rows(of: model.hiddenSize, if: hasBlocks || hasHead)
        stream = try rows(of: model.hiddenSize, if: hasBlocks)
        mlp = try rows(of: model.intermediateSize, if: hasBlocks)
        gateGradient = try rows(of: model.intermediateSize, if: hasBlocks)
        upGradient = try rows(of: model.intermediateSize, if: hasBlocks)
        attendedGradient = try rows(of: model.querySize, if: hasBlocks)
        queryGradient = try rows(of: model.querySize, if: hasBlocks)
        keyGradient = try rows(of: model.keyValueSize, if: hasBlocks)
        valueGradient = try rows(of: model.keyValueSize, if: hasBlocks)
        let grouped = model.headCount != model.keyValueHeadCount
        keyGradientByHead = grouped ? try rows(of: model.querySize, if: hasBlocks) : keyGradient
        valueGradientByHead = grouped ? try rows(of: model.querySize, if: hasBlocks) : valueGradient
        lowRankGradient = try rows(of: lora.targets.isEmpty ? 0 : lora.rank, if: hasBlocks)

        attentionRows = min(batch.sequence, limits.attentionRows)
        // Whole cache lines, so that threads share none.
        attentionStride = (attentionRows * (2 * batch.sequence + 1) + 15) / 16 * 16
        attention = try memory.buffer(hasBlocks ? threadCount : 0, attentionStride, for: "attention scores")

        headRows = max(
            1, min(batch.tokenCount, limits.logitsBytes / MemoryLayout<Float>.stride / model.vocabularySize))
        logits = try memory.buffer(hasHead ? headRows : 0, model.vocabularySize, for: "logits")
    }

    var byteCount: Int {
        var buffers = [
            normed, normedGradient, stream, mlp, gateGradient, upGradient, attendedGradient, queryGradient,
            keyGradient, valueGradient, lowRankGradient, attention, logits,
        ]
        if keyGradientByHead !== keyGradient { buffers += [keyGradientByHead, valueGradientByHead] }
        return buffers.reduce(0) { $0 + $1.byteCount }
    }
}
