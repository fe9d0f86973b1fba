import ModelFiles
import Workload

/// Activations that one block's forward pass saves for its backward pass. With activation checkpointing all blocks save to
/// the same memory, and a backward pass begins with the forward pass that fills it.
///
/// Saved: q and k after rotation, v, the attention's output and log-sum-exp, the residual stream between attention
/// and MLP, gate and up before SwiGLU, 1 / rms of both norms, and (alpha / rank) x Aᵀ of each LoRA target. In models that
/// have them, what norms of queries and keys, and norms after attention and MLP, read. The block's input is saved by the
/// stack.
///
/// Recomputed in the backward pass, because that costs a pass over memory but no product: attention's probabilities, from
/// q, k and the log-sum-exp; and, where a LoRA target's gradient needs its input, the norms' outputs (q, k, v, gate, up)
/// and SwiGLU's output (down).
final class BlockActivations {
    /// `[tokens, querySize]`
    let query, attended: AlignedBuffer
    /// `[tokens, keyValueSize]`
    let key, value: AlignedBuffer
    /// As `query` and `key`, before the norms of queries and keys; nil without those.
    let plainQuery, plainKey: AlignedBuffer?
    /// f32, `[batch, headCount, sequence]`
    let logSumExp: AlignedBuffer
    /// f32, `[tokens, hiddenSize]`
    let middle: AlignedBuffer
    /// `[tokens, intermediateSize]`
    let gate, up: AlignedBuffer
    /// f32, `[tokens]`
    let attentionReciprocalRMS, mlpReciprocalRMS: AlignedBuffer
    /// The outputs of attention's projection and of the MLP before the norms after them; nil without those.
    let attentionOutput, mlpOutput: PostNormActivations?
    /// f32, `[tokens, rank of the group]`, indexed by the group's raw value; nil without a target in the group.
    private let lowRank: [AlignedBuffer?]

    init(
        model: ModelConfig, batch: BatchShape, lora: LoRAConfiguration, format: NumberFormat, memory: BufferAllocator
    ) throws {
        func rows(of width: Int, _ format: NumberFormat = .f32) throws -> AlignedBuffer {
            try memory.buffer(batch.tokenCount, width, format: format, for: "saved activations")
        }
        query = try rows(of: model.querySize, format)
        attended = try rows(of: model.querySize, format)
        key = try rows(of: model.keyValueSize, format)
        value = try rows(of: model.keyValueSize, format)
        let (hasHeadNorms, hasPostNorms) = (model.variant.queryKeyNorms, model.variant.postNorms)
        plainQuery = hasHeadNorms ? try rows(of: model.querySize, format) : nil
        plainKey = hasHeadNorms ? try rows(of: model.keyValueSize, format) : nil
        logSumExp = try rows(of: model.headCount)
        middle = try rows(of: model.hiddenSize)
        gate = try rows(of: model.intermediateSize, format)
        up = try rows(of: model.intermediateSize, format)
        attentionReciprocalRMS = try rows(of: 1)
        mlpReciprocalRMS = try rows(of: 1)
        func postNorm() throws -> PostNormActivations? {
            guard hasPostNorms else { return nil }
            return PostNormActivations(output: try rows(of: model.hiddenSize), reciprocalRMS: try rows(of: 1))
        }
        attentionOutput = try postNorm()
        mlpOutput = try postNorm()
        lowRank = try ProjectionGroup.allCases.map { group in
            let rank = lora.rank(of: group)
            return rank > 0 ? try rows(of: rank) : nil
        }
    }

    convenience init(_ context: LayerContext, memory: BufferAllocator) throws {
        try self.init(
            model: context.model, batch: context.batch, lora: context.lora, format: context.format, memory: memory)
    }

    func lowRank(_ group: ProjectionGroup) -> AlignedBuffer? { lowRank[group.rawValue] }

    var byteCount: Int {
        let buffers = [
            query, attended, key, value, logSumExp, middle, gate, up, attentionReciprocalRMS, mlpReciprocalRMS,
        ]
        let some = [plainQuery, plainKey] + [attentionOutput, mlpOutput].flatMap { [$0?.output, $0?.reciprocalRMS] }
        return (buffers + (some + lowRank).compactMap(\.self)).reduce(0) { $0 + $1.byteCount }
    }
}

/// What a norm after attention or MLP saves.
struct PostNormActivations {
    /// f32, `[tokens, hiddenSize]`: the norm's input.
    let output: AlignedBuffer
    /// f32, `[tokens]`
    let reciprocalRMS: AlignedBuffer
}
