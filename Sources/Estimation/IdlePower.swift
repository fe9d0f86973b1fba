import ProfileFormat
import Statistics

/// Power of the idle box over a run: a level in the middle and a steady drift, from idle windows before, during and
/// after the run.
///
/// A box that warms up leaks more. Two windows, before and after, could not separate drift from noise; those in between
/// do, and what a straight line does not explain widens the interval.
package struct IdlePower: Sendable {
    /// Watts in the middle of the run's idle windows.
    package let level: Estimate
    /// Change from the first idle window to the last, over the level.
    package let drift: Estimate
    private let slope: Double
    private let slopeError: Double
    private let levelError: Double
    private let degreesOfFreedom: Double
    private let center: Double
    private let confidence: Double

    /// Windows that a line needs; fewer give a level only.
    private static let minimumForDrift = 4

    /// - Returns: `nil` for fewer than two windows.
    package init?(_ windows: [EnergyWindow], totalOf: [String], resolution: Double, confidence: Double) {
        let idle = WindowSamples(windows, totalOf: totalOf)
        let points = idle.samples.filter { $0.work > 0 }.map { (time: $0.middle, watts: idle.workJoules($0) / $0.work) }
        let count = Double(points.count)
        guard count > 1, let floor = idle.power(resolution: resolution, confidence: confidence)?.spread else {
            return nil
        }
        let center = points.reduce(0) { $0 + $1.time } / count
        let mean = points.reduce(0) { $0 + $1.watts } / count
        let spread = points.reduce(0) { $0 + ($1.time - center) * ($1.time - center) }
        let hasLine = points.count >= Self.minimumForDrift && spread > 0
        let slope = hasLine ? points.reduce(0) { $0 + ($1.time - center) * ($1.watts - mean) } / spread : 0
        let squares = points.reduce(0.0) { sum, point in
            let residual = point.watts - mean - slope * (point.time - center)
            return sum + residual * residual
        }
        let degreesOfFreedom = count - (hasLine ? 2 : 1)
        // Windows that agree to the last digit still have the counters' rounding error.
        let noise = squares > 0 ? (squares / degreesOfFreedom).squareRoot() : floor.standardError * count.squareRoot()
        self.slope = slope
        self.center = center
        self.confidence = confidence
        self.degreesOfFreedom = degreesOfFreedom
        levelError = noise / count.squareRoot()
        slopeError = hasLine ? noise / spread.squareRoot() : 0
        level = Estimate(
            value: mean,
            spread: .init(standardError: levelError, degreesOfFreedom: degreesOfFreedom, confidence: confidence),
            count: points.count)
        let length = (points.map(\.time).max() ?? 0) - (points.map(\.time).min() ?? 0)
        drift = Estimate(
            value: mean > 0 ? slope * length / mean : 0,
            spread: .init(
                standardError: mean > 0 ? slopeError * length / mean : 0, degreesOfFreedom: degreesOfFreedom,
                confidence: confidence),
            count: points.count)
    }

    /// Watts of the idle box at a time of the run.
    package func watts(at seconds: Double) -> Double { level.value + change(at: seconds) }

    /// Watts of the idle box at a time of the run, less those in the middle.
    package func change(at seconds: Double) -> Double { slope * (seconds - center) }

    /// The uncertainty of ``watts(at:)``, as an estimate of zero.
    package func levelUncertainty(at seconds: Double) -> Estimate {
        let change = slopeError * (seconds - center)
        return uncertainty((levelError * levelError + change * change).squareRoot())
    }

    /// The uncertainty of ``change(at:)``, as an estimate of zero.
    package func changeUncertainty(at seconds: Double) -> Estimate { uncertainty(slopeError * abs(seconds - center)) }

    private func uncertainty(_ error: Double) -> Estimate {
        Estimate(
            value: 0, spread: .init(standardError: error, degreesOfFreedom: degreesOfFreedom, confidence: confidence),
            count: level.count)
    }
}
