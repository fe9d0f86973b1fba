import ProfileFormat
import Statistics

/// Gross and net power of what was repeated in windows: the one estimator behind a calibration, the stopping of a
/// running experiment and `kerf selftest estimator`.
///
/// Gross is stated for the middle of the run: what the idle box drifted before and after is taken off, so that layers
/// measured at different times compare. Net is gross less the idle box at the very moment of each window.
package struct WindowPower: Sendable {
    /// The idle box; `nil` with fewer than two idle windows.
    package let idle: IdlePower?
    private let totalOf: [String]
    private let resolution: Double
    private let confidence: Double

    /// - Parameters:
    ///   - idleWindows: of the same run.
    ///   - totalOf: the domains whose sum is the box's total.
    ///   - resolutionJoules: the counters' step; `nil` when it is not known.
    package init(
        idleWindows: [EnergyWindow], totalOf: [String], resolutionJoules: Double? = nil, confidence: Double
    ) {
        self.totalOf = totalOf
        self.confidence = confidence
        resolution = resolutionJoules ?? 0
        idle = IdlePower(idleWindows, totalOf: totalOf, resolution: resolution, confidence: confidence)
    }

    /// Joules of the work over its seconds, in watts; `nil` without windows.
    package func gross(_ windows: [EnergyWindow]) -> Estimate? {
        let samples = WindowSamples(windows, totalOf: totalOf)
        guard let idle else { return samples.power(resolution: resolution, confidence: confidence) }
        return samples.power(less: idle.change, resolution: resolution, confidence: confidence)
            .map { $0 + idle.changeDoubt(at: samples.middle) }
    }

    /// The same less the idle box; `nil` without windows or without the idle box.
    package func net(_ windows: [EnergyWindow]) -> Estimate? {
        guard let idle else { return nil }
        let samples = WindowSamples(windows, totalOf: totalOf)
        return samples.power(less: idle.watts, resolution: resolution, confidence: confidence)
            .map { $0 + idle.levelDoubt(at: samples.middle) }
    }
}
