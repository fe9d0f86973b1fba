import ProfileFormat
import Statistics

/// Gross and net power of work that was repeated in windows. Calibration, the stopping rules of a running experiment and
/// `kerf selftest estimator` all use this estimator.
///
/// Gross is for the middle of the run: drift of the idle power is subtracted, so that layers measured at different times
/// compare. Net is gross less the idle power at the time of each window.
package struct WindowPower: Sendable {
    /// Power of the idle box; `nil` with fewer than two idle windows.
    package let idle: IdlePower?
    private let totalOf: [String]
    private let resolution: Double
    private let confidence: Double

    /// - Parameters:
    ///   - idleWindows: of the same run.
    ///   - totalOf: the domains whose sum is the box's total.
    ///   - resolutionJoules: the counters' unit; `nil` when it is not known.
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
            .map { $0 + idle.changeUncertainty(at: samples.middle) }
    }

    /// Power less that of the idle box, in watts; `nil` without windows or without the idle box.
    package func net(_ windows: [EnergyWindow]) -> Estimate? {
        guard let idle else { return nil }
        let samples = WindowSamples(windows, totalOf: totalOf)
        return samples.power(less: idle.watts, resolution: resolution, confidence: confidence)
            .map { $0 + idle.levelUncertainty(at: samples.middle) }
    }
}
