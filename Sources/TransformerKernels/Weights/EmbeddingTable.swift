import CKernels
import ModelFiles
import Workload

/// The embedding in memory, from which rows are read.
struct EmbeddingTable {
    /// `[vocabularySize, hiddenSize]`.
    let matrix: AlignedBuffer
    let vocabularySize: Int
    let hiddenSize: Int
    /// One that is the same for both directions.
    let layout: WeightLayout
    let quantization: QuantizedFormat?

    /// - Parameters:
    ///   - tokens: ids below ``vocabularySize``.
    ///   - rows: f32, `[tokens, hiddenSize]`.
    func gather(_ tokens: UnsafeBufferPointer<Int32>, into rows: AlignedBuffer, threads: Int32) {
        guard let ids = tokens.baseAddress else { return }
        if layout == .panels {
            kerf_frozen_gather(
                threads, tokens.count, vocabularySize, hiddenSize,
                kerf_weight_format(quantization, else: matrix.format), matrix.raw, ids, rows.start)
        } else {
            kerf_embedding_gather(
                threads, tokens.count, hiddenSize, matrix.format.kernel, matrix.raw, ids, rows.start)
        }
    }
}
