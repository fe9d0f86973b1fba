import ProbeKit
import SystemIO
import SystemPackage

/// A power zone of the powercap tree: a directory with an energy counter.
///
/// Source: Documentation/power/powercap/powercap.rst. The directory's name (`intel-rapl:0:1`) gives the zone's position
/// only; its `name` attribute says what it measures.
struct PowercapZone: Sendable {
    /// The kernel's device name, unique on the box: control type and numbers.
    let device: String
    let directory: FilePath
    /// The zone's name: `package-0`, `core`; the device's name where the zone's cannot be read or is empty.
    let name: String
    /// Why the name cannot be read. What the zone measures is not known then.
    let nameFailure: KerfError?

    init(device: String, directory: FilePath) {
        self.device = device
        self.directory = directory
        let text: String?
        do throws(KerfError) {
            text = try SysfsFile.text(at: directory.appending("name"))
            nameFailure = nil
        } catch {
            text = nil
            nameFailure = error
        }
        name = text.map(Self.identifier).flatMap { $0.isEmpty ? nil : $0 } ?? device
    }

    /// A zone that the class directory lists and that leads nowhere.
    init(hidden place: FilePath, because obstacle: KerfError) {
        device = place.lastComponent?.string ?? ""
        directory = place
        name = device
        nameFailure = obstacle
    }

    var controlType: String { String(device.prefix { $0 != ":" }) }

    /// The device that contains this zone: another zone, or the control type.
    var parentDevice: String {
        guard let colon = device.lastIndex(of: ":") else { return "" }
        return String(device[..<colon])
    }

    var energyFile: FilePath { directory.appending("energy_uj") }

    /// The counter's range; `nil` where it is missing or malformed. A counter of unknown range that falls is refused, so that
    /// the cause makes no difference.
    var wrapRangeMicrojoules: UInt64? {
        guard let file = try? HeldFile(directory.appending("max_energy_range_uj")),
            let range = try? file.counter(), range > 0
        else { return nil }
        return range
    }

    /// A name for identifiers and tables: bounded, without separators and control characters.
    private static func identifier(_ name: String) -> String {
        String(PlainText.ascii(name, limit: 64).map { $0 == " " || $0 == "/" ? "?" : $0 })
    }
}

/// A power limit of a zone.
///
/// Source: Documentation/power/powercap/powercap.rst: `constraint_X_name`, `constraint_X_max_power_uw`,
/// `constraint_X_power_limit_uw`. All users may read them, also where the counters are restricted.
struct PowercapConstraint {
    /// `long_term`, `short_term`, `peak_power`.
    let name: String
    /// The maximum limit that can be set, in watts; for `long_term` the thermal design power.
    let maximumWatts: Double?
    /// The current limit, in watts.
    let limitWatts: Double?
}

extension PowercapZone {
    /// Factor by which a zone's power may exceed its highest limit within a window. Limits are averages over milliseconds to
    /// seconds and may be raised while the box runs; a bound that is too low would reject valid windows.
    static let powerMargin = 4.0

    /// The zone's limits, in the kernel's order.
    var constraints: [PowercapConstraint] {
        // No zone has more than four; the kernel numbers them without gaps.
        (0..<10).compactMap { number in
            // Limits are optional (none on AMD): one that cannot be read is none, and bounds nothing.
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

    /// Upper bound of the zone's power, in watts; `nil` where it states no limit, or one of kilowatts, which firmware uses
    /// for "none".
    var maximumWatts: Double? {
        let highest = constraints.flatMap { [$0.maximumWatts, $0.limitWatts] }.compactMap(\.self).max()
        guard let highest, highest <= EnergyCounter.maximumWatts else { return nil }
        return min(EnergyCounter.maximumWatts, Self.powerMargin * highest)
    }
}
