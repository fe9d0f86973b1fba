import ModelFiles

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

    /// Of all a group's targets together; 0 without any.
    package func rank(of group: ProjectionGroup) -> Int { rank * targets(in: group).count }

    /// Of the group with the most targets.
    package var widestRank: Int { ProjectionGroup.allCases.map(rank(of:)).max() ?? 0 }

    /// Elements of the largest matrix of low rank in panels: one projection's B or one group's As.
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
