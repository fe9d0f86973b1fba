import Dispatch
import ProfileFormat
import Profiling
import Quantities
import Statistics
import Synchronization
import SystemIO

/// Tests the estimator in virtual time: many trials of the experiment on a counter with replayed update intervals and
/// known powers.
package struct EstimatorSelfTest: Sendable {
    package var intervals: UpdateIntervalFile
    package var truth: GroundTruth
    package var budgetSeconds: Double
    package var targetRelativeHalfWidth: Double
    package var trials: Int
    package var seed: Int

    package static let confidence = 0.95
    /// Accepted coverage of the 95 % intervals.
    static let coverage = 0.93...0.97

    package init(
        intervals: UpdateIntervalFile, truth: GroundTruth, budgetSeconds: Double, targetRelativeHalfWidth: Double,
        trials: Int, seed: Int
    ) {
        self.intervals = intervals
        self.truth = truth
        self.budgetSeconds = budgetSeconds
        self.targetRelativeHalfWidth = targetRelativeHalfWidth
        self.trials = trials
        self.seed = seed
    }

    /// Runs all trials on all processors. Equal seeds give equal reports.
    ///
    /// - Parameter shouldStop: asked before each trial; `true` ends the run.
    /// - Throws: ``KerfError/Code/interrupted``; whatever the virtual box throws, which would be a defect.
    package func run(shouldStop: @escaping @Sendable () -> Bool = { false }) throws -> EstimatorReport {
        // One generator draws the seeds of all trials, so that runs with different seeds share none.
        var generator = SeededGenerator(seed: UInt64(seed))
        let seeds = (0..<trials).map { _ in generator.next() }
        let outcomes = Mutex([EstimatorTrial?](repeating: nil, count: trials))
        let failure = Mutex<(any Error)?>(nil)
        DispatchQueue.concurrentPerform(iterations: trials) { index in
            guard !shouldStop(), failure.withLock({ $0 == nil }) else { return }
            do {
                let settings = ExperimentSettings(
                    budgetSeconds: budgetSeconds, targetRelativeHalfWidth: targetRelativeHalfWidth,
                    confidence: Self.confidence, seed: seeds[index], measuresInstrumentationOverhead: false)
                let trial = try EstimatorTrial(truth, intervals: intervals.intervalsSeconds, settings: settings)
                outcomes.withLock { $0[index] = trial }
            } catch {
                failure.withLock { $0 = error }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        let finished = outcomes.withLock { $0.compactMap(\.self) }
        guard finished.count == trials else { throw KerfError(.interrupted, "interrupted") }
        return report(finished)
    }

    private func report(_ trials: [EstimatorTrial]) -> EstimatorReport {
        let seconds = trials.map(\.seconds).sorted()
        let gross = result(truth: truth.grossJoules, trials.map { ($0.gross, $0.grossTruthJoules) })
        let net = result(truth: truth.netJoules, trials.map { ($0.net, truth.netJoules) })
        let refusals = Self.counted(trials.compactMap(\.refusal))
        let findings = findings(gross: gross, net: net, refusals: refusals)
        return EstimatorReport(
            kerfVersion: KerfVersion.current,
            counter: .init(
                file: intervals.name, column: intervals.column, skippedRows: intervals.skippedRows,
                updates: CounterUpdates(
                    intervalsSeconds: intervals.intervalsSeconds, resolutionJoules: truth.resolutionJoules)!),
            groundTruth: truth,
            settings: .init(
                budgetSeconds: budgetSeconds, targetRelativeHalfWidth: targetRelativeHalfWidth,
                confidence: Self.confidence, trials: trials.count, seed: seed),
            gross: gross, net: net, medianSecondsNeeded: seconds.quantile(0.5),
            percentile95SecondsNeeded: seconds.quantile(0.95),
            medianWindows: trials.map { Double($0.windows) }.sorted().quantile(0.5), refusals: refusals,
            rejections: Self.summed(trials.flatMap(\.rejections)), verdict: findings.verdict,
            findings: findings.texts)
    }

    private func result(truth: Double, _ outcomes: [(Quantity, truth: Double)]) -> EstimatorReport.Result {
        let known = outcomes.compactMap { quantity, truth in
            quantity.value.map { (error: ($0 - truth) / truth, quantity: quantity, truth: truth) }
        }
        let errors = known.map(\.error)
        let bias = Estimate.mean(of: errors, confidence: Self.confidence)
        let share =
            Double(
                known.count {
                    ($0.quantity.lower ?? -.infinity) <= $0.truth && $0.truth <= ($0.quantity.upper ?? .infinity)
                })
            / Double(known.count)
        let isKnown = !known.isEmpty
        return EstimatorReport.Result(
            truthJoules: truth, answered: known.count,
            medianAbsoluteError: isKnown ? errors.map(abs).sorted().quantile(0.5) : nil, bias: bias?.value,
            biasStandardError: bias?.spread?.standardError, coverage: isKnown ? share : nil,
            coverageStandardError: isKnown ? (share * (1 - share) / Double(known.count)).squareRoot() : nil,
            medianRelativeHalfWidth: isKnown
                ? known.compactMap(\.quantity.relativeHalfWidth).sorted().quantile(0.5) : nil)
    }

    private func findings(
        gross: EstimatorReport.Result, net: EstimatorReport.Result, refusals: [EstimatorReport.Refusal]
    ) -> (verdict: EstimatorReport.Verdict, texts: [String]) {
        var (wrong, wide): ([String], [String]) = ([], [])
        for (name, result) in [("gross", gross), ("net", net)] {
            guard let coverage = result.coverage, let bias = result.bias else { continue }
            // What a correct estimator may show by chance in so few trials is not a finding.
            let count = Double(result.answered)
            let nominal = Self.confidence
            let chance = 3 * (nominal * (1 - nominal) / count).squareRoot()
            // In a few trials the distribution is skewed: one miss in one trial can happen.
            let low = min(Self.coverage.lowerBound, nominal - chance - 2 / count)
            let high = max(Self.coverage.upperBound, nominal + chance)
            let share =
                "\(name): coverage \(NumberText.percent(coverage)) (nominal \(NumberText.percent(nominal, digits: 0)))"
            if coverage < low { wrong.append(share) }
            if coverage > high { wide.append(share + ", so the intervals are wider than necessary") }
            if let error = result.biasStandardError, abs(bias) > 1e-6,
                abs(bias) > Self.standardErrors(ofTrials: result.answered) * error
            {
                wrong.append(
                    "\(name): bias \(NumberText.percent(bias)), \(NumberText.significant(abs(bias) / error)) standard errors"
                )
            }
        }
        if !wrong.isEmpty { return (.wrong, wrong) }
        if 2 * min(gross.answered, net.answered) < trials {
            return (.refused, refusals.map { "\($0.count) trials: \($0.reason)" })
        }
        return (.right, wide)
    }

    /// How many of its standard errors a bias has by chance in one of 370 reports: three, and more in a few trials, whose
    /// standard error is itself uncertain.
    private static func standardErrors(ofTrials count: Int) -> Double {
        StudentT.quantile(0.99865, degreesOfFreedom: Double(max(1, count - 1)))
    }

    /// Reasons by count, the most frequent first. Reasons that differ in numbers only are one.
    private static func counted(_ reasons: [String]) -> [EstimatorReport.Refusal] {
        Dictionary(grouping: reasons) { $0.filter { !$0.isNumber && $0 != "." } }.values
            .map { EstimatorReport.Refusal(reason: $0[0], count: $0.count) }
            .sorted { ($1.count, $0.reason) < ($0.count, $1.reason) }
    }

    private static func summed(_ rejections: [Rejection]) -> [Rejection] {
        Dictionary(grouping: rejections, by: \.reason)
            .map { Rejection(reason: $0.key, count: $0.value.reduce(0) { $0 + $1.count }) }
            .sorted { ($1.count, $0.reason) < ($0.count, $1.reason) }
    }
}

extension EstimatorTrial {
    /// Why there is no gross or no net value; `nil` where there are both.
    fileprivate var refusal: String? {
        guard gross.value == nil || net.value == nil else { return nil }
        let disturbed = rejections.map(\.reason).filter { $0.hasPrefix("layer window: ") }
        let why = (gross.value == nil ? gross.reason : net.reason.map { "net: " + $0 }) ?? "no reason given"
        return disturbed.isEmpty ? why : why + " (rejected: " + disturbed.sorted().joined(separator: ", ") + ")"
    }
}
