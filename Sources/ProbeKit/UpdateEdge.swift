import ProfileFormat
import SystemIO

/// The values of a meter's counters right after each of them was updated.
///
/// A meter's counters need not be updated together: a counter that is read at another's update is stale by up to an interval.
/// So every counter of the total has its own edge; other counters are read with the first.
package struct UpdateEdge: Sendable {
    /// Microjoules by domain, in the order of the tree's readable domains.
    package var microjoules: [UInt64?]
    /// The time of the first reading with each value.
    package var instants: [MonotonicInstant]
    /// The edge of the first counted domain, whose updates are used for the meter.
    package var instant: MonotonicInstant
    /// Time since the previous reading, which had the old value of that domain: the update is in between.
    package var gapSeconds: Double
    /// See ``EnergyReading/gaps``.
    package var gaps: Int

    /// A reading of all domains at one moment.
    package init(_ reading: EnergyReading, gapSeconds: Double) {
        microjoules = reading.microjoules
        instant = reading.instant
        instants = Array(repeating: reading.instant, count: reading.microjoules.count)
        self.gapSeconds = gapSeconds
        gaps = reading.gaps
    }
}

extension EnergyMeter {
    /// Waits for the next update of every counter of the total, the first domain's first.
    ///
    /// A counter that is updated every millisecond is stale by half of that on average; a window between two update edges
    /// has no such error. The wait polls without pause and takes up to an update interval, and up to another one where
    /// the counters are not updated together. A counter that does not change while the first one is updated twice more is
    /// used as it is.
    ///
    /// - Returns: `nil` when no update of the first domain came within `seconds`.
    package func updateEdge(within seconds: Double = 0.05) throws(KerfError) -> UpdateEdge? {
        let watched = try watchedIndex()
        let clocks = countsProcessorTime ? ThreadCPUClocks() : nil
        func sample() throws(KerfError) -> EnergyReading {
            clocks?.flush()
            return try read()
        }
        prepareForEdge()
        let start = try sample()
        var last = start
        var reading = try sample()
        while reading.microjoules[watched] == start.microjoules[watched] {
            if reading.instant.seconds(since: start.instant) > seconds { return nil }
            last = reading
            reading = try sample()
        }
        var edge = UpdateEdge(reading, gapSeconds: reading.instant.seconds(since: last.instant))
        var waiting = tree.readable.enumerated().filter { $0.offset != watched && $0.element.role == .counted }
            .map(\.offset)
        var updates = 0
        while true {
            waiting.removeAll { index in
                guard reading.microjoules[index] != last.microjoules[index] else { return false }
                edge.microjoules[index] = reading.microjoules[index]
                edge.instants[index] = reading.instant
                return true
            }
            let isLate = reading.instant.seconds(since: edge.instant) > seconds
            if waiting.isEmpty || updates == 2 || isLate { return edge }
            last = reading
            reading = try sample()
            if reading.microjoules[watched] != last.microjoules[watched] { updates += 1 }
        }
    }

    /// Energy of every domain between its own two updates, in joules, by identifier.
    ///
    /// - Throws: as ``joules(from:to:)-swift.method``.
    package func joules(from start: UpdateEdge, to end: UpdateEdge) throws(KerfError) -> [String: Double] {
        try checkGaps(from: start.gaps, to: end.gaps)
        return try joules(from: start.microjoules, to: end.microjoules) {
            end.instants[$0].seconds(since: start.instants[$0])
        }
    }

    /// Index, in a reading, of the domain whose updates are used for the meter: the first counted one.
    func watchedIndex() throws(KerfError) -> Int {
        let watched = tree.counted.first ?? tree.readable.first
        guard let index = tree.readable.firstIndex(where: { $0.identifier == watched?.identifier }) else {
            throw KerfError(.notFound, "\(name) has no counter to watch")
        }
        return index
    }
}
