import ModelFiles

/// Where the LoRA pairs of one block stand in one contiguous array of numbers.
///
/// The projections with the same input come together, first their A, then their B, so that the A of a group are one
/// matrix.
package struct AdapterLayout: Sendable, Hashable {
    package struct Pair: Sendable, Hashable {
        package let projection: Projection
        /// `[rank, inputSize]`, row-major.
        package let a: Range<Int>
        /// `[outputSize, rank]`, row-major.
        package let b: Range<Int>
    }

    /// In memory order.
    package let pairs: [Pair]
    /// Numbers of one block.
    package let count: Int

    package init(model: ModelConfig, lora: LoRAConfiguration) {
        var end = 0
        func next(_ count: Int) -> Range<Int> {
            defer { end += count }
            return end..<end + count
        }
        pairs = ProjectionGroup.allCases.flatMap { group in
            let targets = lora.targets(in: group)
            let a = targets.map { next(lora.rank * model.shape(of: $0).columns) }
            return zip(targets, a).map { target, a in
                Pair(projection: target, a: a, b: next(lora.rank * model.shape(of: target).rows))
            }
        }
        count = end
    }
}
