import ModelFiles

/// How the head divides the rows of a batch into chunks, and what its forward pass saves for the backward pass.
///
/// The logits of a whole batch may be larger than the model. Where their gradient takes little memory, the forward pass
/// also computes the gradient, and the backward pass is a single product. Otherwise both passes process the rows in
/// chunks and the backward pass recomputes the logits, which costs one more product than the mathematics needs.
package struct HeadPlan {
    /// Whether the forward pass saves the logits' gradient of the whole batch.
    package let keepsGradient: Bool
    /// Rows of one chunk in the forward and in the backward pass; the last chunk may have fewer.
    package let forwardRows, backwardRows: Int
    /// Whether the matrix is stored in the engine's own layout, if it has one.
    package let isPacked: Bool

    package init(_ model: ModelConfig, _ batch: BatchShape, _ format: NumberFormat, _ limits: MemoryLimits) {
        let tokens = batch.tokenCount
        keepsGradient = tokens <= limits.keptLogitsBytes / format.byteCount / model.vocabularySize
        // As many as the logits' memory allows, in equal chunks.
        let maximumRows = max(1, limits.logitsBytes / MemoryLayout<Float>.stride / model.vocabularySize)
        let chunks = (tokens + maximumRows - 1) / maximumRows
        let chunkRows = (tokens + chunks - 1) / chunks
        // In f32 the gradient overwrites the logits, so all of them are in memory at once.
        forwardRows = keepsGradient && format == .f32 ? tokens : chunkRows
        backwardRows = keepsGradient ? tokens : chunkRows
        // The layout may depend on the number of rows.
        isPacked =
            tokens.isMultiple(of: chunkRows)
            && 2 * format.byteCount * model.vocabularySize * model.hiddenSize <= limits.packedHeadBytes
    }

    /// The row counts of all products when a batch is processed in chunks of `rows`: a full chunk's and the last one's.
    package static func rowCounts(_ tokenCount: Int, by rows: Int) -> Set<Int> {
        [rows, tokenCount % rows == 0 ? rows : tokenCount % rows]
    }
}
