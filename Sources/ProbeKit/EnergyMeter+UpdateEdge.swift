/// The first look at a meter's counters after one of them was updated.
public struct UpdateEdge: Sendable {
    public var reading: EnergyReading
    /// Time since the look before, which still showed the old value: the update lies in between.
    public var gapSeconds: Double
}

extension EnergyMeter {
    /// Waits for the next update of the first counted domain and reads every domain right after it.
    ///
    /// A counter that steps every millisecond is stale by half of that on average; a window that starts and ends at
    /// update edges has no such error. The wait polls without pause and costs up to an update interval.
    ///
    /// Each poll also asks for this process's processor time. That makes the kernel account the calling thread up to
    /// now, which it else does at its own ticks only; a virtual board, which reads that account from another process,
    /// then sees all work done before the call.
    ///
    /// - Returns: `nil` when no update came within `seconds`.
    public func updateEdge(within seconds: Double = 0.05) throws(ProbeError) -> UpdateEdge? {
        let index = try watchedIndex()
        _ = processCPUSeconds()
        let start = try read()
        var last = start.instant
        while true {
            _ = processCPUSeconds()
            let reading = try read()
            if reading.microjoules[index] != start.microjoules[index] {
                return UpdateEdge(reading: reading, gapSeconds: reading.instant.seconds(since: last))
            }
            if reading.instant.seconds(since: start.instant) > seconds { return nil }
            last = reading.instant
        }
    }

    /// The reading of ``updateEdge(within:)`` alone.
    public func readAtUpdateEdge(within seconds: Double = 0.05) throws(ProbeError) -> EnergyReading? {
        try updateEdge(within: seconds)?.reading
    }

    /// The place, in a reading, of the domain whose updates stand for the meter's: the first that counts.
    func watchedIndex() throws(ProbeError) -> Int {
        let watched = tree.counted.first ?? tree.readable.first
        guard let index = tree.readable.firstIndex(where: { $0.identifier == watched?.identifier }) else {
            throw ProbeError(.vanished, "\(name) has no counter to watch")
        }
        return index
    }
}
