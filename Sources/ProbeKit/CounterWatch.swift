import Glibc
import ProfileFormat
import SystemIO

extension EnergyMeter {
    /// Times between successive updates of a counter, in seconds, in order.
    ///
    /// RAPL counters are updated about every millisecond with jitter; the interval bounds the resolution of a window. The
    /// counters of a meter are not updated together, so only one domain is watched: the first counted one, else the first
    /// readable one.
    ///
    /// Polls without pause, since a sleep takes as long as the interval. The incomplete interval before the first change is
    /// left out. Ends after `seconds` also when the counter never changes; then the list is empty. Each interval is known
    /// to the time between two polls.
    ///
    /// - Throws: the error of a failed read; ``KerfError/Code/notFound`` for a meter without a readable domain.
    package func updateIntervals(observing seconds: Double) throws(KerfError) -> [Double] {
        try watchUpdates(for: seconds).intervals
    }

    /// Watches a counter's updates for `seconds`, or until `enough` intervals were observed.
    ///
    /// - Parameter pauseSeconds: time between two polls.
    package func watchUpdates(
        for seconds: Double, orUntil enough: Int = .max, pauseSeconds: Double = 0
    ) throws(KerfError) -> CounterWatch {
        let index = try watchedIndex()
        let start = try read()
        var value = start.microjoules[index]
        var lastChange: MonotonicInstant?
        var watch = CounterWatch(intervals: [], stepsMicrojoules: [])
        let readable = tree.readable
        let counted = readable.indices.filter { readable[$0].role == .counted }
        var last = start.microjoules
        var changes = readable.map { _ in 0 }
        while true {
            if pauseSeconds > 0 { usleep(UInt32(pauseSeconds * 1e6)) }
            let reading = try read()
            for place in counted where reading.microjoules[place] != last[place] { changes[place] += 1 }
            last = reading.microjoules
            let now = reading.microjoules[index]
            if now != value {
                if let lastChange { watch.intervals.append(reading.instant.seconds(since: lastChange)) }
                if let now, let value, now > value { watch.stepsMicrojoules.append(now - value) }
                value = now
                lastChange = reading.instant
            }
            if watch.intervals.count >= enough || reading.instant.seconds(since: start.instant) >= seconds {
                watch.changes = counted.map {
                    CounterWatch.Changes(domain: readable[$0].identifier, count: changes[$0])
                }
                return watch
            }
        }
    }
}

/// Observed updates of a counter.
package struct CounterWatch: Sendable, Hashable {
    /// Seconds between successive updates.
    package var intervals: [Double]
    /// Increments of the counter in microjoules, without wraps.
    package var stepsMicrojoules: [UInt64]
    /// How often each counter of the total changed.
    package var changes: [Changes] = []

    package struct Changes: Sendable, Hashable {
        package var domain: String
        package var count: Int
    }

    /// Counters of the total that stood still while another one changed often; empty where none changed often.
    package var stoppedDomains: [String] {
        guard (changes.map(\.count).max() ?? 0) >= Self.conclusiveChanges else { return [] }
        return changes.filter { $0.count == 0 }.map(\.domain)
    }

    /// Counters are not updated together, so that one change of one of them shows nothing.
    private static let conclusiveChanges = 10

    /// Whether no counter of the total changed at all.
    package var isStill: Bool { !changes.isEmpty && changes.allSatisfy { $0.count == 0 } }

    package init(intervals: [Double], stepsMicrojoules: [UInt64]) {
        self.intervals = intervals
        self.stepsMicrojoules = stepsMicrojoules
    }

    /// The resolution of any window; `nil` when the counter did not rise.
    package var smallestStepMicrojoules: UInt64? { stepsMicrojoules.min() }

    /// `nil` without a complete interval.
    package var updates: CounterUpdates? {
        CounterUpdates(
            intervalsSeconds: intervals, resolutionJoules: CounterUpdates.resolutionJoules(ofSteps: stepsMicrojoules))
    }
}
