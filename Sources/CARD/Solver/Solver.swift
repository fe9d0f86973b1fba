import Glibc
import Statistics
import SystemIO

/// Finds the cut and the server frequency of least cost, exactly: every cut is evaluated at its best frequency.
///
///     U(c,f) = w (D - Dmin)/(Dmax - Dmin) + (1-w) (E - Emin)/(Emax - Emin)
///
/// Corners and ranges include the cuts that limits exclude: a limit removes choices and does not change the relative
/// weight of seconds and joules.
package struct Solver: Sendable {
    /// Costs closer than this are a tie. Cost is a share, of the order of 1.
    package static let tieTolerance = 1e-9

    package let model: CutModel
    /// Weight of delay; energy has the weight 1 - `weight`.
    package let weight: Double
    package let normalizers: Normalizers

    package var delayNormalizer: Normalizer { normalizers.delay }
    package var energyNormalizer: Normalizer { normalizers.energy }

    /// - Parameter normalizers: of a choice that has more alternatives than the model's cuts; `nil` for the model's own.
    /// - Throws: ``KerfError``: a weight outside 0...1; no values of energy and a weight below 1; no allowed cut.
    package init(model: CutModel, weight: Double, normalizers: Normalizers? = nil) throws(KerfError) {
        guard weight >= 0, weight <= 1 else {
            throw KerfError(
                .invalidArgument, "the weight must be between 0 and 1", remedy: "0.2 is usual: energy counts more")
        }
        guard let serverOnly = model.cuts.first, let deviceOnly = model.cuts.last else {
            throw KerfError(.incomplete, "the model has no cut")
        }
        guard weight == 1 || model.cuts.allSatisfy({ $0.serverJoules != nil }) else {
            throw KerfError(
                .noEnergy, "the server's energy is not known, and weight \(weight) needs it",
                remedy: .declaredServerPower)
        }
        guard model.cuts.contains(where: { $0.exclusion == nil }) else {
            let reasons = [serverOnly, deviceOnly].compactMap { cut in cut.exclusion.map { "cut \(cut.cut) \($0)" } }
            throw KerfError(
                .infeasible, "no cut is allowed: \(reasons.joined(separator: ", "))",
                remedy: "allow more memory or a lower privacy floor")
        }
        self.model = model
        self.weight = weight
        self.normalizers =
            normalizers ?? Normalizers(of: [CostCorners(model, serverOnly: serverOnly, deviceOnly: deviceOnly)])
    }

    /// U of a cut at the frequency `ratio` · f0.
    package func cost(_ cut: CutCost, ratio: Double) -> Double {
        normalizers.cost(
            delay: model.delay(cut, ratio: ratio).total, energy: model.energy(cut, ratio: ratio)?.value,
            weight: weight)
    }

    package func solve() -> Solution {
        let outcomes = model.cuts.map { cut in
            let ratio = bestRatio(cut)
            return CutOutcome(cut: cut, ratio: ratio, cost: cost(cut, ratio: ratio))
        }
        let allowed = outcomes.filter { $0.cut.exclusion == nil }
        let least = allowed.map(\.cost).min() ?? 0
        let tied = allowed.filter { $0.cost <= least + Self.tieTolerance }
        // Of equal cuts, the one with the least server energy, then the lowest (min keeps the first).
        let chosen = tied.min { left, right in
            let energies = [left, right].map { model.energy($0.cut, ratio: $0.ratio)?.value ?? 0 }
            return energies[0] < energies[1]
        }
        return Solution(outcomes: outcomes, chosen: chosen ?? allowed[0], tied: tied.map(\.cut.cut))
    }
}

/// The best server frequency of one cut.
extension Solver {
    /// The best frequency for a cut, as a ratio to f0. A cut that leaves the server no work gets the lowest.
    ///
    /// Where time is proportional to 1/f and energy to f², U as a function of f is b/f + k f² plus a constant, convex
    /// for f > 0; its minimum is at
    ///
    ///     (f/f0)³ = w ΔE t_srv / (2 (1-w) ΔD e_srv)
    ///
    /// and, clipped to the frequency limits, the best allowed one. With the paper's e_srv = ξ f0³ t_srv this is f*³ = w
    /// ΔE / (2 ξ (1-w) ΔD), the same for every cut. Idle power while waiting does not depend on f. Discrete steps are
    /// all evaluated. With overlap and continuous frequencies, U is a maximum of convex functions and is minimized by a
    /// search.
    package func bestRatio(_ cut: CutCost) -> Double {
        guard cut.serverSeconds.value > 0 else { return model.frequency.lowestRatio }
        if let steps = model.frequency.stepRatios { return bestStep(cut, steps) }
        return model.hasClosedForm(cut) ? closedForm(cut) : search(cut)
    }

    private func closedForm(_ cut: CutCost) -> Double {
        let (low, high) = (model.frequency.lowestRatio, model.frequency.highestRatio)
        guard let delaySpan = delayNormalizer.span, weight > 0 else { return low }
        guard let energySpan = energyNormalizer.span, weight < 1, let joules = cut.serverJoules?.value, joules > 0
        else { return high }
        let cube = weight * energySpan * cut.serverSeconds.value / (2 * (1 - weight) * delaySpan * joules)
        return min(max(cbrt(cube), low), high)
    }

    /// The step of least cost. A share of 1e-10 of the energy is added, so that of steps with equal cost the one with
    /// less energy is taken.
    private func bestStep(_ cut: CutCost, _ steps: [Double]) -> Double {
        func costWithEnergy(_ ratio: Double) -> Double {
            cost(cut, ratio: ratio)
                + 1e-10 * (model.energy(cut, ratio: ratio).map { energyNormalizer.share($0.value) } ?? 0)
        }
        return steps.min { costWithEnergy($0) < costWithEnergy($1) } ?? model.frequency.lowestRatio
    }

    /// The minimum of a convex function. Of equal values the lower frequency is taken, which spends less energy.
    private func search(_ cut: CutCost) -> Double {
        let (low, high) = (model.frequency.lowestRatio, model.frequency.highestRatio)
        guard low < high else { return low }
        let inside = GoldenSection.minimum(
            from: low, to: high, tolerance: 1e-12 * (high - low), prefersLower: true
        ) { cost(cut, ratio: $0) }
        // A minimum at an end of the range is reached exactly only there.
        return bestStep(cut, [low, inside, high])
    }
}

/// A cut at a frequency, and its cost.
package struct CutOutcome: Sendable, Hashable {
    package var cut: CutCost
    package var ratio: Double
    package var cost: Double
}

/// Every cut at its best frequency, and the best of them.
package struct Solution: Sendable, Hashable {
    package var outcomes: [CutOutcome]
    package var chosen: CutOutcome
    /// All cuts of the same cost as the chosen one, itself included.
    package var tied: [Int]
}
