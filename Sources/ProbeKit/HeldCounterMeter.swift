import ProfileFormat
import Quantities
import Synchronization
import SystemIO
import SystemPackage

/// Energy counters in attribute files that stay open: RAPL through powercap, chips with an energy register through hwmon.
///
/// A reading is one clock call and one `pread` per domain. Counters are in microjoules since an arbitrary start.
package final class HeldCounterMeter: EnergyMeter, Sendable {
    package let name: String
    package let origin: Origin
    package let tree: EnergyDomainTree
    package var countsProcessorTime: Bool { origin == .simulated }
    private let counters: [Counter]
    /// The last valid reading of every counter, against which the next one is checked.
    private let last: Mutex<[ValidReading?]>

    private struct ValidReading {
        let microjoules: UInt64
        let instant: MonotonicInstant
    }

    private struct Counter {
        let file: HeldFile
        let counts: Bool
        let range: UInt64?
        let maximumWatts: Double
    }

    /// - Parameter file: the path of a readable domain's counter.
    /// - Throws: ``KerfError`` when a counter cannot be opened.
    package init(
        name: String, origin: Origin, tree: EnergyDomainTree, file: (EnergyDomain) -> FilePath
    ) throws(KerfError) {
        self.name = name
        self.origin = origin
        self.tree = tree
        var counters: [Counter] = []
        for domain in tree.readable {
            counters.append(
                Counter(
                    file: try HeldFile(file(domain)), counts: domain.role == .counted,
                    range: domain.wrapRangeMicrojoules,
                    maximumWatts: domain.maximumWatts ?? EnergyCounter.maximumWatts))
        }
        self.counters = counters
        last = Mutex(Array(repeating: nil, count: counters.count))
    }

    /// Reads every readable domain in the tree's order, right after the clock.
    ///
    /// - Throws: ``KerfError`` with the path when a counter of the total is gone, is not a number, or is impossible after the
    ///   previous reading, as truncated text may be. A counter outside the total (psys, a part of a package) is `nil` then.
    package func read() throws(KerfError) -> EnergyReading {
        // One reader at a time, so that the last reading is the previous one.
        try last.withLock { (last: inout [ValidReading?]) throws(KerfError) -> EnergyReading in
            var reading = EnergyReading(instant: .now(), microjoules: [])
            reading.microjoules.reserveCapacity(counters.count)
            // The array is allocated: from here to the last counter there are only reads.
            reading.instant = .now()
            for (index, counter) in counters.enumerated() {
                do throws(KerfError) {
                    reading.microjoules.append(try Self.value(of: counter, after: &last[index], at: reading.instant))
                } catch {
                    if counter.counts { throw error }
                    reading.microjoules.append(nil)
                }
            }
            return reading
        }
    }

    package func readTotal(into microjoules: inout [UInt64]) throws(KerfError) -> MonotonicInstant {
        try last.withLock { (last: inout [ValidReading?]) throws(KerfError) -> MonotonicInstant in
            let instant = MonotonicInstant.now()
            for index in counters.indices where counters[index].counts {
                microjoules.append(try Self.value(of: counters[index], after: &last[index], at: instant))
            }
            return instant
        }
    }

    private static func value(
        of counter: Counter, after last: inout ValidReading?, at instant: MonotonicInstant
    ) throws(KerfError) -> UInt64 {
        let value = try counter.file.counter()
        try check(value, of: counter, after: last, at: instant)
        last = ValidReading(microjoules: value, instant: instant)
        return value
    }

    private static func check(
        _ value: UInt64, of counter: Counter, after last: ValidReading?, at instant: MonotonicInstant
    ) throws(KerfError) {
        guard let last, last.microjoules != value else { return }
        let elapsed = instant.seconds(since: last.instant)
        guard
            !EnergyCounter.follows(
                last.microjoules, value, range: counter.range, elapsedSeconds: elapsed,
                maximumWatts: counter.maximumWatts)
        else { return }
        var error = EnergyCounter.impossible(last.microjoules, value, elapsed, counter.maximumWatts)
        (error.code, error.location) = (.invalidReading, counter.file.path.string)
        throw error
    }
}
