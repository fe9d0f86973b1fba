import Quantities
import Statistics

/// Turns a solution into what stands in the file.
struct DecisionAssembly {
    let solver: Solver
    let solution: Solution

    private var model: CutModel { solver.model }

    var cuts: [DecidedCut] { solution.outcomes.map(decided) }

    var choice: Choice {
        Choice(cut: solution.chosen.cut.cut, kind: kind(solution.chosen.cut), tiedCuts: solution.tied)
    }

    /// Everything on the server at its highest clock, and everything on the device.
    var baselines: [Baseline] {
        let corners = [
            model.cuts.first.map { ($0, model.clock.highestRatio) },
            model.cuts.last.map { ($0, model.clock.lowestRatio) },
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

    /// How delay and energy were made comparable.
    var normaliserAssumptions: [String] {
        [("Delay", solver.delayNormaliser), ("Energy", solver.energyNormaliser)].map { name, normalizer in
            switch normalizer.method {
            case .corners:
                "\(name) is normalised between server-only at the highest clock and device-only at the lowest."
            case .range:
                "\(name) is normalised between the extremes of all cuts: the corners (server-only, device-only) are "
                    + "not in the order that the paper's form expects."
            case .constant: "\(name) is the same for all cuts and is left out of the cost."
            case .unavailable: "\(name) has no figures and is left out of the cost."
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
                ?? .unavailable("no figure of the server's energy; declare its power with --server-power"),
            cost: outcome.cost, exclusion: outcome.cut.exclusion)
    }

    private func frequency(_ ratio: Double) -> Quantity {
        guard let reference = model.clock.referenceHertz else {
            return .unavailable("the server does not tell its clock; it stays as it was profiled")
        }
        return Quantity(
            value: ratio * reference, origin: Origin.weakest([.modelled, model.clock.origin]),
            reason: model.clock.isChosen
                ? "chosen within the server's limits" : "the server's clock cannot be set")
    }

    private func quantity(_ estimate: Estimate, _ origin: Origin) -> Quantity {
        var estimate = estimate
        // The sum of nothing rests on no observation.
        if estimate.count == .max { estimate.count = 0 }
        return Quantity(
            estimate, origin: origin,
            reason: estimate.halfWidth.isFinite
                ? "from the layers' figures and their intervals" : "a figure of the model, without an interval")
    }

    private func saving(_ chosen: Quantity, against baseline: Quantity) -> Double? {
        guard let chosen = chosen.value, let baseline = baseline.value, baseline > 0 else { return nil }
        return 100 * (baseline - chosen) / baseline
    }
}
