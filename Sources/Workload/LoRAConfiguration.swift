import ModelFiles

/// Low-rank adapters on frozen weights: y = x Wᵀ + (alpha / rank) (x Aᵀ) Bᵀ (Hu et al., "LoRA", ICLR 2022).
///
/// A is `[rank, input]`, B is `[output, rank]`; every block has one pair for each target.
package struct LoRAConfiguration: Sendable, Hashable {
    package let rank: Int
    package let alpha: Double
    /// Without repeats, in the order of ``Projection``'s cases. Empty means that nothing is trained.
    package let targets: [Projection]

    package init(rank: Int, alpha: Double, targets: some Sequence<Projection>) {
        self.rank = rank
        self.alpha = alpha
        let asked = Set(targets)
        self.targets = Projection.allCases.filter(asked.contains)
    }

    /// What the low-rank product is multiplied by.
    package var scale: Double { alpha / Double(rank) }

    /// Trained parameters of one block.
    package func parameterCount(_ model: ModelConfig) -> Int {
        targets.reduce(0) { sum, target in
            let shape = model.shape(of: target)
            return sum + rank * (shape.rows + shape.columns)
        }
    }
}
