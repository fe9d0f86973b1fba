import Statistics

/// How much later than true a meter's samples are, from a load that is known: least squares over the delay.
///
/// A sample dated `t` is taken for the mean power from `t - delay - averaging` to `t - delay`, and that power for a constant
/// and so much per processor that works. For each delay and averaging the two are found by linear regression. The interval of
/// the delay is the set of delays whose residuals are not significantly larger than the least, whatever the averaging (profile
/// likelihood; Seber and Wild, "Nonlinear Regression", section 5.3). It is found on a grid, since the residuals of a meter
/// that shows the power of a moment have steps.
package struct MeterDelayFit: Sendable, Hashable {
    package struct Sample: Sendable, Hashable {
        package var seconds: Double
        package var watts: Double
        /// What it is averaged over, of a counter; `nil` where that is not known.
        package var averagingSeconds: Double?

        package init(seconds: Double, watts: Double, averagingSeconds: Double? = nil) {
            self.seconds = seconds
            self.watts = watts
            self.averagingSeconds = averagingSeconds
        }
    }

    /// The middle of the delays that are as likely as any.
    package let delaySeconds: Double
    /// Bounds of the delay's interval.
    package let lowerSeconds: Double
    package let upperSeconds: Double
    /// What samples are averaged over; `nil` for a counter.
    package let averagingSeconds: Double?
    /// The greatest sum of delay and averaging that is possible; for a counter the greatest delay.
    package let longestSeconds: Double
    /// Power while nothing works, and what each processor that works adds.
    package let idleWatts: Double
    package let wattsPerProcessor: Double
    /// The share of the power's variance that the load explains.
    package let explainedShare: Double
    package let sampleCount: Int

    /// Samples that a fit needs.
    package static let minimumSamples = 8
    /// A meter may average over so many of its intervals.
    private static let averagings = [0, 0.5, 1, 1.5, 2, 3, 4]

    /// - Parameters:
    ///   - load: the processor time that was used, over the same times as the samples'.
    ///   - intervalSeconds: time between two samples.
    ///   - confidence: of the interval.
    /// - Returns: `nil` for too few samples, and where neither load nor power ever changed.
    package init?(_ samples: [Sample], load: KnownLoad, intervalSeconds: Double, confidence: Double = 0.95) {
        guard samples.count >= Self.minimumSamples, intervalSeconds > 0 else { return nil }
        let isCounter = samples.allSatisfy { $0.averagingSeconds != nil }
        let step = max(intervalSeconds / 50, 0.001)
        let longest = max(4 * intervalSeconds, 3)
        let delays = Array(stride(from: -intervalSeconds / 4, through: longest, by: step))
        let averagings = isCounter ? [0] : Self.averagings.map { $0 * intervalSeconds }
        let problem = Problem(samples: samples, load: load, shortestSeconds: step)
        let fits = averagings.map { averaging in delays.map { problem.line(delay: $0, averaging: averaging) } }
        guard let best = Self.best(fits), problem.variance > 0 else { return nil }
        let least = fits[best.averaging][best.delay]
        // Beside the line's two: the delay, and what is averaged over.
        let degrees = Double(samples.count - (isCounter ? 3 : 4))
        let t = StudentT.quantile(0.5 + confidence / 2, degreesOfFreedom: degrees)
        let rounding = 1e-9 * problem.variance
        func possible(_ t: Double) -> [(averaging: Double, delay: Double)] {
            let limit = (least.squares + rounding) * (1 + t * t / degrees)
            return zip(averagings, fits).flatMap { averaging, fits in
                zip(delays, fits).filter { $0.1.squares <= limit && $0.1.slope > 0 }.map {
                    (averaging: averaging, delay: $0.0)
                }
            }
        }
        let (all, likely) = (possible(t), possible(1))
        guard let first = all.map(\.delay).min(), let last = all.map(\.delay).max(),
            let center = likely.filter({ $0.averaging == averagings[best.averaging] }).map(\.delay).middle
        else { return nil }
        delaySeconds = center
        // Between two places of the grid nothing is known.
        lowerSeconds = min(first, center) - step
        upperSeconds = max(last, center) + step
        averagingSeconds = isCounter ? nil : averagings[best.averaging]
        longestSeconds = (all.map { $0.averaging + $0.delay }.max() ?? upperSeconds) + step
        (idleWatts, wattsPerProcessor) = (least.intercept, least.slope)
        explainedShare = 1 - least.squares / problem.variance
        sampleCount = samples.count
    }

    private static func best(_ fits: [[Line]]) -> (averaging: Int, delay: Int)? {
        var best: (averaging: Int, delay: Int)?
        for averaging in fits.indices {
            for delay in fits[averaging].indices where fits[averaging][delay].slope > 0 {
                if let found = best, fits[found.averaging][found.delay].squares <= fits[averaging][delay].squares {
                    continue
                }
                best = (averaging, delay)
            }
        }
        return best
    }
}

