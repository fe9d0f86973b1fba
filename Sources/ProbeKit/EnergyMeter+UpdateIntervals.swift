#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

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
    /// - Throws: the error of a failed read; ``ProbeError/Code/vanished`` for a meter without a readable domain.
    public func updateIntervals(observing seconds: Double) throws(ProbeError) -> [Double] {
        try watchUpdates(for: seconds).intervals
    }

    /// As ``updateIntervals(observing:)``, with the smallest rise between two updates.
    ///
    /// - Parameter pauseSeconds: time between two looks; none by default.
    public func watchUpdates(for seconds: Double, pauseSeconds: Double = 0) throws(ProbeError) -> CounterUpdates {
        let index = try watchedIndex()
        let start = try read()
        var value = start.microjoules[index]
        var lastChange: MonotonicInstant?
        var updates = CounterUpdates()
        while true {
            if pauseSeconds > 0 { usleep(UInt32(pauseSeconds * 1e6)) }
            let reading = try read()
            let now = reading.microjoules[index]
            if now != value {
                if let lastChange { updates.intervals.append(reading.instant.seconds(since: lastChange)) }
                if let now, let value, now > value { updates.note(step: now - value) }
                value = now
                lastChange = reading.instant
            }
            if reading.instant.seconds(since: start.instant) >= seconds { return updates }
        }
    }
}

/// The updates of one counter, as they were seen.
public struct CounterUpdates: Sendable, Hashable {
    /// Seconds between successive updates.
    public internal(set) var intervals: [Double] = []
    /// The smallest rise at an update, in microjoules: no window can be known better. `nil` when the counter did not
    /// rise.
    public internal(set) var smallestStep: UInt64?

    mutating func note(step: UInt64) { smallestStep = min(smallestStep ?? step, step) }
}
