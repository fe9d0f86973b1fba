import ModelFiles

/// Low-rank adapters on frozen weights: y = x Wᵀ + (alpha / rank) (x Aᵀ) Bᵀ (Hu et al., "LoRA", ICLR 2022).
///
/// A is `[rank, input]`, B is `[output, rank]`; every block has one pair for each target.
package struct LoRAConfiguration: Sendable, Hashable {
    package let rank: Int
    package let alpha: Double
    /// Unique, in the order of ``Projection``'s cases. Empty when nothing is trained.
    package let targets: [Projection]

    package init(rank: Int, alpha: Double, targets: some Sequence<Projection>) {
        self.rank = rank
        self.alpha = alpha
        let unique = Set(targets)
        self.targets = Projection.allCases.filter(unique.contains)
    }

    /// Factor of the low-rank product.
    package var scale: Double { alpha / Double(rank) }

    /// Trained parameters of one block.
    package func parameterCount(_ model: ModelConfig) -> Int {
        targets.reduce(0) { sum, target in
            let shape = model.shape(of: target)
            return sum + rank * (shape.rows + shape.columns)
        }
    }
}

/// The projections of a block that have the same input.
package enum ProjectionGroup: Int, CaseIterable {
    case qkv, output, gateUp, down

    package var projections: [Projection] {
        switch self {
        case .qkv: [.q, .k, .v]
        case .output: [.o]
        case .gateUp: [.gate, .up]
        case .down: [.down]
        }
    }
}

extension LoRAConfiguration {
    package func targets(in group: ProjectionGroup) -> [Projection] { group.projections.filter(targets.contains) }

    /// Sum of the ranks of a group's targets; 0 without targets.
    package func rank(of group: ProjectionGroup) -> Int { rank * targets(in: group).count }

    /// Rank of the group with the most targets.
    package var maximumGroupRank: Int { ProjectionGroup.allCases.map(rank(of:)).max() ?? 0 }

    /// Elements of the largest low-rank matrix in panels of 16 columns: one projection's B or one group's A.
    package func panelCount(_ model: ModelConfig) -> Int {
        func count(_ rank: Int, _ width: Int) -> Int { rank * ((width + 15) / 16 * 16) }
        return ProjectionGroup.allCases.flatMap { group in
            targets(in: group).map { target in
                let shape = model.shape(of: target)
                return max(count(rank(of: group), shape.columns), count(rank, shape.rows))
            }
        }.max() ?? 0
    }
}
