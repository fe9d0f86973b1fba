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
        while true {
            if pauseSeconds > 0 { usleep(UInt32(pauseSeconds * 1e6)) }
            let reading = try read()
            let now = reading.microjoules[index]
            if now != value {
                if let lastChange { watch.intervals.append(reading.instant.seconds(since: lastChange)) }
                if let now, let value, now > value { watch.stepsMicrojoules.append(now - value) }
                value = now
                lastChange = reading.instant
            }
            if watch.intervals.count >= enough || reading.instant.seconds(since: start.instant) >= seconds {
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

    /// The resolution of any window; `nil` when the counter did not rise.
    package var smallestStepMicrojoules: UInt64? { stepsMicrojoules.min() }

    /// `nil` without a complete interval.
    package var updates: CounterUpdates? {
        CounterUpdates(
            intervalsSeconds: intervals, resolutionJoules: CounterUpdates.resolutionJoules(ofSteps: stepsMicrojoules))
    }
}
