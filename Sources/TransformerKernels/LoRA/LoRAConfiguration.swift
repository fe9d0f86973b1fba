public import ModelFiles

/// Low-rank adapters on frozen weights: y = x Wᵀ + (alpha / rank) (x Aᵀ) Bᵀ (Hu et al., "LoRA", ICLR 2022).
///
/// A is `[rank, input]`, B is `[output, rank]`; every block has one pair for each target.
public struct LoRAConfiguration: Sendable, Hashable {
    public let rank: Int
    public let alpha: Double
    /// Without repeats, in the order of ``Projection``'s cases. Empty means that nothing is trained.
    public let targets: [Projection]

    public init(rank: Int, alpha: Double, targets: some Sequence<Projection>) {
        self.rank = rank
        self.alpha = alpha
        let asked = Set(targets)
        self.targets = Projection.allCases.filter(asked.contains)
    }

    /// What the low-rank product is multiplied by.
    public var scale: Double { alpha / Double(rank) }

    /// Trained parameters of one block.
    public func parameterCount(_ model: ModelConfig) -> Int {
        targets.reduce(0) { sum, target in
            let shape = model.shape(of: target)
            return sum + rank * (shape.rows + shape.columns)
        }
    }
}
