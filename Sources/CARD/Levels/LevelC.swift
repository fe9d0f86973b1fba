import Calibration
import ProfileFormat
import Quantities
import Workload

/// Measured T(f) and P(f) of the server over the steps that its clock can really take.
///
/// The level of every layer stays as it was measured at the running clock f0, as in level B; the laws give the shape:
/// the share of each pass' time that does not depend on the clock, and how power goes with it.
struct LevelC {
    let problem: SplitProblem

    func refine(_ model: inout CutModel) {
        model.level = .frequencyLaws
        let server = problem.pairing.server
        guard let laws = server.frequencyLaws else {
            model.assumptions.append("The server's clock was not swept, so level C adds nothing to level B here.")
            return
        }
        guard model.clock.isChosen, let reference = model.clock.referenceHertz else {
            model.assumptions.append("The server's clock cannot be set, so its T(f) and P(f) do not matter.")
            return
        }
        let steps = laws.stepsHertz.filter { $0 > 0 && $0.isFinite }.sorted().map { $0 / reference }
        guard let lowest = steps.first, let highest = steps.last else {
            model.assumptions.append("The sweep of the server's clock holds no step; level C adds nothing.")
            return
        }
        model.clock.stepRatios = steps
        model.clock.lowestRatio = lowest
        model.clock.highestRatio = highest
        model.assumptions.removeAll { $0 == problem.pairing.clockAssumption(model.clock) }
        model.assumptions.append(
            "The server's clock takes one of \(steps.count) swept steps; the time of each of its passes goes as "
                + "a + b / f.")
        for index in model.cuts.indices {
            model.cuts[index].serverFixedShare = fixedShare(at: model.cuts[index].cut, laws, reference)
        }
        refinePower(&model, laws, reference)
    }

    /// a / (a + b / f0), each pass weighed with its time.
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
            model.assumptions.append("Power goes as the cube of the clock: the sweep holds no power law.")
            return
        }
        guard model.clock.stepRatios?.allSatisfy({ shape.factor($0) > 0 }) == true else {
            model.assumptions.append(
                "Power goes as the cube of the clock: the sweep's power law is not above zero at every step.")
            return
        }
        model.power = shape
        model.assumptions.append(
            "The server's power goes as P0 + k f^\(NumberText.fixed(shape.exponent, digits: 2)), "
                + "\(NumberText.percent(shape.staticShare, digits: 0)) of it independent of the clock.")
    }
}

extension FrequencyCalibration {
    /// The share of a pass' time at a clock that does not depend on the clock, between 0 and 1; `nil` without a law.
    func fixedShare(_ layer: Int, _ direction: Direction, atHertz hertz: Double) -> Double? {
        passes.first { $0.layer == layer && $0.direction == direction }?.time.fixedShare(atHertz: hertz)
    }
}

extension TimeLaw {
    func fixedShare(atHertz hertz: Double) -> Double? {
        guard let fixed = fixedSeconds.value, let whole = seconds(atHertz: hertz), whole > 0 else { return nil }
        return min(max(fixed / whole, 0), 1)
    }
}

extension PowerLaw {
    /// Relative to the power at `hertz`; `nil` where there is no fit or no power.
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
