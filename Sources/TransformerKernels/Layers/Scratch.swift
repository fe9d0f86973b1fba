import CKernels
import ModelFiles
import Workload

/// Scratch memory that all layers of a stack share; its contents are not needed after a layer's pass.
final class Scratch {
    /// `[tokens, hiddenSize]`: a norm's output.
    let normed: AlignedBuffer
    /// f32, `[tokens, hiddenSize]`: the gradient of a norm's output, and that of the stream between attention and MLP.
    let normedGradient, stream: AlignedBuffer
    /// `[tokens, hiddenSize]`: a gradient of the stream, in the format of the products; empty when that is f32.
    let streamGradient: AlignedBuffer
    /// `[tokens, intermediateSize]`: SwiGLU's output; its gradient, later that of gate; the gradient of up.
    let mlp, gateGradient, upGradient: AlignedBuffer
    /// `[tokens, querySize]`
    let attendedGradient, queryGradient: AlignedBuffer
    /// `[tokens, keyValueSize]`
    let keyGradient, valueGradient: AlignedBuffer
    /// f32, `[tokens, keyValueSize * parts]`, for the parts into which attention's heads are divided; empty with one part.
    let keyGradientParts, valueGradientParts: AlignedBuffer
    /// f32, `[tokens, maximum rank of a group]`
    let lowRankGradient: AlignedBuffer
    /// f32: one matrix of a LoRA pair in the kernels' layout, or its gradient.
    let lowRankPanels: AlignedBuffer
    /// Scratch memory of attention's kernels.
    let attention: AlignedBuffer

    init(
        model: ModelConfig, batch: BatchShape, lora: LoRAConfiguration, format: NumberFormat, threadCount: Int,
        hasBlocks: Bool, hasHead: Bool, memory: BufferAllocator
    ) throws {
        func rows(
            of width: Int, _ format: NumberFormat = .f32, if needed: Bool
        ) throws -> AlignedBuffer {
            try memory.buffer(needed ? batch.tokenCount : 0, width, format: format, for: "scratch memory")
        }
        normed = try rows(of: model.hiddenSize, format, if: hasBlocks)
        normedGradient = try rows(of: model.hiddenSize, if: hasBlocks || hasHead)
        stream = try rows(of: model.hiddenSize, if: hasBlocks)
        streamGradient = try rows(of: model.hiddenSize, format, if: hasBlocks && format != .f32)
        mlp = try rows(of: model.intermediateSize, format, if: hasBlocks)
        gateGradient = try rows(of: model.intermediateSize, format, if: hasBlocks)
        upGradient = try rows(of: model.intermediateSize, format, if: hasBlocks)
        attendedGradient = try rows(of: model.querySize, format, if: hasBlocks)
        queryGradient = try rows(of: model.querySize, format, if: hasBlocks)
        keyGradient = try rows(of: model.keyValueSize, format, if: hasBlocks)
        valueGradient = try rows(of: model.keyValueSize, format, if: hasBlocks)

        var shape = Attention.shape(model, batch, format, threadCount: threadCount)
        let parts = shape.parts > 1 ? model.keyValueSize * shape.parts : 0
        keyGradientParts = try rows(of: parts, if: hasBlocks)
        valueGradientParts = try rows(of: parts, if: hasBlocks)
        let threads = Int32(threadCount)
        let bytes = max(
            kerf_attention_forward_scratch(&shape, threads), kerf_attention_backward_scratch(&shape, threads))
        attention = try memory.buffer(
            hasBlocks ? bytes / MemoryLayout<Float>.stride : 0, for: "attention scores")

        lowRankGradient = try rows(of: lora.maximumGroupRank, if: hasBlocks)
        lowRankPanels = try memory.buffer(hasBlocks ? lora.panelCount(model) : 0, for: "scratch memory")
    }

    /// Memory that prepared products share. Its size is known when all products are prepared.
    private(set) var product = AlignedBuffer(count: 0)!

    func makeProductMemory(byteCount: Int, memory: BufferAllocator) throws {
        product = try memory.buffer((byteCount + 3) / 4, for: "scratch memory")
    }

    var byteCount: Int {
        [
            normed, normedGradient, stream, streamGradient, mlp, gateGradient, upGradient, attendedGradient,
            queryGradient, keyGradient, valueGradient, keyGradientParts, valueGradientParts, lowRankGradient,
            lowRankPanels, attention, product,
        ].reduce(0) { $0 + $1.byteCount }
    }
}
