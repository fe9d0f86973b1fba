import Calibration
import ProfileFormat
import Quantities
import Workload

/// Measured T(f) and P(f) of the server at the frequency steps that the hardware has.
///
/// Time and energy at the running frequency f0 stay as measured, as in level B. The laws scale them: the share of each
/// pass's time that does not depend on the frequency, and the exponent of power.
struct LevelC {
    let problem: SplitProblem

    func refine(_ model: inout CutModel) {
        model.level = .frequencyLaws
        let server = problem.pairing.server
        guard let laws = server.frequencyLaws else {
            model.assumptions.append("The server's frequency was not swept, so level C equals level B here.")
            return
        }
        guard model.frequency.isChosen, let reference = model.frequency.referenceHertz else {
            model.assumptions.append("The server's frequency cannot be set, so its T(f) and P(f) have no effect.")
            return
        }
        let steps = laws.stepsHertz.filter { $0 > 0 && $0.isFinite }.sorted().map { $0 / reference }
        guard let lowest = steps.first, let highest = steps.last else {
            model.assumptions.append("The sweep of the server's frequency is empty, so level C equals level B here.")
            return
        }
        model.frequency.stepRatios = steps
        model.frequency.lowestRatio = lowest
        model.frequency.highestRatio = highest
        model.assumptions.removeAll { $0 == problem.pairing.frequencyAssumption(model.frequency) }
        model.assumptions.append(
            "The server's frequency is one of \(steps.count) swept steps; the time of each of its passes is "
                + "a + b / f.")
        for index in model.cuts.indices {
            let share = fixedShare(at: model.cuts[index].cut, laws, reference)
            // A share below zero is a law of its own range; beyond that it may lead to no time at all.
            model.cuts[index].serverFixedShare = steps.allSatisfy { share + (1 - share) / $0 > 0 } ? share : 0
        }
        refinePower(&model, laws, reference)
    }

    /// a / (a + b / f0), the mean over passes weighted by time.
    private func fixedShare(at cut: Int, _ laws: FrequencyCalibration, _ hertz: Double) -> Double {
        var (fixed, total) = (0.0, 0.0)
        for layer in problem.pairing.serverLayers(at: cut) {
            for (direction, pass) in [(Direction.forward, layer.forward), (.backward, layer.backward)] {
                guard let seconds = pass.timeSeconds.value, seconds > 0 else { continue }
                total += seconds
                fixed += seconds * (laws.fixedShare(layer.description.index, direction, atHertz: hertz) ?? 0)
            }
        }
        return total > 0 ? fixed / total : 0
    }

    private func refinePower(_ model: inout CutModel, _ laws: FrequencyCalibration, _ hertz: Double) {
        let preferred = problem.account == .net ? laws.netPower ?? laws.grossPower : laws.grossPower
        guard problem.declaredServerWatts == nil, let shape = preferred?.shape(atHertz: hertz, laws.referenceHertz)
        else {
            model.assumptions.append("Power is proportional to the cube of the frequency: the sweep has no power law.")
            return
        }
        guard model.frequency.stepRatios?.allSatisfy({ shape.factor($0) > 0 }) == true else {
            model.assumptions.append(
                "Power is proportional to the cube of the frequency: the sweep's power law is not above zero at every "
                    + "step.")
            return
        }
        model.power = shape
        model.assumptions.append(
            "The server's power is P0 + k f^\(NumberText.fixed(shape.exponent, digits: 2)), "
                + "\(NumberText.percent(shape.staticShare, digits: 0)) of it independent of the frequency.")
    }
}

extension FrequencyCalibration {
    /// Share of a pass's time at a frequency that does not depend on the frequency, at most 1; `nil` without a law.
    func fixedShare(_ layer: Int, _ direction: Direction, atHertz hertz: Double) -> Double? {
        passes.first { $0.layer == layer && $0.direction == direction }?.time.fixedShare(atHertz: hertz)
    }
}

extension TimeLaw {
    /// Below zero where the time grows faster than 1/f. Taken as zero it would make slow frequencies look too fast, and the
    /// noise of many passes would not cancel out.
    func fixedShare(atHertz hertz: Double) -> Double? {
        guard let fixed = fixedSeconds.value, let whole = seconds(atHertz: hertz), whole > 0 else { return nil }
        return min(fixed / whole, 1)
    }
}

extension PowerLaw {
    /// The law relative to the power at `hertz`; `nil` where there is no fit or no power.
    func shape(atHertz hertz: Double, _ referenceHertz: Double) -> PowerShape? {
        guard let still = staticWatts.value, let dynamic = dynamicWatts.value, let exponent = exponent.value,
            referenceHertz > 0
        else { return nil }
        let unit = PowerShape(staticShare: 0, exponent: exponent)
        let whole = still + dynamic * unit.factor(hertz / referenceHertz)
        guard whole > 0, whole.isFinite else { return nil }
        return PowerShape(staticShare: still / whole, exponent: exponent)
    }
}
