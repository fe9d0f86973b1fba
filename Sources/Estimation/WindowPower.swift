import ProfileFormat
import Statistics

/// Gross and net power of work that was repeated in windows. Calibration, the stopping rules of a running experiment
/// and `kerf selftest estimator` all use this estimator.
///
/// Gross is for the middle of the run: drift of the idle power is subtracted, so that layers measured at different
/// times compare. Net is gross less the idle power at the time of each window.
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
    package func gross(_ windows: [EnergyWindow]) -> Estimate? { grossParts(windows)?.sum }

    /// Power less that of the idle box, in watts; `nil` without windows or without the idle box.
    package func net(_ windows: [EnergyWindow]) -> Estimate? { netParts(windows)?.sum }

    /// A power, and the uncertainty of the idle power in it as an estimate of zero. All powers of a run share that one.
    package struct Parts: Sendable {
        package var own: Estimate
        package var ofIdle: Estimate?

        package var sum: Estimate { ofIdle.map { own + $0 } ?? own }
    }

    /// ``gross(_:)`` by its parts.
    package func grossParts(_ windows: [EnergyWindow]) -> Parts? {
        let samples = WindowSamples(windows, totalOf: totalOf)
        guard let idle else {
            return samples.power(resolution: resolution, confidence: confidence).map { Parts(own: $0) }
        }
        return samples.power(less: idle.change, resolution: resolution, confidence: confidence)
            .map { Parts(own: $0, ofIdle: idle.changeUncertainty(at: samples.middle)) }
    }

    /// ``net(_:)`` by its parts.
    package func netParts(_ windows: [EnergyWindow]) -> Parts? {
        guard let idle else { return nil }
        let samples = WindowSamples(windows, totalOf: totalOf)
        return samples.power(less: idle.watts, resolution: resolution, confidence: confidence)
            .map { Parts(own: $0, ofIdle: idle.levelUncertainty(at: samples.middle)) }
    }
}

/// Windows of one subject as the numbers that its power is computed from.
///
/// A window holds `joules` between two updates of the counters. Of its time, `work` went into the subject and `wait`
/// into polling for the two updates. The energy of polling is not the subject's: it is subtracted, at the power of the
/// polling after each window.
package struct WindowSamples {
    package struct Sample {
        package var joules: Double
        package var work: Double
        package var wait: Double
        package var pollingJoules: Double
        package var pollingSeconds: Double
        /// Middle of the window, in seconds of the run.
        package var middle: Double
        package var edge: Double
    }

    package let samples: [Sample]
    /// Power of polling for an update, in watts.
    package let pollingWatts: Double
    package let work: Double
    /// Seconds of waiting for an update within the windows, per second of polling after them.
    private let waitShare: Double

    /// - Parameter totalOf: the domains whose sum is the box's total.
    package init(_ windows: [EnergyWindow], totalOf: [String]) {
        func total(_ joules: [String: Double]) -> Double { totalOf.reduce(0) { $0 + (joules[$1] ?? 0) } }
        samples = windows.map { window in
            let work = min(window.workSeconds ?? window.seconds, window.seconds)
            return Sample(
                joules: total(window.joules), work: work, wait: window.seconds - work,
                pollingJoules: window.pollingJoules.map(total) ?? 0, pollingSeconds: window.pollingSeconds ?? 0,
                middle: window.startSeconds + window.seconds / 2, edge: window.edgeSeconds ?? 0)
        }
        work = samples.reduce(0) { $0 + $1.work }
        let polled = samples.reduce(0) { $0 + $1.pollingSeconds }
        waitShare = polled > 0 ? samples.reduce(0) { $0 + $1.wait } / polled : 0
        let all = samples.reduce(0) { $0 + $1.work + $1.wait }
        // Without polling after the windows, its power is taken to be that of the windows.
        pollingWatts =
            polled > 0
            ? samples.reduce(0) { $0 + $1.pollingJoules } / polled
            : all > 0 ? samples.reduce(0) { $0 + $1.joules } / all : 0
    }

    /// Joules of the subject's own work in a window, less this window's share of the error of the polling power.
    ///
    /// That power is the same for all windows, so their scatter would not show its error. Over all windows the shares
    /// add up to zero, and the scatter shows them.
    package func workJoules(_ sample: Sample) -> Double {
        let polling = sample.pollingJoules - pollingWatts * sample.pollingSeconds
        return sample.joules - pollingWatts * sample.wait - waitShare * polling
    }

    /// Mean time of the work, in seconds of the run.
    package var middle: Double { samples.reduce(0) { $0 + $1.middle * $1.work } / work }

    /// Joules of the work over its seconds, after `watts` at the middle of each window is subtracted; `nil` without
    /// work.
    ///
    /// A ratio of totals, like ``Estimate/ratio(of:to:confidence:)``.
    ///
    /// - Parameter resolution: of the counters, in joules.
    package func power(
        less watts: (Double) -> Double = { _ in 0 }, resolution: Double, confidence: Double
    ) -> Estimate? {
        guard work > 0 else { return nil }
        let joules = samples.map { workJoules($0) - watts($0.middle) * $0.work }
        let power = joules.reduce(0, +) / work
        let count = Double(samples.count)
        guard count > 1 else { return Estimate(value: power, halfWidth: .infinity, count: 1) }
        let squares = zip(samples, joules).reduce(0.0) { sum, pair in
            let residual = pair.1 - power * pair.0.work
            return sum + residual * residual
        }
        // The interval of windows that agree to the last digit has a lower limit: rounding and timing at their two
        // ends.
        let least = samples.reduce(0.0) { sum, sample in
            let moments = pollingWatts * sample.edge
            return sum + resolution * resolution / 6 + moments * moments / 24
        }
        let variance = squares > 1e-6 * least ? squares * count / (count - 1) : least
        let spread = Estimate.Spread(
            standardError: variance.squareRoot() / work, degreesOfFreedom: count - 1, confidence: confidence)
        return Estimate(value: power, spread: spread, count: samples.count)
    }
}
