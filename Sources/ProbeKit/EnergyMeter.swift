import ProfileFormat
import Quantities
import SystemIO

/// One look at every readable energy counter.
package struct EnergyReading: Sendable {
    package var instant: MonotonicInstant
    /// Microjoules, one for each of the meter's readable domains, in the tree's order; `nil` for a domain that could not
    /// be read now and does not count towards the total.
    package var microjoules: [UInt64?]

    package init(instant: MonotonicInstant, microjoules: [UInt64?]) {
        self.instant = instant
        self.microjoules = microjoules
    }
}

/// A meter whose counters are read cheaply, again and again, inside a measurement.
package protocol EnergyMeter: Sendable {
    /// The level of the meter ladder: `powercap`.
    var name: String { get }
    /// `measured` on a real box, `simulated` on a virtual one.
    var origin: Origin { get }
    var tree: EnergyDomainTree { get }
    /// How a meter made its counters from power, up to now; `nil` for counters that the hardware keeps.
    var sampling: PowerSampling? { get }

    /// Whether the counters count this process's processor time, as a virtual board's do. Then the kernel's accounts
    /// have to be settled before a reading that is to be right to the moment; see ``ThreadCPUClocks``.
    var countsProcessorTime: Bool { get }

    /// Reads every readable domain, as close together as can be.
    ///
    /// - Throws: the error of a domain that counts towards the total. One that does not is left out of the reading.
    func read() throws(KerfError) -> EnergyReading

    /// Reads the domains of the total alone, in the tree's order, and appends their microjoules: as few reads as can be,
    /// and nothing made, for a look in the middle of a measurement.
    ///
    /// - Returns: the moment of the reading.
    func readTotal(into microjoules: inout [UInt64]) throws(KerfError) -> MonotonicInstant

    /// Called right before the counters are polled for an update: the time for whatever takes long and need not be done at
    /// every look.
    func prepareForEdge()
}

extension EnergyMeter {
    package var sampling: PowerSampling? { nil }
    package var countsProcessorTime: Bool { false }
    package func prepareForEdge() {}

    package func readTotal(into microjoules: inout [UInt64]) throws(KerfError) -> MonotonicInstant {
        let reading = try read()
        for (value, domain) in zip(reading.microjoules, tree.readable) where domain.role == .counted {
            microjoules.append(value ?? 0)
        }
        return reading.instant
    }

    /// Joules of every domain that both readings hold, by identifier.
    ///
    /// - Throws: ``KerfError/Code/ambiguousReading`` when a counter that counts allows no answer; another is left out then.
    package func joules(from start: EnergyReading, to end: EnergyReading) throws(KerfError) -> [String: Double] {
        let elapsed = end.instant.seconds(since: start.instant)
        return try joules(from: start.microjoules, to: end.microjoules) { _ in elapsed }
    }

    /// The same of values whose moments differ from domain to domain.
    ///
    /// - Parameter elapsed: the time between a domain's two values, by its place.
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

    /// The box's total among joules by domain: the sum of the counted domains.
    package func total(of joules: [String: Double]) -> Double {
        tree.counted.reduce(0) { $0 + (joules[$1.identifier] ?? 0) }
    }
}
