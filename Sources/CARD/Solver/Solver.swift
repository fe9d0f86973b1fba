import Statistics
import SystemIO

/// Finds the cut and the server clock of least cost, exactly: every cut is tried, each at its best clock.
///
///     U(c,f) = w (D - Dmin)/(Dmax - Dmin) + (1-w) (E - Emin)/(Emax - Emin)
///
/// Corners and ranges are those of all cuts, also of those that limits exclude: a limit takes choices away and does not
/// change what a second is worth.
package struct Solver: Sendable {
    /// Costs closer than this are a tie. Cost is a share, of the order of 1.
    package static let tieTolerance = 1e-9

    package let model: CutModel
    /// Of delay; 1 - weight of energy.
    package let weight: Double
    package let delayNormaliser: Normalizer
    package let energyNormaliser: Normalizer

    /// - Throws: ``KerfError``: a weight outside 0...1; no energy figures and a weight below 1.
    package init(model: CutModel, weight: Double) throws(KerfError) {
        guard weight >= 0, weight <= 1 else {
            throw KerfError(
                .invalidArgument, "weight must be between 0 and 1", remedy: "0.2 is usual: energy counts more")
        }
        guard let serverOnly = model.cuts.first, let deviceOnly = model.cuts.last else {
            throw KerfError(.incomplete, "the model has no cut")
        }
        guard weight == 1 || model.cuts.allSatisfy({ $0.serverJoules != nil }) else {
            throw KerfError(
                .noEnergy, "no figure of the server's energy, and weight \(weight) asks for one",
                remedy: "declare its power with --server-power WATTS, or count delay only with --weight 1")
        }
        guard model.cuts.contains(where: { $0.exclusion == nil }) else {
            let reasons = [serverOnly, deviceOnly].compactMap { cut in cut.exclusion.map { "cut \(cut.cut) \($0)" } }
            throw KerfError(
                .infeasible, "no cut is allowed: \(reasons.joined(separator: ", "))",
                remedy: "allow more memory or a lower privacy floor")
        }
        self.model = model
        self.weight = weight
        let (low, high) = (model.clock.lowestRatio, model.clock.highestRatio)
        let delays = model.cuts.flatMap { [model.delay($0, ratio: low).total, model.delay($0, ratio: high).total] }
        delayNormaliser = Normalizer(
            least: model.delay(serverOnly, ratio: high).total, greatest: model.delay(deviceOnly, ratio: low).total,
            values: delays)
        let energies = model.cuts.flatMap { cut in [low, high].compactMap { model.energy(cut, ratio: $0)?.value } }
        if let least = model.energy(deviceOnly, ratio: low), let greatest = model.energy(serverOnly, ratio: high) {
            energyNormaliser = Normalizer(least: least.value, greatest: greatest.value, values: energies)
        } else {
            energyNormaliser = Normalizer()
        }
    }

    /// U of a cut at the clock `ratio` · f0.
    package func cost(_ cut: CutCost, ratio: Double) -> Double {
        let energy = model.energy(cut, ratio: ratio).map { energyNormaliser.share($0.value) } ?? 0
        return weight * delayNormaliser.share(model.delay(cut, ratio: ratio).total) + (1 - weight) * energy
    }

    package func solve() -> Solution {
        let outcomes = model.cuts.map { cut in
            let ratio = bestRatio(cut)
            return CutOutcome(cut: cut, ratio: ratio, cost: cost(cut, ratio: ratio))
        }
        let allowed = outcomes.filter { $0.cut.exclusion == nil }
        let least = allowed.map(\.cost).min() ?? 0
        let tied = allowed.filter { $0.cost <= least + Self.tieTolerance }
        // Of equals, the one that spends less of the server's energy, then the lower cut (min keeps the first).
        let chosen = tied.min { left, right in
            let energies = [left, right].map { model.energy($0.cut, ratio: $0.ratio)?.value ?? 0 }
            return energies[0] < energies[1]
        }
        return Solution(outcomes: outcomes, chosen: chosen ?? allowed[0], tied: tied.map(\.cut.cut))
    }
}

/// A cut at a clock, and what it costs.
package struct CutOutcome: Sendable, Hashable {
    package var cut: CutCost
    package var ratio: Double
    package var cost: Double
}

/// Every cut at its best clock, and the best of them.
package struct Solution: Sendable, Hashable {
    package var outcomes: [CutOutcome]
    package var chosen: CutOutcome
    /// All cuts that cost the same as the chosen one, itself included.
    package var tied: [Int]
}
