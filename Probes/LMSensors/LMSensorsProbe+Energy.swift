import ProbeKit
import ProfileFormat
import SystemIO
import SystemPackage

/// Monitoring chips as an energy meter.
extension LMSensorsProbe {
    /// Whether ``energyMeter(named:)`` would deliver, without opening anything for long.
    ///
    /// - Parameter named: as there.
    package func energyAvailability(named: [String] = []) -> Availability {
        let found = survey()
        let rails = PowerRails(PowerRail.all(of: found.chips), named: named)
        let place = root.file(HwmonReader.classDirectory).string
        if let flaw = rescaled(rails, in: found) { return Availability(.absent, reason: flaw.description) }
        if !rails.counted.isEmpty {
            return Availability(.present, reason: "total = \(rails.tree.totalFormula)\(how(rails))")
        }
        let names = rails.rails.map(\.identifier).joined(separator: ", ")
        if !named.isEmpty && !rails.rails.isEmpty {
            return Availability(
                .absent, reason: "--rails names \(named.joined(separator: ",")), not each of them one of: \(names)",
                remedy: "name each rail of the sum once, as above")
        }
        if let denied = found.failures.first(where: { $0.code == .permissionDenied }) {
            return Availability(
                .forbidden, reason: "\(denied)",
                remedy: "run as root, or give this user read access to the files in \(place)/*/")
        }
        guard rails.rails.isEmpty else {
            return Availability(
                .absent, reason: "of \(names) it is not known which add up to the box",
                remedy: "name those that do and that contain no other: kerf profile --rails NAME,NAME")
        }
        return Availability(
            .absent, reason: "no chip in \(place) tells energy, power, or (ina3221) voltage and current",
            remedy: "where the board has such a chip, load its driver: sudo modprobe ina3221, or acpi_power_meter")
    }

    /// A meter on the rails that add up to the box: their own energy counters where all of them have one, else power
    /// that is sampled.
    ///
    /// - Parameter named: labels or identifiers of those rails; empty to take what is known of drivers.
    /// - Throws: ``KerfError`` with the reason and remedy that ``energyAvailability(named:)`` names.
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
                    .invalidReading, "\(rails.tree.totalFormula): some tell energy and some power",
                    remedy: "name rails of one kind with --rails")
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

    private func how(_ rails: PowerRails) -> String {
        if rails.counted.allSatisfy(\.isEnergy) { return ", counted by the chip" }
        let isProduct = rails.counted.contains {
            if case .voltageAndCurrent = $0.files { true } else { false }
        }
        return isProduct ? ", voltage times current, sampled" : ", power, sampled"
    }

    /// Held descriptors give the kernel's values. Where the board's configuration in /etc/sensors3.conf says that a
    /// voltage of the total passes a divider, the kernel's value is not the rail's, and libsensors' cannot be held.
    private func rescaled(_ rails: PowerRails, in found: SensorSurvey) -> KerfError? {
        guard root.isLive else { return nil }
        for case .voltageAndCurrent(let file, _) in rails.counted.map(\.files) {
            let chip = found.chips.first { FilePath($0.directory) == file.removingLastComponent() }
            let feature = chip?.features.first { "\($0.name)_input" == file.lastComponent?.string }
            guard let shown = feature?.value, let raw = try? SysfsFile.integer(at: file) else { continue }
            let volts = Double(raw) / SensorKind.voltage.stepsPerUnit
            guard abs(shown - volts) > 0.2 * max(abs(shown), abs(volts)) else { continue }
            return KerfError(
                .invalidReading, "the board's configuration makes \(shown) V of the chip's \(volts) V", at: file,
                remedy: "remove that `compute` line from /etc/sensors3.conf or /etc/sensors.d")
        }
        return nil
    }
}
