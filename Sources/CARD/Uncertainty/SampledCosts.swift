import Statistics

/// Costs of a solution's cuts as a function of one row of numbers, which differs between Monte Carlo samples.
///
/// Delays and energies are sums of the measured values, so that a change of a value changes the row in proportion.
/// Costs are not: the normalizers come from the corners, and where those are close together, a small error of a time
/// changes the value of a second or the method of normalization. So errors are added to this row, and costs computed
/// from it.
struct SampledCosts {
    /// Delay and energy of every allowed cut at its chosen frequency; then of every cut at the lowest and the highest
    /// frequency.
    let row: [Double]
    private let allowed: Int
    private let cuts: Int
    private let weight: Double

    /// - Parameter outcomes: the allowed cuts at their chosen frequencies; their costs come from the solver's model.
    init(_ solver: Solver, _ outcomes: [CutOutcome]) {
        let model = solver.model
        func values(_ cut: CutCost, _ ratio: Double) -> [Double] {
            [model.delay(cut, ratio: ratio).total, model.energy(cut, ratio: ratio)?.value ?? 0]
        }
        row =
            outcomes.flatMap { values(model.cuts[$0.cut.cut], $0.ratio) }
            + model.cuts.flatMap {
                values($0, model.frequency.lowestRatio) + values($0, model.frequency.highestRatio)
            }
        allowed = outcomes.count
        cuts = model.cuts.count
        weight = solver.weight
    }

    /// U of every allowed cut for a row.
    func costs(_ row: [Double]) -> [Double] {
        let (delay, energy) = (normalizer(row, 0), normalizer(row, 1))
        return (0..<allowed).map {
            weight * delay.share(row[2 * $0]) + (1 - weight) * energy.share(row[2 * $0 + 1])
        }
    }

    /// The normalizer of delay (0) or energy (1), as in ``Solver``.
    private func normalizer(_ row: [Double], _ term: Int) -> Normalizer {
        let start = 2 * allowed + term
        let highOfServerOnly = start + 2
        let lowOfDeviceOnly = start + 4 * (cuts - 1)
        return Normalizer(
            least: row[term == 0 ? highOfServerOnly : lowOfDeviceOnly],
            greatest: row[term == 0 ? lowOfDeviceOnly : highOfServerOnly],
            values: stride(from: start, to: row.count, by: 2).map { row[$0] })
    }
}

/// Sums of rows, element by element.
extension [Double] {
    mutating func add(_ other: [Double], times factor: Double = 1) {
        for place in indices { self[place] += factor * other[place] }
    }

    func adding(_ other: [Double]) -> [Double] {
        var sum = self
        sum.add(other)
        return sum
    }
}