/// Processor time that was used, over time: a load that is known.
package struct KnownLoad: Sendable, Hashable {
    /// In ascending order.
    private var times: [Double] = []
    private var totals: [Double] = []

    package init() {}

    /// Adds what has been used up to a time that is later than the last.
    package mutating func add(seconds: Double, totalProcessorSeconds: Double) {
        guard seconds > times.last ?? -.infinity else { return }
        times.append(seconds)
        totals.append(max(totalProcessorSeconds, totals.last ?? 0))
    }

    package var firstSeconds: Double? { times.first }
    package var lastSeconds: Double? { times.last }

    /// Processors that worked on average. Before the first time and after the last nothing did.
    package func processors(from start: Double, to end: Double) -> Double {
        end > start ? (total(at: end) - total(at: start)) / (end - start) : 0
    }

    private func total(at seconds: Double) -> Double {
        guard let first = times.first, seconds > first else { return totals.first ?? 0 }
        var (low, high) = (0, times.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if times[middle] <= seconds { low = middle } else { high = middle }
        }
        guard low + 1 < times.count else { return totals[low] }
        let share = (seconds - times[low]) / (times[low + 1] - times[low])
        return totals[low] + share * (totals[low + 1] - totals[low])
    }
}

/// Power as a line over the load.
private struct Line {
    var intercept: Double
    var slope: Double
    /// Sum of the squared residuals.
    var squares: Double
}

private struct Problem {
    let samples: [MeterDelayFit.Sample]
    let load: KnownLoad
    /// The power of a moment is that of so long.
    let shortestSeconds: Double
    private let mean: Double
    /// Sum of the squared differences of the samples from their mean.
    let variance: Double

    init(samples: [MeterDelayFit.Sample], load: KnownLoad, shortestSeconds: Double) {
        self.samples = samples
        self.load = load
        self.shortestSeconds = shortestSeconds
        let mean = samples.reduce(0) { $0 + $1.watts } / Double(samples.count)
        self.mean = mean
        variance = samples.reduce(0) { $0 + ($1.watts - mean) * ($1.watts - mean) }
    }

    func line(delay: Double, averaging: Double) -> Line {
        let loads = samples.map { sample in
            let end = sample.seconds - delay
            let length = max(sample.averagingSeconds ?? averaging, shortestSeconds)
            return load.processors(from: end - length, to: end)
        }
        let center = loads.reduce(0, +) / Double(loads.count)
        var (products, loadSquares) = (0.0, 0.0)
        for (sample, load) in zip(samples, loads) {
            products += (load - center) * (sample.watts - mean)
            loadSquares += (load - center) * (load - center)
        }
        guard loadSquares > 0 else { return Line(intercept: mean, slope: 0, squares: variance) }
        let slope = products / loadSquares
        return Line(
            intercept: mean - slope * center, slope: slope, squares: max(0, variance - slope * products))
    }
}

extension [Double] {
    /// The middle of the least and the greatest; `nil` without any.
    fileprivate var middle: Double? {
        guard let least = self.min(), let greatest = self.max() else { return nil }
        return (least + greatest) / 2
    }
}
