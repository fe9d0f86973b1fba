import ProbeKit
import ProfileFormat

/// Keeps the state of the box over a run, at even distances, in a bounded number of points.
struct ConditionRecorder {
    /// Between two points at first. The kernel counts processor time in ticks of 10 ms, so that a load is known within a
    /// tenth of a processor.
    static let initialSpacingSeconds = 0.1

    private struct Point {
        var seconds: Double
        var conditions: BoxConditions
    }

    private var points: [Point] = []
    private var spacingSeconds = Self.initialSpacingSeconds

    /// - Parameter seconds: since the start of the run; not before the points that were added.
    mutating func add(_ conditions: BoxConditions, atSeconds seconds: Double) {
        if let last = points.last, seconds < last.seconds + spacingSeconds { return }
        points.append(Point(seconds: seconds, conditions: conditions))
        // The first point begins the first entry.
        guard points.count > ConditionSeries.maximumCount + 1 else { return }
        // Counters are cumulative: what happened between two points that are kept is not lost.
        let all = points
        points = stride(from: 0, to: all.count, by: 2).map { all[$0] }
        spacingSeconds *= 2
    }

    /// `nil` where nothing was read.
    var series: ConditionSeries? {
        guard points.count > 1 else { return nil }
        let series = ConditionSeries(
            seconds: points.dropFirst().map { rounded($0.seconds) }, otherProcessors: rates(\.otherLoadSeconds),
            stealProcessors: rates(\.stealSeconds), quotaRatio: rates(\.quotaSeconds),
            waitingThreads: rates(\.runQueueSeconds),
            throttleCount: known(
                zip(points, points.dropFirst()).map { before, after -> Int? in
                    guard let start = before.conditions.throttleCount, let end = after.conditions.throttleCount
                    else { return nil }
                    return max(0, end - start)
                }),
            hertz: known(points.dropFirst().map(\.conditions.frequencyHertz)),
            celsius: known(points.dropFirst().map(\.conditions.celsius)),
            referenceSeconds: known(points.dropFirst().map(\.conditions.referenceSeconds)))
        return series.columnCounts.isEmpty ? nil : series
    }

    /// What a counter of seconds grew by in each second.
    private func rates(_ counter: KeyPath<BoxConditions, Double?>) -> [Double?]? {
        known(
            zip(points, points.dropFirst()).map { before, after -> Double? in
                guard let start = before.conditions[keyPath: counter], let end = after.conditions[keyPath: counter]
                else { return nil }
                // A thread that ended takes its waits with it.
                return rounded(max(0, end - start) / (after.seconds - before.seconds))
            })
    }

    private func known<Value>(_ column: [Value?]) -> [Value?]? {
        column.contains { $0 != nil } ? column : nil
    }

    /// More digits would say nothing and make the file large.
    private func rounded(_ value: Double) -> Double { (value * 1e4).rounded() / 1e4 }
}
