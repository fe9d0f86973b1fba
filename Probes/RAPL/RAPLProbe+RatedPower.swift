import ProbeKit
import ProfileFormat

extension RAPLProbe {
    /// The power that the box is made to sustain, in watts: the long-term limits of its packages, summed.
    ///
    /// Of each package the constraint named `long_term`: `max_power_uw` (the thermal design power), or where that is
    /// missing or zero the limit that is set, `power_limit_uw`. Firmware writes limits of kilowatts to mean none, so a
    /// value above ``EnergyCounter/maximumWatts`` says nothing.
    ///
    /// - Returns: `nil` when a package does not tell it, since a sum without it would be another box's.
    package func ratedPowerWatts() -> Double? {
        let entries = RAPLDomains(root: root).entries
        let packages = entries.filter { $0.kind.isPackage }
        let candidates = packages.isEmpty ? entries.filter { $0.kind == .platform } : packages
        // An unreadable twin is no mirror by its role; its name is the same all the same.
        var names: Set<String> = []
        var sum: Double?
        for entry in candidates where names.insert(entry.zone.name).inserted {
            if case .mirror = entry.domain.role { continue }
            guard let watts = Self.longTermWatts(of: entry.zone) else { return nil }
            sum = (sum ?? 0) + watts
        }
        return sum
    }

    private static func longTermWatts(of zone: PowercapZone) -> Double? {
        zone.constraints.first { $0.name == "long_term" }
            .flatMap { [$0.maximumWatts, $0.limitWatts].compactMap(\.self).first { $0 <= EnergyCounter.maximumWatts } }
    }
}
