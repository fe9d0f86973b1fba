import ModelFiles

/// Size of the scratch memory of CKernels' attention kernels, computed from the shapes alone.
///
/// The layout is that of `attention_forward.c` and `attention_backward.c`: each thread has panels of keys and values, a
/// block of scores, and sums, each rounded up to whole vectors. A test compares both with the C functions
/// `kerf_attention_forward_scratch` and `kerf_attention_backward_scratch`.
package struct AttentionScratch: Sendable, Hashable {
    private let headSize: Int
    private let sequence: Int
    private let format: NumberFormat
    private let threadCount: Int
    /// Number of parts into which the query heads of one key head are divided, so that every thread has work.
    package let parts: Int

    private static let lanes = 16
    private static let panelColumns = 64
    private static let queryRows = 48
    private static let keyBlock = 192

    package init(_ model: ModelConfig, _ batch: BatchShape, _ format: NumberFormat, threadCount: Int) {
        headSize = model.headSize
        sequence = batch.sequence
        self.format = format
        self.threadCount = threadCount
        let group = model.headCount / model.keyValueHeadCount
        let units = batch.batch * model.keyValueHeadCount
        parts =
            (1..<max(1, group)).first { parts in
                group % parts == 0
                    && ((units * parts) % threadCount == 0 || units * parts >= 8 * threadCount)
            } ?? group
    }

    /// Bytes for all threads: the maximum of the forward and the backward pass.
    package var byteCount: Int { 4 * threadCount * max(forwardElements, backwardElements) }

    /// Elements of 32 bits for one thread.
    private var forwardElements: Int {
        Self.sum([
            columns * depth, summed(columns) * width, Self.queryRows * columns, Self.queryRows * width, Self.queryRows,
        ])
    }

    private var backwardElements: Int {
        let block = Self.queryRows * Self.keyBlock
        let pairs = format == .bf16 ? block / 2 : 0
        return Self.sum([
            columns * depth, columns * depth, summed(columns) * width, summed(Self.queryRows) * width,
            summed(Self.queryRows) * width, columns * width, columns * width, block, block, pairs, pairs,
            Self.queryRows * width, Self.queryRows,
        ])
    }

    private var width: Int { Self.roundedUp(headSize, to: Self.lanes) }
    private var depth: Int { format == .bf16 ? headSize / 2 : headSize }
    private var columns: Int { Self.roundedUp(sequence, to: Self.panelColumns) }

    /// Stored rows of an operand whose rows are summed over: bf16 stores them in pairs.
    private func summed(_ rows: Int) -> Int { format == .bf16 ? (rows + 1) / 2 : rows }

    private static func sum(_ elements: [Int]) -> Int { elements.reduce(0) { $0 + roundedUp($1, to: lanes) } }

    private static func roundedUp(_ count: Int, to step: Int) -> Int { (count + step - 1) / step * step }
}
