import ModelFiles

/// The tokens of one optimizer step, divided into micro-batches.
package struct StepBatch: Sendable, Hashable {
    /// `[batch, sequence]`
    package let inputs: [Int32]
    /// `[batch, sequence]`; -1 where there is none.
    package let targets: [Int32]

    package init(inputs: [Int32], targets: [Int32]) {
        self.inputs = inputs
        self.targets = targets
    }

    /// - Parameter sequences: of the step; those that the batch lacks are filled up without targets.
    package init(_ batch: TokenBatch, sequences: Int) {
        let missing = max(0, sequences - batch.batch) * batch.length
        self.init(
            inputs: batch.inputs + [Int32](repeating: 0, count: missing),
            targets: batch.targets + [Int32](repeating: -1, count: missing))
    }

    /// Number of targets that are not negative.
    package var targetCount: Int { targets.count { $0 >= 0 } }

    /// One of `count` equal parts.
    package func part(_ index: Int, of count: Int) -> StepBatch {
        let size = inputs.count / count
        let range = index * size..<(index + 1) * size
        return StepBatch(inputs: Array(inputs[range]), targets: Array(targets[range]))
    }
}
