import ProbeKit
import ProfileFormat
import SystemIO

/// What the box did to a run: the disturbances of its steps and windows, its state over time, and the processes that
/// disturbed it. Several experiments of one run share a log.
package final class DisturbanceLog {
    /// Between two samples of all processes, which take some milliseconds.
    package static let sampleIntervalSeconds = 1.0

    private let processorCount: Int?
    private let processes: (any ProcessMonitor)?
    private var start: MonotonicInstant?
    private var measurementCount = 0
    private var measuredSeconds = 0.0
    private var tallies: [Disturbance: Tally] = [:]
    private var rejectedIntervals: [RejectedInterval] = []
    private var recorder = ConditionRecorder()
    /// When the processes were sampled last.
    private var lastSample: MonotonicInstant?
    /// Whether other processes disturbed anything since.
    private var isSampleDue = false
    private var samplingSeconds = 0.0

    /// Sums over the steps and windows that were rejected for one cause.
    private struct Tally {
        var count = 0
        var seconds = 0.0
        /// `nil` once one of them did not know it.
        var otherSeconds: Double? = 0
        var stealSeconds: Double? = 0
    }

    /// - Parameters:
    ///   - processorCount: logical processors of the box, where known.
    ///   - processes: finds out which processes disturb the run; `nil` where that is not wanted.
    package init(processorCount: Int? = nil, processes: (any ProcessMonitor)? = nil) {
        self.processorCount = processorCount
        self.processes = processes
    }

    /// The start of the run; that of a later experiment changes nothing.
    func begin(at instant: MonotonicInstant) {
        guard start == nil else { return }
        start = instant
        sampleProcesses(at: instant)
    }

    /// Time since the start of the run.
    func seconds(at instant: MonotonicInstant) -> Double { start.map(instant.seconds(since:)) ?? 0 }

    /// Takes a step or window, or steps that were taken together.
    ///
    /// - Parameters:
    ///   - disturbance: why it was rejected; `nil` for one that was kept.
    ///   - began: when `before` was read.
    ///   - ended: when `after` was read.
    func add(
        _ disturbance: Disturbance?, from before: BoxConditions, to after: BoxConditions, began: MonotonicInstant,
        ended: MonotonicInstant
    ) {
        let start = start ?? began
        recorder.add(before, atSeconds: began.seconds(since: start))
        recorder.add(after, atSeconds: ended.seconds(since: start))
        measurementCount += 1
        measuredSeconds += ended.seconds(since: began)
        if let disturbance {
            var tally = tallies[disturbance] ?? Tally()
            tally.count += 1
            tally.seconds += ended.seconds(since: began)
            tally.otherSeconds = sum(tally.otherSeconds, from: before.otherLoadSeconds, to: after.otherLoadSeconds)
            tally.stealSeconds = sum(tally.stealSeconds, from: before.stealSeconds, to: after.stealSeconds)
            tallies[disturbance] = tally
            note(disturbance, began: began, seconds: ended.seconds(since: began))
        }
        let isContended = disturbance?.isContention ?? false
        isSampleDue = isSampleDue || isContended
        guard isSampleDue, lastSample.map({ ended.seconds(since: $0) >= Self.sampleIntervalSeconds }) ?? true
        else { return }
        sampleProcesses(at: ended)
        // One more after the disturbance, so that the quiet time that follows is not taken for a part of it.
        isSampleDue = isContended
    }

    /// Takes a step or window that was kept when it was added, and is not any more.
    func reject(_ disturbance: Disturbance, began: MonotonicInstant, seconds: Double) {
        tallies[disturbance, default: Tally(otherSeconds: nil, stealSeconds: nil)].count += 1
        tallies[disturbance]?.seconds += seconds
        note(disturbance, began: began, seconds: seconds)
    }

    private func note(_ disturbance: Disturbance, began: MonotonicInstant, seconds: Double) {
        guard rejectedIntervals.count < Disturbances.maximumIntervals else { return }
        rejectedIntervals.append(
            RejectedInterval(
                startSeconds: max(0, began.seconds(since: start ?? began)), seconds: max(0, seconds), cause: disturbance
            ))
    }

    private func sum(_ sum: Double?, from start: Double?, to end: Double?) -> Double? {
        guard let sum, let start, let end else { return nil }
        return sum + max(0, end - start)
    }

    private func sampleProcesses(at instant: MonotonicInstant) {
        guard let processes else { return }
        let began = MonotonicInstant.now()
        processes.sample()
        samplingSeconds += MonotonicInstant.now().seconds(since: began)
        lastSample = instant
    }

    /// The disturbances until now. Where other processes are among them, they are sampled once more.
    package func disturbances() -> Disturbances {
        if isContended, let lastSample { sampleProcesses(at: lastSample) }
        return current
    }

    private var isContended: Bool { tallies.keys.contains { $0.isContention } }

    /// The disturbances until now, with the processes as they were sampled last.
    package var current: Disturbances {
        let causes = tallies.map { cause, tally in
            DisturbanceCause(
                cause: cause, count: tally.count, seconds: tally.seconds,
                otherProcessors: mean(tally.otherSeconds, over: tally.seconds),
                stealProcessors: mean(tally.stealSeconds, over: tally.seconds))
        }
        let found = isContended ? processes?.largest(Disturbances.maximumProcesses) ?? [] : []
        return Disturbances(
            measurementCount: measurementCount, measuredSeconds: measuredSeconds,
            causes: causes.sorted { ($1.seconds, $0.cause.rawValue) < ($0.seconds, $1.cause.rawValue) },
            processorCount: processorCount, processes: found.isEmpty ? nil : found,
            processSamplingSeconds: processes == nil ? nil : samplingSeconds,
            rejectedIntervals: rejectedIntervals.sorted { $0.startSeconds < $1.startSeconds })
    }

    private func mean(_ sum: Double?, over seconds: Double) -> Double? {
        sum.flatMap { seconds > 0 ? $0 / seconds : nil }
    }

    /// The state of the box until now; `nil` where nothing was read.
    package var conditions: ConditionSeries? { recorder.series }
}
