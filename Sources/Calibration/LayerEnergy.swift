import ProfileFormat
import Quantities
import Statistics
import Workload

/// Energy of one pass, estimated as in a calibration but without a whole profile. Used by the estimator's self-test.
package struct LayerEnergy: Sendable {
    package var grossJoules: Quantity
    package var netJoules: Quantity

    /// - Parameters:
    ///   - layer: the pass; the other passes among `windows` are ignored.
    ///   - seconds: the pass's times inside whole steps.
    ///   - steps: those steps.
    package init(
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
