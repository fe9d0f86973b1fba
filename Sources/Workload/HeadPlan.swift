import ModelFiles

/// How the head goes through the rows of a batch, and what it keeps from its forward for its backward pass.
///
/// The logits of a whole batch may be larger than the model. Where their gradient takes little memory, the forward pass
/// computes it too, while the logits are at hand, and the backward pass is one product. Else both passes go by chunks
/// of rows, and the backward pass computes the logits once more, one more product than the mathematics needs.
package struct HeadPlan {
    /// Whether the logits' gradient of the whole batch is kept.
    package let keepsGradient: Bool
    /// Rows that the forward and the backward pass multiply together; their last chunk may have fewer.
    package let forwardRows, backwardRows: Int
    /// Whether the matrix is multiplied in the engine's layout, if it has one.
    package let isPacked: Bool

    package init(_ model: ModelConfig, _ batch: BatchShape, _ format: NumberFormat, _ limits: MemoryLimits) {
        let tokens = batch.tokenCount
        keepsGradient = tokens <= limits.keptLogitsBytes / format.byteCount / model.vocabularySize
        // As many as the logits' memory allows, in equal chunks.
        let most = max(1, limits.logitsBytes / MemoryLayout<Float>.stride / model.vocabularySize)
        let chunks = (tokens + most - 1) / most
        let chunkRows = (tokens + chunks - 1) / chunks
        // In f32 the gradient takes the place of the logits, which are all there then.
        forwardRows = keepsGradient && format == .f32 ? tokens : chunkRows
        backwardRows = keepsGradient ? tokens : chunkRows
        // The layout may depend on the number of rows.
        isPacked =
            tokens.isMultiple(of: chunkRows)
            && 2 * format.byteCount * model.vocabularySize * model.hiddenSize <= limits.packedHeadBytes
    }

    /// All numbers of rows that are multiplied together in chunks of `rows`: the chunks', and the last one's.
    package static func rowCounts(_ tokenCount: Int, by rows: Int) -> Set<Int> {
        [rows, tokenCount % rows == 0 ? rows : tokenCount % rows]
    }
}
