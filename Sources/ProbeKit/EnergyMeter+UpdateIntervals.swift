import Glibc
import ProfileFormat
import SystemIO

extension EnergyMeter {
    /// The times between successive updates of a counter, in seconds, in the order in which they came.
    ///
    /// RAPL counters step about every millisecond with jitter; how far they step apart bounds what a window can
    /// resolve. The counters of one meter do not step together, so their sum would show each update several times:
    /// one domain is watched, the first that counts (else the first readable one).
    ///
    /// Polls without pause, since a sleep is as long as the interval that is looked for. The interval before the first
    /// change seen is not whole and is left out. Ends after `seconds` also when the counter never moves; then the
    /// list is empty. Each interval is known to the time between two polls.
    ///
    /// - Throws: the error of a failed read; ``KerfError/Code/notFound`` for a meter without a readable domain.
    package func updateIntervals(observing seconds: Double) throws(KerfError) -> [Double] {
        try watchUpdates(for: seconds).intervals
    }

    /// Watches a counter's updates until `enough` intervals were seen, for at most `seconds`.
    ///
    /// - Parameter pauseSeconds: time between two looks; none by default.
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

/// What was seen of a counter's updates.
package struct CounterWatch: Sendable, Hashable {
    /// Seconds between successive updates.
    package var intervals: [Double]
    /// By how many microjoules the counter grew at each update that was no wrap.
    package var stepsMicrojoules: [UInt64]

    /// No window can be known better; `nil` when the counter did not rise.
    package var smallestStepMicrojoules: UInt64? { stepsMicrojoules.min() }

    /// `nil` when no whole interval was seen.
    package var updates: CounterUpdates? {
        CounterUpdates(
            intervalsSeconds: intervals, resolutionJoules: CounterUpdates.resolutionJoules(ofSteps: stepsMicrojoules))
    }
}
