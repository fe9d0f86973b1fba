import ProfileFormat
import Quantities
import Statistics
import Workload

/// The layers compared with the whole step.
extension EnergyFit {
    /// (Sum of the layers' energies - the step's) / the step's, gross and net.
    ///
    /// Net differs from gross only by the idle power, whose error affects layers and step equally. So the net gap is
    /// the gross gap less the idle power times the gap in time, relative to the step's net energy.
    func closure(
        _ times: TimeFit, step: StepCalibration, layers: [LayerCalibration]
    ) -> (gross: Quantity, net: Quantity) {
        var powers: [LayerPass: Double] = [:]
        var ofPowers: Estimate?
        var (missing, firstReason) = (0, "")
        for pass in LayerPass.all(of: times.layers) where !pass.isIdle(in: times.layers) {
            let layer = layers[pass.layer]
            let energy =
                pass.direction == .forward ? layer.forward.grossEnergyJoules : layer.backward.grossEnergyJoules
            if case .known(let power) = power(.pass(pass)), energy.value != nil, let time = times.time(of: pass) {
                powers[pass] = power.value
                let energy = power.scaled(by: time.value)
                ofPowers = ofPowers.map { $0 + energy } ?? energy
            } else {
                missing += 1
                if firstReason.isEmpty { firstReason = "\(pass): " + (energy.reason ?? "") }
            }
        }
        guard meter.origin != .unavailable else { return unknown(noMeter) }
        guard missing == 0 else {
            return unknown("energy of \(missing) layer passes is not known; first, \(firstReason)")
        }
        guard let ofPowers, case .known(let power) = power(.step), step.grossEnergyJoules.value != nil else {
            return unknown("energy of the whole step is not known: " + (step.grossEnergyJoules.reason ?? ""))
        }
        // Times of layers and step are from the same bursts and correlated; powers are from other windows.
        let whole = power * times.step
        let ofTimes = times.difference(powers, ofStep: power.value)
        let gross =
            ofTimes + ofPowers.scaled(by: 1 / whole.value).uncertainty
            + power.scaled(by: (1 + ofTimes.value) / power.value).uncertainty
        return (
            Quantity(gross, confidence: confidence, origin: meter.origin),
            netClosure(gross, whole: whole, partsSeconds: times.weightedSum(powers.mapValues { _ in 1 }), times)
        )
    }

    private func netClosure(
        _ gross: Estimate, whole: Estimate, partsSeconds: Estimate, _ times: TimeFit
    ) -> Quantity {
        guard case .known(let net) = netOutcome(.step), case .known(let idle) = power(.idle) else {
            return .unavailable("net energy of the whole step is not known")
        }
        let netJoules = net.value * times.step.value
        let gap = gross.value * whole.value - idle.value * (partsSeconds.value - times.step.value)
        return Quantity(
            Estimate(
                value: gap / netJoules, halfWidth: gross.halfWidth * abs(whole.value / netJoules), count: gross.count),
            confidence: confidence, origin: meter.origin)
    }

    /// Instrumentation overhead in energy, relative to a step.
    ///
    /// - Parameter time: the overhead in time.
    func overhead(time: Estimate) -> Quantity {
        guard case .known(let plain) = power(.step) else { return quantity(power(.step), "") }
        guard case .known(let instrumented) = power(.instrumentedStep) else {
            return quantity(power(.instrumentedStep), "")
        }
        let both = time.compounded(with: instrumented.relativeDifference(to: plain))
        return Quantity(both, confidence: confidence, origin: meter.origin)
    }

    private func unknown(_ reason: String) -> (gross: Quantity, net: Quantity) {
        (.unavailable(reason), .unavailable(reason))
    }
}
