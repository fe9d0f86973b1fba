import Quantities
import Statistics

/// Turns a solution into the fields of a decision file.
struct DecisionAssembly {
    let solver: Solver
    let solution: Solution

    private var model: CutModel { solver.model }

    var cuts: [DecidedCut] { solution.outcomes.map(decided) }

    var choice: Choice {
        Choice(cut: solution.chosen.cut.cut, kind: kind(solution.chosen.cut), tiedCuts: solution.tied)
    }

    /// Everything on the server at its highest frequency, and everything on the device.
    var baselines: [Baseline] {
        let corners = [
            model.cuts.first.map { ($0, model.frequency.highestRatio) },
            model.cuts.last.map { ($0, model.frequency.lowestRatio) },
        ]
        let chosen = decided(solution.chosen)
        return corners.compactMap { $0 }.map { cut, ratio in
            let at = decided(CutOutcome(cut: cut, ratio: ratio, cost: solver.cost(cut, ratio: ratio)))
            return Baseline(
                kind: kind(cut), at: at,
                delaySavingPercent: saving(chosen.delaySeconds, against: at.delaySeconds),
                energySavingPercent: saving(chosen.serverEnergyJoules, against: at.serverEnergyJoules))
        }
    }

    /// How delay and energy were made comparable, one sentence each.
    var normalizerAssumptions: [String] {
        [("Delay", solver.delayNormalizer), ("Energy", solver.energyNormalizer)].map { name, normalizer in
            switch normalizer.method {
            case .corners:
                "\(name) is normalized between server-only at the highest frequency and device-only at the lowest."
            case .range:
                "\(name) is normalized between the extremes of all cuts: the corners (server-only, device-only) are "
                    + "not in the order that the paper's form expects."
            case .constant: "\(name) is the same for all cuts and is left out of the cost."
            case .unavailable: "\(name) has no values and is left out of the cost."
            }
        }
    }

    private func kind(_ cut: CutCost) -> Choice.Kind {
        cut.cut == 0 ? .serverOnly : cut.cut == model.cuts.last?.cut ? .deviceOnly : .split
    }

    private func decided(_ outcome: CutOutcome) -> DecidedCut {
        let energy = model.energy(outcome.cut, ratio: outcome.ratio)
        return DecidedCut(
            cut: outcome.cut.cut, frequencyHertz: frequency(outcome.ratio),
            delaySeconds: quantity(model.delayEstimate(outcome.cut, ratio: outcome.ratio), model.delayOrigin),
            delayParts: model.delay(outcome.cut, ratio: outcome.ratio),
            serverEnergyJoules: energy.map { quantity($0, model.energyOrigin) }
                ?? .unavailable("the server's energy is not known; its power can be declared"),
            cost: outcome.cost, exclusion: outcome.cut.exclusion)
    }

    private func frequency(_ ratio: Double) -> Quantity {
        guard let reference = model.frequency.referenceHertz else {
            return .unavailable("the server does not report its frequency; it stays as it was profiled")
        }
        return Quantity(
            value: ratio * reference, origin: Origin.weakest([.modelled, model.frequency.origin]),
            reason: model.frequency.isChosen
                ? "chosen within the server's limits" : "the server's frequency cannot be set")
    }

    private func quantity(_ estimate: Estimate, _ origin: Origin) -> Quantity {
        var estimate = estimate
        // An empty sum has no observation behind it.
        if estimate.count == .max { estimate.count = 0 }
        return Quantity(
            estimate, origin: origin,
            reason: estimate.halfWidth.isFinite
                ? "from the layers' values and their intervals" : "a value of the model, without an interval")
    }

    private func saving(_ chosen: Quantity, against baseline: Quantity) -> Double? {
        guard let chosen = chosen.value, let baseline = baseline.value, baseline > 0 else { return nil }
        return 100 * (baseline - chosen) / baseline
    }
}
