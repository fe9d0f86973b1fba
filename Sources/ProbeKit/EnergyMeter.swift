import ProfileFormat
import Quantities
import SystemIO

/// A reading of every readable energy counter.
package struct EnergyReading: Sendable {
    package var instant: MonotonicInstant
    /// Microjoules of each readable domain, in the tree's order; `nil` for a domain outside the total that could not be
    /// read.
    package var microjoules: [UInt64?]
    /// How often a sampled meter missed power so far. Energy between two readings that differ in it is not known. 0 for
    /// hardware counters, which miss nothing between two reads.
    package var gaps: Int

    package init(instant: MonotonicInstant, microjoules: [UInt64?], gaps: Int = 0) {
        self.instant = instant
        self.microjoules = microjoules
        self.gaps = gaps
    }
}

/// A meter whose counters are cheap enough to be read repeatedly within a measurement.
package protocol EnergyMeter: Sendable {
    /// The name of the backend: `powercap`.
    var name: String { get }
    /// `measured` on a real box, `simulated` on a virtual one.
    var origin: Origin { get }
    var tree: EnergyDomainTree { get }
    /// How a meter integrated power so far; `nil` for hardware counters.
    var sampling: PowerSampling? { get }
    /// The samples that another program reports, from which windows have their energy; `nil` for a meter that is read at a
    /// window's ends.
    var reportedPower: (any ReportedPower)? { get }

    /// Whether the counters depend on this process's CPU time, as a virtual board's do. Then the kernel's per-thread CPU time
    /// has to be flushed before a reading that must be current; see ``ThreadCPUClocks``.
    var countsProcessorTime: Bool { get }

    /// Reads every readable domain, as close together as possible.
    ///
    /// - Throws: the error of a counted domain. Any other domain that fails is left out of the reading.
    func read() throws(KerfError) -> EnergyReading

    /// Reads the domains of the total only, in the tree's order, and appends their microjoules. Makes as few reads as possible
    /// and does not allocate, for samples within a measurement.
    ///
    /// - Returns: the time of the reading.
    func readTotal(into microjoules: inout [UInt64]) throws(KerfError) -> MonotonicInstant

    /// Called before the counters are polled for an update, for slow work that not every poll needs.
    func prepareForEdge()
}

extension EnergyMeter {
    package var sampling: PowerSampling? { nil }
    package var reportedPower: (any ReportedPower)? { nil }
    package var countsProcessorTime: Bool { false }
    package func prepareForEdge() {}

    package func readTotal(into microjoules: inout [UInt64]) throws(KerfError) -> MonotonicInstant {
        let reading = try read()
        for (value, domain) in zip(reading.microjoules, tree.readable) where domain.role == .counted {
            microjoules.append(value ?? 0)
        }
        return reading.instant
    }

    /// Energy of every domain in both readings, in joules, by identifier.
    ///
    /// - Throws: ``KerfError/Code/ambiguousReading`` for a counted domain whose readings allow no solution, and for power that
    ///   was missed in between. Any other such domain is left out.
    package func joules(from start: EnergyReading, to end: EnergyReading) throws(KerfError) -> [String: Double] {
        try checkGaps(from: start.gaps, to: end.gaps)
        let elapsed = end.instant.seconds(since: start.instant)
        return try joules(from: start.microjoules, to: end.microjoules) { _ in elapsed }
    }

    func checkGaps(from start: Int, to end: Int) throws(KerfError) {
        guard start != end else { return }
        throw KerfError(.interruptedReading, "\(name) could not be read for a moment, and its power then is not known")
    }

    /// Energy between two values per domain, whose times differ between domains.
    ///
    /// - Parameter elapsed: the time between a domain's two values, by the domain's index.
    func joules(
        from start: [UInt64?], to end: [UInt64?], elapsed: (Int) -> Double
    ) throws(KerfError) -> [String: Double] {
        var joules: [String: Double] = [:]
        for (index, domain) in tree.readable.enumerated() {
            guard let first = start[index], let last = end[index] else { continue }
            do throws(KerfError) {
                let microjoules = try domain.microjoules(from: first, to: last, elapsedSeconds: elapsed(index))
                joules[domain.identifier] = Double(microjoules) * 1e-6
            } catch {
                if domain.role == .counted { throw error }
            }
        }
        return joules
    }

    /// The box's total: the sum of the counted domains.
    package func total(of joules: [String: Double]) -> Double {
        tree.counted.reduce(0) { $0 + (joules[$1.identifier] ?? 0) }
    }

    /// Counted domains that stood still in a window in which others moved; empty where none did, or all.
    ///
    /// A counter that nothing updates any more would be missing from the total without a sign. Power that is sampled may be
    /// zero, as that of an idle battery.
    ///
    /// - Parameter joules: of a window of many updates.
    package func stoppedDomains(in joules: [String: Double]) -> [String] {
        guard sampling == nil, total(of: joules) > 0 else { return [] }
        return tree.counted.map(\.identifier).filter { joules[$0] == 0 }
    }
}

extension KerfError.Code {
    /// A sampled meter missed power between two readings.
    package static let interruptedReading = KerfError.Code("interrupted_reading", .inputOutput)
}
