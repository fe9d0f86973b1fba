import Calibration
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import Workload

/// Adds frequency laws to a calibration, as from a sweep without noise.
struct SyntheticSweep {
    /// Share of every pass's time at the highest step that does not depend on the frequency.
    var fixedShare = 0.0
    /// Gross and net power: P0, k at the highest step, alpha.
    var (staticWatts, dynamicWatts, exponent) = (0.0, 40.0, 3.0)
    var stepsHertz: [Double] = [1e9, 1.5e9, 2e9, 2.5e9, 3e9]
    /// Relative half width of every interval; zero is none.
    var width = 0.0

    func plant(into calibration: inout Calibration) {
        let reference = stepsHertz.max() ?? 0
        let running = calibration.frequency.runningHertz.value ?? reference
        let passes = calibration.layers.flatMap { layer in
            [(Direction.forward, layer.forward), (.backward, layer.backward)].compactMap { name, pass in
                pass.timeSeconds.value.flatMap { seconds in
                    seconds > 0
                        ? PassFrequencyLaw(layer: layer.description.index, direction: name, time: law(seconds, running))
                        : nil
                }
            }
        }
        let power = PowerLaw(
            staticWatts: quantity(staticWatts), dynamicWatts: quantity(dynamicWatts), exponent: quantity(exponent),
            maximumResidual: 0)
        calibration.frequencyLaws = FrequencyCalibration(
            stepsHertz: stepsHertz, referenceHertz: reference, passes: passes,
            stepTime: law(calibration.step.timeSeconds.value ?? 1, running), grossPower: power, netPower: power,
            inverseFrequencyResidual: 0, cubicPowerResidual: 0)
    }

    private func law(_ seconds: Double, _ running: Double) -> TimeLaw {
        TimeLaw(
            fixedSeconds: quantity(fixedShare * seconds), cycles: quantity((1 - fixedShare) * seconds * running),
            covariance: 0, maximumResidual: 0)
    }

    private func quantity(_ value: Double) -> Quantity {
        guard width > 0, value != 0 else { return Quantity(value: value, count: 5, origin: .measured) }
        let half = abs(value) * width
        return Quantity(
            value: value, lower: value - half, upper: value + half, confidence: 0.95, count: 5, origin: .measured)
    }
}
