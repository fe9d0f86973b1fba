import ProbeKit
import ProfileFormat
import SystemIO
import SystemPackage

/// RAPL energy counters through the powercap tree.
///
/// Source: Documentation/power/powercap/powercap.rst; names of zones from drivers/powercap/intel_rapl_common.c.
package struct RAPLProbe: Probe {
    package let name = "RAPL"
    package let interface = "powercap"
    package let root: SystemRoot

    package init(root: SystemRoot) { self.root = root }

    /// The domains now: which contain which, which count, and which cannot be read. Empty without RAPL.
    package func tree() -> EnergyDomainTree { RAPLDomains(root: root).tree }

    /// Every readable counter in joules since its own start, by domain.
    package func readings() -> ProbeReadings {
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
    /// - Throws: ``KerfError`` with the remedy that ``availability()`` names.
    package func meter() throws(KerfError) -> HeldCounterMeter {
        let domains = RAPLDomains(root: root)
        if let missing = domains.missingPackages.first, let failure = missing.failure {
            throw KerfError(
                failure.code, "\(missing.domain.identifier): \(failure.message)",
                at: failure.location.map { FilePath($0) },
                remedy: remedy(for: failure))
        }
        guard !domains.tree.counted.isEmpty else {
            let availability = availability(of: domains)
            let code: KerfError.Code = availability.status == .forbidden ? .permissionDenied : .notFound
            throw KerfError(code, availability.reason, remedy: availability.remedy)
        }
        let files = Dictionary(
            domains.entries.map { ($0.domain.identifier, $0.zone.energyFile) }, uniquingKeysWith: { first, _ in first })
        return try HeldCounterMeter(name: interface, origin: root.origin, tree: domains.tree) {
            files[$0.identifier] ?? root.path
        }
    }
}
