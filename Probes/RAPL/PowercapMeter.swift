public import ProbeKit
public import Statistics

/// The RAPL counters of a box through the powercap tree, held open.
///
/// A reading is one clock call and one `pread` a domain. The counters are energies in microjoules since some start;
/// they step about every millisecond, and each wraps at its own range.
///
/// Source: Documentation/power/powercap/powercap.rst.
public final class PowercapMeter: EnergyMeter, Sendable {
    public let name = "powercap"
    public let origin: Origin
    public let tree: EnergyDomainTree
    private let counters: [(file: HeldFile, counts: Bool)]

    /// - Throws: ``ProbeError`` when a counter that could be read before cannot be opened now.
    init(_ domains: RAPLDomains, origin: Origin) throws(ProbeError) {
        self.origin = origin
        tree = domains.tree
        var counters: [(HeldFile, Bool)] = []
        for entry in domains.entries where entry.domain.isReadable {
            counters.append((try HeldFile(entry.zone.energyFile), entry.domain.role == .counted))
        }
        self.counters = counters
    }

    /// Reads every readable domain, in the tree's order, right after the clock.
    ///
    /// - Throws: ``ProbeError`` with the path when a counter of the total has gone or holds no number. One beside the
    ///   total (psys, a part of a package) is `nil` then: it must not cost the run its energy.
    public func read() throws(ProbeError) -> EnergyReading {
        var reading = EnergyReading(instant: .now(), microjoules: [])
        reading.microjoules.reserveCapacity(counters.count)
        // The array's allocation is over: from here to the last counter nothing but reads.
        reading.instant = .now()
        for (file, counts) in counters {
            do throws(ProbeError) {
                reading.microjoules.append(try file.counter())
            } catch {
                if counts { throw error }
                reading.microjoules.append(nil)
            }
        }
        return reading
    }
}
