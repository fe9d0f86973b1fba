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
        let index = try watchedIndex()
        let start = try read()
        var value = start.microjoules[index]
        var lastChange: MonotonicInstant?
        var intervals: [Double] = []
        while true {
            let reading = try read()
            if reading.microjoules[index] != value {
                if let lastChange { intervals.append(reading.instant.seconds(since: lastChange)) }
                value = reading.microjoules[index]
                lastChange = reading.instant
            }
            if reading.instant.seconds(since: start.instant) >= seconds { return intervals }
        }
    }
}
