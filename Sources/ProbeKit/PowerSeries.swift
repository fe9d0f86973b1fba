import ProfileFormat
import SystemIO

/// Samples of power or of a counter of energy that another program reports, on Kerf's clock.
///
/// A pure value: arrival times are given. See ``ReportedPower``.
package struct PowerSeries: Sendable {
    /// What the program reports.
    package enum Kind: Sendable, Hashable { case watts, joules }

    package struct Sample: Sendable, Hashable {
        /// By the program's own clock; `nil` where it has none.
        package var seconds: Double?
        package var kind: Kind
        package var value: Double

        package init(seconds: Double? = nil, kind: Kind, value: Double) {
            self.seconds = seconds
            self.kind = kind
            self.value = value
        }
    }

    /// Power over the time before `instant`, still to be moved by the meter's lag.
    package struct Entry: Sendable, Hashable {
        package var instant: MonotonicInstant
        package var watts: Double
        /// How much time it stands for: from the sample before of a counter, an interval of power.
        package var seconds: Double
    }

    /// What is there between two samples, in intervals, before it counts as one that is missing; and a pause of a busy box.
    private static let tolerance = (intervals: 0.6, seconds: 0.03)
    /// Samples that go back in time in a row, after which the program's clock is taken to have been set.
    private static let maximumBackward = 5
    /// Entries that are kept, some hours of a meter of 10 Hz. A window that began before the first of them is unknown.
    private static let capacity = 1 << 17
    /// Share of a window's samples that may be missing: one of four.
    private static let maximumMissingShare = 0.26
    /// Beyond this a counter was set anew, or its reading is damaged.
    package static let maximumWatts = 1e5

    package let kind: Kind
    /// Whether samples have times of their own.
    package let hasClock: Bool
    /// Median time between two samples; `nil` before the third.
    package private(set) var intervalSeconds: Double?
    package private(set) var entries: [Entry] = []
    package private(set) var sampleCount = 0
    /// Samples that were not reported although their time came.
    package private(set) var missingCount = 0
    /// Samples with the time of the one before.
    package private(set) var repeatedCount = 0
    /// Samples with a time before that of the last one.
    package private(set) var backwardCount = 0
    package private(set) var longestGapSeconds = 0.0
    /// When the value last changed.
    package private(set) var changed: MonotonicInstant?
    private var clock = ReportedClock()
    private var last: (sample: Sample, instant: MonotonicInstant)?
    private var backwardInARow = 0
    /// Times between the first samples, from which their median is found.
    private var firstGaps: [Double] = []

    /// - Parameter first: the first sample, which says what kind all are of. It is not added.
    package init(like first: Sample) {
        kind = first.kind
        hasClock = first.seconds != nil
    }

    /// Whether a sample is of the kind that the first one was.
    package func fits(_ sample: Sample) -> Bool { sample.kind == kind && (sample.seconds != nil) == hasClock }

    /// Adds a sample that fits, unless it repeats the last one or goes back in time.
    package mutating func add(_ sample: Sample, arrival: MonotonicInstant) {
        guard isLater(sample) else { return }
        let instant = sample.seconds.map { clock.instant(of: $0, arrival: arrival) } ?? arrival
        guard let last else {
            self.last = (sample, instant)
            (sampleCount, changed) = (1, instant)
            if kind == .watts { append(Entry(instant: instant, watts: sample.value, seconds: 0)) }
            return
        }
        let elapsed = instant.seconds(since: last.instant)
        guard elapsed > 0 else {
            // Its arrival was so late that it is not after the last one on Kerf's clock.
            repeatedCount += 1
            return
        }
        sampleCount += 1
        learnInterval(elapsed)
        longestGapSeconds = max(longestGapSeconds, elapsed)
        if let interval = intervalSeconds, elapsed > interval + Self.slack(interval) {
            missingCount += max(1, Int((elapsed / interval).rounded()) - 1)
        }
        if sample.value != last.sample.value { changed = instant }
        switch kind {
        case .watts: append(Entry(instant: instant, watts: sample.value, seconds: intervalSeconds ?? elapsed))
        case .joules:
            let watts = (sample.value - last.sample.value) / elapsed
            // A counter that was set anew: what was drawn since the last sample is not known.
            if (0...Self.maximumWatts).contains(watts) {
                append(Entry(instant: instant, watts: watts, seconds: elapsed))
            } else {
                missingCount += 1
            }
        }
        self.last = (sample, instant)
    }

    private mutating func append(_ entry: Entry) {
        if entries.count >= Self.capacity { entries.removeFirst(Self.capacity / 4) }
        entries.append(entry)
    }

    private mutating func isLater(_ sample: Sample) -> Bool {
        guard let seconds = sample.seconds, let before = last?.sample.seconds, seconds <= before else {
            backwardInARow = 0
            return true
        }
        if seconds == before {
            repeatedCount += 1
            return false
        }
        backwardCount += 1
        backwardInARow += 1
        guard backwardInARow >= Self.maximumBackward else { return false }
        (clock, backwardInARow) = (ReportedClock(), 0)
        return true
    }

    private mutating func learnInterval(_ elapsed: Double) {
        guard firstGaps.count < 21 else { return }
        firstGaps.append(elapsed)
        guard firstGaps.count > 1 else { return }
        intervalSeconds = firstGaps.sorted()[(firstGaps.count - 1) / 2]
    }

    private static func slack(_ interval: Double) -> Double { tolerance.intervals * interval + tolerance.seconds }

    /// The unit of power: the largest power of a half or of a tenth of a watt of which every change is a multiple; `nil` for
    /// a counter, and for less than ten changes.
    package var resolutionWatts: Double? {
        guard kind == .watts else { return nil }
        let steps = zip(entries, entries.dropFirst()).map { ($0.watts - $1.watts).magnitude }
        // In millionths, as the steps of a counter are.
        return CounterUpdates.resolutionJoules(ofSteps: steps.filter { $0 > 1e-6 }.map { UInt64(($0 * 1e6).rounded()) })
    }

    // MARK: - Windows

    /// Length of a window that holds two complete samples wherever it begins; `nil` before the interval is known.
    package func minimumWindowSeconds(_ lag: MeterLag) -> Double? {
        intervalSeconds.map { interval in
            // Samples need not come at exactly equal times.
            let two = 2.1 * interval + 0.01
            return two + lag.longestSeconds - lag.shortestSeconds + (kind == .joules ? interval : 0)
        }
    }

    /// Whether a sample has arrived that is of the time after `instant`, so that those before have, too.
    package func hasReported(until instant: MonotonicInstant, lag: MeterLag) -> Bool {
        guard let last else { return false }
        return last.instant.seconds(since: instant) > lag.shortestSeconds
    }

    /// The mean of the samples that lie within a window, wherever in ``MeterLag`` they are.
    package func energy(
        from start: MonotonicInstant, to end: MonotonicInstant, lag: MeterLag
    ) -> (watts: Double, seconds: Double)? {
        let within = entries[within(start, end, lag)]
        let seconds = within.reduce(0) { $0 + $1.seconds }
        guard within.count > 1, seconds > 0 else { return nil }
        return (within.reduce(0) { $0 + $1.watts * $1.seconds } / seconds, seconds)
    }

    /// The energy of a window. Its load is about the same all the time, so that the mean of most samples stands for a few
    /// that are missing.
    package func reported(
        of domain: String, from start: MonotonicInstant, to end: MonotonicInstant, lag: MeterLag
    ) -> ReportedEnergy {
        guard missingShare(from: start, to: end, lag: lag) <= Self.maximumMissingShare else { return .missing }
        guard let mean = energy(from: start, to: end, lag: lag) else { return .tooShort }
        return .known(
            joules: [domain: mean.watts * mean.seconds], seconds: mean.seconds,
            edgeSeconds: lag.longestSeconds - lag.shortestSeconds)
    }

    /// Share of a window's time of which no sample tells; 1 where it began before the first one.
    package func missingShare(from start: MonotonicInstant, to end: MonotonicInstant, lag: MeterLag) -> Double {
        let seconds = end.seconds(since: start)
        guard seconds > 0, let interval = intervalSeconds, let first = entries.first,
            first.instant.seconds(since: start) <= lag.longestSeconds + interval
        else { return 1 }
        var (missing, after) = (0.0, Entry?.none)
        // From the end, since windows are asked for when they are over.
        for entry in entries.reversed() {
            if let after {
                guard after.instant.seconds(since: start) - after.seconds > lag.longestSeconds else { break }
                let gap = after.instant.seconds(since: entry.instant) - after.seconds
                if gap > Self.slack(interval) {
                    // The part of it that tells of the window alone, however late samples are.
                    let begin = entry.instant.seconds(since: start)
                    let last = min(begin + gap, seconds + lag.shortestSeconds)
                    missing += max(0, last - max(begin, lag.longestSeconds))
                }
            }
            after = entry
        }
        return min(1, missing / seconds)
    }

    private func within(_ start: MonotonicInstant, _ end: MonotonicInstant, _ lag: MeterLag) -> Range<Int> {
        func beginsInside(_ entry: Entry) -> Bool {
            let own = kind == .joules ? entry.seconds : 0
            return entry.instant.seconds(since: start) - own >= lag.longestSeconds
        }
        var last = entries.endIndex
        while last > 0, entries[last - 1].instant.seconds(since: end) > lag.shortestSeconds { last -= 1 }
        var first = last
        while first > 0, beginsInside(entries[first - 1]) { first -= 1 }
        return first..<last
    }
}
