import ProbeKit
import SystemIO
import SystemPackage

/// One power limit of a zone.
///
/// Source: Documentation/power/powercap/powercap.rst: `constraint_X_name`, `constraint_X_max_power_uw`,
/// `constraint_X_power_limit_uw`. Constraints are readable by all, also where the counters are not.
struct PowercapConstraint {
    /// `long_term`, `short_term`, `peak_power`.
    let name: String
    /// The highest limit that can be set, for `long_term` the thermal design power, in watts.
    let maximumWatts: Double?
    /// The limit that is set, in watts.
    let limitWatts: Double?
}

extension PowercapZone {
    /// How far above the highest limit that a zone states its power may lie in a window. Limits are averages over
    /// milliseconds to seconds and may be raised while the box runs; a bound that is too low would reject sound windows.
    static let powerMargin = 4.0

    /// The zone's limits, as they are written.
    var constraints: [PowercapConstraint] {
        /// No zone has more than four; the kernel numbers them without gaps.
        (0..<10).compactMap { number in
            func attribute(_ name: String) -> FilePath { directory.appending("constraint_\(number)_\(name)") }
            func watts(_ name: String) -> Double? {
                guard let microwatts = try? SysfsFile.integer(at: attribute(name)), microwatts > 0 else { return nil }
                return Double(microwatts) * 1e-6
            }
            guard let name = try? SysfsFile.text(at: attribute("name")) else { return nil }
            return PowercapConstraint(
                name: name, maximumWatts: watts("max_power_uw"), limitWatts: watts("power_limit_uw"))
        }
    }

    /// More than this the zone never draws, in watts; `nil` where it states no limit, or one of kilowatts, by which
    /// firmware means none.
    var maximumWatts: Double? {
        let highest = constraints.flatMap { [$0.maximumWatts, $0.limitWatts] }.compactMap(\.self).max()
        guard let highest, highest <= EnergyCounter.maximumWatts else { return nil }
        return min(EnergyCounter.maximumWatts, Self.powerMargin * highest)
    }
}
