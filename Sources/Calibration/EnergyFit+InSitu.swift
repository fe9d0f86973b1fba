import ProfileFormat
import Quantities
import Statistics
import Workload

/// Looped against in situ.
extension EnergyFit {
    /// Energy of a pass in situ; `nil` where there are no readings between layers.
    func inSituEnergy(_ pass: LayerPass, time: Estimate, _ fit: InSituFit?) -> Quantity? {
        guard let fit, let power = fit.power(of: pass) else { return nil }
        guard time.value >= fit.updateSeconds else {
            return .unavailable("not resolved: the pass is shorter than an update interval of the counter")
        }
        guard power.value > 0 else {
            return .unavailable("not resolved: no power of \(pass) is told apart from its neighbours'")
        }
        return quantity(
            energy(.known(power), time), "power from the counters between the layers of whole steps, times its time",
            negligible: negligibleJoules)
    }

    /// Both sums over a step's layers and their difference; `nil` where there are no readings between layers.
    func attribution(_ times: TimeFit, _ fit: InSituFit?) -> Attribution? {
        guard let fit else { return nil }
        let inSitu = fit.stepEnergy { times.time(of: $0)?.value ?? 0 }
        let inSituQuantity = Quantity(inSitu, confidence: confidence, origin: meter.origin)
        var looped: Estimate?
        for pass in LayerPass.all(of: times.layers) where !pass.isIdle(in: times.layers) {
            guard let time = times.time(of: pass), case .known(let power) = power(.pass(pass)) else {
                let reason = "not every layer was looped"
                return Attribution(
                    loopedEnergyJoules: .unavailable(reason), inSituEnergyJoules: inSituQuantity,
                    differenceRatio: .unavailable(reason))
            }
            // Times are those of both sums, so that only the powers set them apart.
            let energy = power.scaled(by: time.value)
            looped = looped.map { $0 + energy } ?? energy
        }
        guard let looped else { return nil }
        return Attribution(
            loopedEnergyJoules: Quantity(looped, confidence: confidence, origin: meter.origin),
            inSituEnergyJoules: inSituQuantity,
            differenceRatio: Quantity(
                inSitu.relativeDifference(to: looped), confidence: confidence, origin: meter.origin))
    }
}
