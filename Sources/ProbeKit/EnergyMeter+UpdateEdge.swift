import ProfileFormat
import SystemIO

/// What a meter's counters showed right after each of them was updated.
///
/// The counters of one meter need not be updated together: one that was read at another's update is stale by up to an
/// interval. So every counter of the total has an edge of its own; a counter beside the total is read with the first.
package struct UpdateEdge: Sendable {
    /// Microjoules by domain, in the order of the tree's readable domains.
    package var microjoules: [UInt64?]
    /// The look that showed each first.
    package var instants: [MonotonicInstant]
    /// Of the first domain that counts, whose updates stand for the meter's.
    package var instant: MonotonicInstant
    /// Time since the look before, which still showed the old value of that domain: the update lies in between.
    package var gapSeconds: Double

    /// A reading of all domains at one moment.
    package init(_ reading: EnergyReading, gapSeconds: Double) {
        microjoules = reading.microjoules
        instant = reading.instant
        instants = Array(repeating: reading.instant, count: reading.microjoules.count)
        self.gapSeconds = gapSeconds
    }
}

extension EnergyMeter {
    /// Waits for the next update of every counter of the total, the first domain's first.
    ///
    /// A counter that steps every millisecond is stale by half of that on average; a window that starts and ends at
    /// update edges has no such error. The wait polls without pause and costs up to an update interval, and up to one
    /// more where the counters do not step together. A counter that stands still while the first one steps twice more is
    /// taken as it is.
    ///
    /// - Returns: `nil` when no update of the first domain came within `seconds`.
    package func updateEdge(within seconds: Double = 0.05) throws(KerfError) -> UpdateEdge? {
        let watched = try watchedIndex()
        let accounts = countsProcessorTime ? ThreadCPUClocks() : nil
        func look() throws(KerfError) -> EnergyReading {
            accounts?.flush()
            return try read()
        }
        prepareForEdge()
        let start = try look()
        var last = start
        var reading = try look()
        while reading.microjoules[watched] == start.microjoules[watched] {
            if reading.instant.seconds(since: start.instant) > seconds { return nil }
            last = reading
            reading = try look()
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
            reading = try look()
            if reading.microjoules[watched] != last.microjoules[watched] { updates += 1 }
        }
    }

    /// Joules of every domain between two edges, by identifier, each between its own two updates.
    ///
    /// - Throws: as ``joules(from:to:)-swift.method``.
    package func joules(from start: UpdateEdge, to end: UpdateEdge) throws(KerfError) -> [String: Double] {
        try joules(from: start.microjoules, to: end.microjoules) { end.instants[$0].seconds(since: start.instants[$0]) }
    }

    /// The place, in a reading, of the domain whose updates stand for the meter's: the first that counts.
    func watchedIndex() throws(KerfError) -> Int {
        let watched = tree.counted.first ?? tree.readable.first
        guard let index = tree.readable.firstIndex(where: { $0.identifier == watched?.identifier }) else {
            throw KerfError(.notFound, "\(name) has no counter to watch")
        }
        return index
    }
}
