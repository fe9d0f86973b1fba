public import Statistics
import Synchronization
public import SystemPackage

/// Energy counters in attribute files, held open: RAPL through powercap, chips with an energy register through hwmon.
///
/// A reading is one clock call and one `pread` a domain. The counters are energies in microjoules since some start.
public final class HeldCounterMeter: EnergyMeter, Sendable {
    public let name: String
    public let origin: Origin
    public let tree: EnergyDomainTree
    private let counters: [Counter]
    /// The last reading of every counter: the next one has to follow from it.
    private let last = Mutex<EnergyReading?>(nil)

    private struct Counter {
        let file: HeldFile
        let counts: Bool
        let range: UInt64?
        let maximumWatts: Double
    }

    /// - Parameter file: the counter of each readable domain of the tree.
    /// - Throws: ``ProbeError`` when a counter cannot be opened.
    public init(
        name: String, origin: Origin, tree: EnergyDomainTree, file: (EnergyDomain) -> FilePath
    ) throws(ProbeError) {
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
    }

    /// Reads every readable domain, in the tree's order, right after the clock.
    ///
    /// - Throws: ``ProbeError`` with the path when a counter of the total has gone, holds no number, or holds one that
    ///   cannot follow from the reading before: text that was cut short is still a number. A counter beside the total
    ///   (psys, a part of a package) is `nil` then: it must not cost the run its energy.
    public func read() throws(ProbeError) -> EnergyReading {
        var reading = EnergyReading(instant: .now(), microjoules: [])
        reading.microjoules.reserveCapacity(counters.count)
        // The array's allocation is over: from here to the last counter nothing but reads.
        reading.instant = .now()
        for counter in counters {
            do throws(ProbeError) {
                reading.microjoules.append(try counter.file.counter())
            } catch {
                if counter.counts { throw error }
                reading.microjoules.append(nil)
            }
        }
        let before = last.withLock { last in
            defer { last = reading }
            return last
        }
        if let before { try check(&reading, after: before) }
        return reading
    }

    private func check(_ reading: inout EnergyReading, after before: EnergyReading) throws(ProbeError) {
        // Two threads may read at once; the later reading may then be noted first.
        let elapsed = max(0, reading.instant.seconds(since: before.instant))
        for (index, counter) in counters.enumerated() {
            guard let start = before.microjoules[index], let end = reading.microjoules[index], start != end,
                !EnergyCounter.follows(
                    start, end, range: counter.range, elapsedSeconds: elapsed, maximumWatts: counter.maximumWatts)
            else { continue }
            guard counter.counts else {
                reading.microjoules[index] = nil
                continue
            }
            var error = EnergyCounter.impossible(start, end, elapsed, counter.maximumWatts)
            (error.code, error.path) = (.malformed, counter.file.path)
            throw error
        }
    }
}
