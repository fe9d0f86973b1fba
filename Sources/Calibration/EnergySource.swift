import ProfileFormat
import Quantities
import Statistics
import Workload

/// Energies of a step's layers: from measured powers, or from powers that are interpolated between workloads.
protocol EnergySource {
    var confidence: Double { get }
    /// Origin of the energies.
    var origin: Origin { get }
    var stepTime: Estimate { get }
    /// What makes an energy known that is not resolved.
    var remedy: String { get }

    func power(_ subject: EnergyFit.Subject) -> EnergyFit.Outcome
    func netOutcome(_ subject: EnergyFit.Subject) -> EnergyFit.Outcome
    /// Powers of the same pass of several blocks; `nil` unless all are known.
    func observation(of passes: [LayerPass], isNet: Bool) -> GroupObservation?
    func grossEnergy(_ subject: EnergyFit.Subject, time: Estimate) -> Quantity
    func netEnergy(_ subject: EnergyFit.Subject, time: Estimate) -> Quantity
    func grossPower(_ subject: EnergyFit.Subject) -> Quantity
    func netPower(_ subject: EnergyFit.Subject) -> Quantity
}

extension EnergySource {
    /// Energy that is negligible for the step; zero when the step's power is not known well.
    var negligibleJoules: Double {
        guard case .known(let watts) = power(.step), watts.relativeHalfWidth <= Calibration.maximumEnergyHalfWidth
        else { return 0 }
        return EnergyFit.negligibleShare * watts.value * stepTime.value
    }

    func energy(_ power: EnergyFit.Outcome, _ time: Estimate) -> EnergyFit.Outcome {
        guard case .known(let power) = power else { return power }
        guard time.halfWidth.isFinite else {
            return .unknown(
                "not resolved: the time has too few samples for an interval; profile for longer")
        }
        return .known(power * time)
    }

    func quantity(_ outcome: EnergyFit.Outcome, _ method: String, negligible: Double = 0) -> Quantity {
        switch outcome {
        case .unknown(let reason):
            return .unavailable(reason)
        case .known(let estimate):
            let isResolved =
                estimate.relativeHalfWidth <= Calibration.maximumEnergyHalfWidth || estimate.halfWidth <= negligible
            guard isResolved else {
                return .unavailable(
                    "not resolved: known to ± \(NumberText.percent(estimate.relativeHalfWidth)) from "
                        + "\(estimate.count) observations, the limit is "
                        + "\(NumberText.percent(Calibration.maximumEnergyHalfWidth)); \(remedy)")
            }
            return Quantity(estimate, confidence: confidence, origin: origin, reason: method)
        }
    }
}

extension EnergyFit: EnergySource {
    var origin: Origin { meter.origin }
    var remedy: String { "profile for longer" }
}
