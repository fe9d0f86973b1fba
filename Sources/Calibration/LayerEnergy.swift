import ProfileFormat
import Quantities
import Statistics
import Workload

/// Energy of one pass by the rules of a calibration, without a whole profile: what `kerf selftest estimator` tests.
public struct LayerEnergy: Sendable {
    public var grossJoules: Quantity
    public var netJoules: Quantity

    /// - Parameters:
    ///   - layer: the pass whose windows are taken among `windows`.
    ///   - seconds: the pass's times inside whole steps.
    ///   - steps: those steps.
    public init(
        layer: Int, direction: Direction, meter: MeterDescription, idleWindows: [EnergyWindow], windows: [EnergyWindow],
        seconds: [Double], steps: [StepSample], confidence: Double
    ) {
        let times = TrimmedSteps(totals: seconds, groups: StepSample.groups(steps, count: seconds.count))
        guard let time = times.total(confidence: confidence) else {
            grossJoules = .unavailable("the pass was never timed")
            netJoules = grossJoules
            return
        }
        let fit = EnergyFit(
            meter: meter, confidence: confidence, idle: idleWindows, others: windows, stepTime: time)
        let subject = EnergyFit.Subject.pass(LayerPass(layer: layer, direction: direction))
        grossJoules = fit.grossEnergy(subject, time: time)
        netJoules = fit.netEnergy(subject, time: time)
    }
}
