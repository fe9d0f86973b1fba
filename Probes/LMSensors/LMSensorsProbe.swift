import CSensors
import ProbeKit
import ProfileFormat
import SystemIO
import SystemPackage

/// Temperatures, fans, voltages, currents, power and energy of the box's monitoring chips.
///
/// On the running system libsensors reads the chips, since it applies the board's configuration (/etc/sensors3.conf: labels,
/// voltage dividers, unconnected inputs), which the kernel does not know. libsensors reads /sys only, so
/// ``HwmonReader`` reads the same files of a captured box or a virtual board, without that configuration. Both return
/// ``SensorChip`` values.
package struct LMSensorsProbe: Probe {
    package let name = "lm-sensors"
    package var interface: String { root.isLive ? "libsensors" : "hwmon" }
    package let root: SystemRoot

    package init(root: SystemRoot = SystemRoot()) {
        self.root = root
    }

    /// The version of the libsensors that is linked: `3.6.0`.
    package static func libraryVersion() -> String { String(cString: kerf_libsensors_version()) }

    /// Reads all chips.
    package func survey() -> SensorSurvey {
        root.isLive ? Libsensors.survey() : HwmonReader(root: root).survey()
    }

    package func availability() -> Availability {
        let survey = survey()
        let chips = survey.chips.filter { !$0.features.isEmpty }.count
        if chips > 0 {
            let sensors = survey.chips.reduce(0) { $0 + $1.features.count }
            return Availability(
                .present,
                reason: "\(sensors) sensor\(sensors == 1 ? "" : "s") on \(chips) chip\(chips == 1 ? "" : "s")\(library)"
            )
        }
        let place = root.file(HwmonReader.classDirectory).string
        if let denied = survey.failures.first(where: { $0.code == .permissionDenied }) {
            return Availability(
                .forbidden, reason: "no sensor below \(place) may be read: \(denied)",
                remedy: "run as root, or give this user read access to the files in \(place)/*/")
        }
        if let failure = survey.failures.first {
            return Availability(
                .absent, reason: "no sensor below \(place) could be read: \(failure)", remedy: .text(remedy))
        }
        let found = survey.chips.isEmpty ? "no hwmon chips" : "hwmon chips without sensors"
        return Availability(.absent, reason: "\(found) in \(place)\(library)", remedy: .text(remedy))
    }

    package func readings() -> ProbeReadings {
        let survey = survey()
        var readings: [Reading] = []
        var timesSeen: [String: Int] = [:]
        for chip in survey.chips {
            let labels = Dictionary(grouping: chip.features, by: \.label)
            for feature in chip.features {
                // Drivers may repeat a label, and two chips may share a name; sensor names are unique.
                let shared = (labels[feature.label]?.count ?? 0) > 1
                let sensor = "\(chip.name)/\(feature.label)" + (shared ? " (\(feature.name))" : "")
                let times = timesSeen[sensor, default: 0] + 1
                timesSeen[sensor] = times
                readings.append(
                    Reading(
                        sensor: times > 1 ? "\(sensor) #\(times)" : sensor, value: feature.value, unit: feature.unit))
            }
        }
        return ProbeReadings(readings: readings, failures: survey.failures)
    }

    /// The library that read the chips, for the doctor: its version determines which sensors it knows.
    private var library: String { root.isLive ? ", libsensors \(Self.libraryVersion())" : "" }

    private var remedy: String {
        guard root.isLive else { return "add the box's \(HwmonReader.classDirectory) to the tree" }
        return "a virtual machine has none; on hardware run `sudo sensors-detect` (package lm-sensors) and load the "
            + "modules it names"
    }
}

