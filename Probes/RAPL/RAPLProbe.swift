public import ProbeKit
import Statistics

/// RAPL energy counters through the powercap tree.
///
/// Source: Documentation/power/powercap/powercap.rst; names of zones from drivers/powercap/intel_rapl_common.c.
public struct RAPLProbe: Probe {
    public let name = "RAPL"
    public let interface = "powercap"
    public let root: SystemRoot

    public init(root: SystemRoot) { self.root = root }

    /// The domains now: which contain which, which count, and which cannot be read. Empty without RAPL.
    public func tree() -> EnergyDomainTree { RAPLDomains(root: root).tree }

    /// Every readable counter in joules since its own start, by domain.
    public func readings() -> ProbeReadings {
        var result = ProbeReadings()
        for entry in RAPLDomains(root: root).entries {
            if let looks = entry.looks {
                let joules = Double(looks.second) / 1e6
                result.readings.append(Reading(sensor: entry.domain.identifier, value: joules, unit: .joules))
            } else if let failure = entry.failure {
                result.failures.append(failure)
            }
        }
        return result
    }

    /// A meter on the counters that can be read. They step about every millisecond, and each wraps at its own range.
    ///
    /// A part that cannot be read is left out and stays in the tree with its reason. A package that cannot be read is
    /// an error, since the total would silently lack a socket.
    ///
    /// - Throws: ``ProbeError`` with the remedy that ``availability()`` names.
    public func meter() throws(ProbeError) -> HeldCounterMeter {
        let domains = RAPLDomains(root: root)
        if let missing = domains.missingPackages.first, let failure = missing.failure {
            throw ProbeError(
                failure.code, "\(missing.domain.identifier): \(failure.message)", path: failure.path,
                remedy: remedy(for: failure))
        }
        guard !domains.tree.counted.isEmpty else {
            let availability = availability(of: domains)
            let code: ProbeError.Code = availability.status == .forbidden ? .forbidden : .vanished
            throw ProbeError(code, availability.reason, remedy: availability.remedy)
        }
        let files = Dictionary(
            domains.entries.map { ($0.domain.identifier, $0.zone.energyFile) }, uniquingKeysWith: { first, _ in first })
        return try HeldCounterMeter(name: interface, origin: root.origin, tree: domains.tree) {
            files[$0.identifier] ?? root.path
        }
    }
}
