import Statistics

/// What the costs of a solution's cuts are computed from, as one row of numbers in which worlds differ.
///
/// Delays and energies are sums of the figures, so a change of a figure changes the row in proportion. Costs are not:
/// the normalizers come from the corners, and where those lie close together a small error of a time changes what a
/// second is worth, or which way of normalising applies. So worlds are made in this row, and costs from it anew.
struct SampledCosts {
    /// Delay and energy of every allowed cut at its chosen clock; then of every cut at the lowest and highest clock.
    let row: [Double]
    private let allowed: Int
    private let cuts: Int
    private let weight: Double

    /// - Parameter outcomes: the allowed cuts at their chosen clocks; their figures are taken from the solver's model.
    init(_ solver: Solver, _ outcomes: [CutOutcome]) {
        let model = solver.model
        func figures(_ cut: CutCost, _ ratio: Double) -> [Double] {
            [model.delay(cut, ratio: ratio).total, model.energy(cut, ratio: ratio)?.value ?? 0]
        }
        row =
            outcomes.flatMap { figures(model.cuts[$0.cut.cut], $0.ratio) }
            + model.cuts.flatMap {
                figures($0, model.clock.lowestRatio) + figures($0, model.clock.highestRatio)
            }
        allowed = outcomes.count
        cuts = model.cuts.count
        weight = solver.weight
    }

    /// U of every allowed cut in a world with this row.
    func costs(_ row: [Double]) -> [Double] {
        let (delay, energy) = (normalizer(row, 0), normalizer(row, 1))
        return (0..<allowed).map {
            weight * delay.share(row[2 * $0]) + (1 - weight) * energy.share(row[2 * $0 + 1])
        }
    }

    /// Of delay (0) or energy (1), as the solver has it.
    private func normalizer(_ row: [Double], _ figure: Int) -> Normalizer {
        let start = 2 * allowed + figure
        let highOfServerOnly = start + 2
        let lowOfDeviceOnly = start + 4 * (cuts - 1)
        return Normalizer(
            least: row[figure == 0 ? highOfServerOnly : lowOfDeviceOnly],
            greatest: row[figure == 0 ? lowOfDeviceOnly : highOfServerOnly],
            values: stride(from: start, to: row.count, by: 2).map { row[$0] })
    }
}