/// Hardware monitoring chips as an energy meter.
extension LMSensorsProbe {
    /// Whether ``energyMeter(named:)`` would succeed.
    ///
    /// - Parameter named: labels or identifiers of the rails that add up to the box; empty to derive them.
    package func energyAvailability(named: [String] = []) -> Availability {
        let found = survey()
        let rails = PowerRails(PowerRail.all(of: found.chips), named: named)
        let place = root.file(HwmonReader.classDirectory).string
        if let flaw = rescaled(rails, in: found) { return Availability(.absent, reason: flaw.description) }
        if !rails.counted.isEmpty {
            return Availability(.present, reason: "total = \(rails.tree.totalFormula)\(method(of: rails))")
        }
        let names = rails.rails.map(\.identifier).joined(separator: ", ")
        if !named.isEmpty && !rails.rails.isEmpty {
            return Availability(
                .absent, reason: "not each of \(named.joined(separator: ",")) is one of the rails: \(names)",
                remedy: "name each rail of the sum once, as listed")
        }
        if let denied = found.failures.first(where: { $0.code == .permissionDenied }) {
            return Availability(
                .forbidden, reason: "\(denied)",
                remedy: "run as root, or give this user read access to the files in \(place)/*/")
        }
        guard rails.rails.isEmpty else {
            return Availability(
                .absent, reason: "it is not known which of the rails \(names) add up to the box",
                remedy: .nameRails)
        }
        return Availability(
            .absent, reason: "no chip in \(place) reports energy, power, or (ina3221) voltage and current",
            remedy: "if the board has such a chip, load its driver: sudo modprobe ina3221, or acpi_power_meter")
    }

    /// A meter on the rails that add up to the box: their energy counters where all of them have one, else sampled power.
    ///
    /// - Parameter named: labels or identifiers of those rails; empty to derive them from the drivers.
    /// - Throws: ``KerfError`` with the reason and remedy of ``energyAvailability(named:)``.
    package func energyMeter(named: [String] = []) throws(KerfError) -> any EnergyMeter {
        let found = survey()
        let rails = PowerRails(PowerRail.all(of: found.chips), named: named)
        let availability = energyAvailability(named: named)
        guard availability.status == .present else {
            throw KerfError(
                availability.status == .forbidden ? .permissionDenied : .notFound, availability.reason,
                remedy: availability.remedy)
        }
        let counters = rails.counted.filter(\.isEnergy)
        guard counters.count == rails.counted.count else {
            guard counters.isEmpty else {
                throw KerfError(
                    .invalidReading, "\(rails.tree.totalFormula): some report energy and some power",
                    remedy: .railsOfOneKind)
            }
            return try PowerSampler(try HwmonPowerSource(rails, origin: root.origin))
        }
        var files: [String: FilePath] = [:]
        for rail in rails.rails { if case .energy(let file) = rail.files { files[rail.identifier] = file } }
        let tree = EnergyDomainTree(rails.tree.domains.filter { files[$0.identifier] != nil })
        return try HeldCounterMeter(name: "hwmon", origin: root.origin, tree: tree) {
            files[$0.identifier] ?? root.path
        }
    }

    private func method(of rails: PowerRails) -> String {
        if rails.counted.allSatisfy(\.isEnergy) { return ", counted by the chip" }
        let isProduct = rails.counted.contains {
            if case .voltageAndCurrent = $0.files { true } else { false }
        }
        return isProduct ? ", voltage times current, sampled" : ", power, sampled"
    }

    /// The error for a board configuration that rescales a voltage of the total. Held descriptors give the kernel's values;
    /// where /etc/sensors3.conf says that a voltage passes a divider, they are not the rail's.
    private func rescaled(_ rails: PowerRails, in found: SensorSurvey) -> KerfError? {
        guard root.isLive else { return nil }
        for case .voltageAndCurrent(let file, _) in rails.counted.map(\.files) {
            let chip = found.chips.first { FilePath($0.directory) == file.removingLastComponent() }
            let feature = chip?.features.first { "\($0.name)_input" == file.lastComponent?.string }
            guard let shown = feature?.value, let raw = try? SysfsFile.integer(at: file) else { continue }
            let volts = Double(raw) / SensorKind.voltage.stepsPerUnit
            guard abs(shown - volts) > 0.2 * max(abs(shown), abs(volts)) else { continue }
            return KerfError(
                .invalidReading, "the board's configuration scales the chip's \(volts) V to \(shown) V", at: file,
                remedy: "remove this `compute` line from /etc/sensors3.conf or /etc/sensors.d")
        }
        return nil
    }
}
