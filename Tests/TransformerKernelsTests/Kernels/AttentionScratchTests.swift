import CKernels
import ModelFiles
import Testing
import Workload

@testable import TransformerKernels

/// Workload computes the size of attention's scratch memory without the C library; both must agree.
struct AttentionScratchTests {
    /// Query heads and key-value heads.
    private static let heads = [(1, 1), (2, 1), (4, 4), (6, 3), (8, 2), (12, 4), (32, 8), (32, 1), (36, 12)]
    private static let batches = [(1, 1), (1, 63), (1, 64), (1, 65), (2, 48), (3, 191), (1, 193), (5, 512), (1, 4096)]
    private static let threadCounts = [1, 2, 3, 4, 7, 16, 64]

    private func model(_ heads: (query: Int, keyValue: Int), headSize: Int) -> ModelConfig {
        ModelConfig(
            name: "heads", hiddenSize: heads.query * headSize, blockCount: 1, headCount: heads.query,
            keyValueHeadCount: heads.keyValue, headSize: headSize, intermediateSize: 64, vocabularySize: 64,
            rmsNormEpsilon: 1e-5, rope: RotaryEmbedding(theta: 10_000), tiedEmbeddings: true)
    }

    @Test(arguments: NumberFormat.allCases, [2, 16, 30, 64, 80, 128])
    func bothSizesAreEqual(_ format: NumberFormat, _ headSize: Int) {
        for heads in Self.heads {
            let model = model(heads, headSize: headSize)
            for (batch, sequence) in Self.batches {
                let batch = BatchShape(batch: batch, sequence: sequence)
                for threads in Self.threadCounts {
                    var shape = Attention.shape(model, batch, format, threadCount: threads)
                    let scratch = AttentionScratch(model, batch, format, threadCount: threads)
                    let bytes = max(
                        kerf_attention_forward_scratch(&shape, Int32(threads)),
                        kerf_attention_backward_scratch(&shape, Int32(threads)))
                    let what = "\(heads), \(batch), \(threads) threads"
                    #expect(scratch.byteCount == bytes, "\(what)")
                    #expect(scratch.parts == shape.parts, "\(what)")
                }
            }
        }
    }

    /// The shapes above must reach both branches of the division into parts.
    @Test func someShapesAreDivided() {
        let parts = Self.heads.flatMap { heads in
            Self.threadCounts.map { threads in
                AttentionScratch(
                    model(heads, headSize: 64), BatchShape(batch: 1, sequence: 64), .f32, threadCount: threads
                ).parts
            }
        }
        #expect(Set(parts).count > 3)
    }
}
