import ProbeKit
import ProfileFormat
import SystemIO
import SystemPackage

/// Hardware monitoring chips as an energy meter.
extension LMSensorsProbe {
    /// Whether ``energyMeter(named:)`` would find its rails. Their freshness shows only when they are sampled.
    ///
    /// - Parameter named: labels or identifiers of the rails that add up to the box; empty to derive them.
    package func energyAvailability(named: [String] = []) -> Availability {
        do throws(KerfError) {
            let rails = try energyRails(named: named)
            try checkPower(of: rails)
            return Availability(.present, reason: "total = \(rails.tree.totalFormula)\(method(of: rails))")
        } catch {
            return Availability(error)
        }
    }

    /// The domains of ``energyMeter(named:)``, without reading them.
    ///
    /// - Throws: as ``energyMeter(named:)`` for rails that cannot be found.
    package func energyTree(named: [String] = []) throws(KerfError) -> EnergyDomainTree {
        try energyRails(named: named).tree
    }

    /// A meter on the rails that add up to the box: their energy counters where all of them have one, else sampled power.
    ///
    /// - Parameter named: labels or identifiers of those rails; empty to derive them from the drivers.
    /// - Throws: ``KerfError`` with the reason and remedy of ``energyAvailability(named:)``;
    ///   ``KerfError/Code/staleReading`` for power that does not change.
    package func energyMeter(named: [String] = []) throws(KerfError) -> any EnergyMeter {
        let rails = try energyRails(named: named)
        let counters = rails.counted.filter(\.isEnergy)
        guard counters.count == rails.counted.count else {
            guard counters.isEmpty else {
                throw KerfError(
                    .invalidReading, "\(rails.tree.totalFormula): some report energy and some power",
                    remedy: .railsOfOneKind)
            }
            try checkPower(of: rails)
            return try PowerSampler(try HwmonPowerSource(rails, origin: root.origin))
        }
        var files: [String: FilePath] = [:]
        for rail in rails.rails { if case .energy(let file) = rail.files { files[rail.identifier] = file } }
        let tree = EnergyDomainTree(rails.tree.domains.filter { files[$0.identifier] != nil })
        return try HeldCounterMeter(name: "hwmon", origin: root.origin, tree: tree) {
            files[$0.identifier] ?? root.path
        }
    }

    /// The box's rails, of which some add up to its total.
    ///
    /// - Throws: why none do. A sensor that is there and fails is the reason before any that is missing.
    private func energyRails(named: [String]) throws(KerfError) -> PowerRails {
        let found = survey()
        let rails = PowerRails(PowerRail.all(of: found.chips), named: named)
        if let flaw = rescaled(rails, in: found) { throw flaw }
        let failures = PowerFailure.all(in: found)
        if named.isEmpty, let package = failures.first(where: \.isPackage), rails.counted.allSatisfy(\.isPackage) {
            throw remedied(package.error)
        }
        guard rails.counted.isEmpty else { return rails }
        if let failure = failures.first(where: \.isBoardMeter) ?? (rails.rails.isEmpty ? failures.first : nil) {
            throw remedied(failure.error)
        }
        let unread = failures.map { "; not read: \($0.error.placed)" }.joined()
        let names = rails.rails.map(\.identifier).joined(separator: ", ")
        if !named.isEmpty && !rails.rails.isEmpty {
            throw KerfError(
                .notFound, "not each of \(named.joined(separator: ",")) is one of the rails: \(names)\(unread)",
                remedy: "name each rail of the sum once, as listed")
        }
        guard rails.rails.isEmpty else {
            throw KerfError(
                .notFound, "it is not known which of the rails \(names) add up to the box\(unread)", remedy: .nameRails)
        }
        if let hidden = found.failures.first(where: Self.hidesChip) { throw remedied(hidden) }
        throw KerfError(
            .notFound,
            "no chip in \(root.file(HwmonReader.classDirectory)) reports energy, power, or (ina3221) voltage and current",
            remedy: "if the board has such a chip, load its driver: sudo modprobe ina3221, or acpi_power_meter")
    }

    /// Whether it is not known what a chip measures: its directory or its name cannot be read. A sensor of another kind
    /// that fails is no power that is missing.
    private static func hidesChip(_ failure: KerfError) -> Bool {
        let name = failure.location.flatMap { FilePath($0).lastComponent?.string } ?? ""
        return [.masked, .permissionDenied, .ioError].contains(failure.code)
            && (name == "name" || name.hasPrefix("hwmon"))
    }

    /// Reads sampled power once: a product of a plausible voltage and a plausible current may be none.
    ///
    /// - Throws: what the first sample of a run would throw.
    private func checkPower(of rails: PowerRails) throws(KerfError) {
        guard !rails.counted.allSatisfy(\.isEnergy) else { return }
        do throws(KerfError) {
            _ = try HwmonPowerSource(rails, origin: root.origin).watts()
        } catch {
            throw remedied(error)
        }
    }

    /// The error with advice, also where the chip lacks what its driver must provide.
    func remedied(_ error: KerfError) -> KerfError {
        var error = error.advised(toRead: "\(root.file(HwmonReader.classDirectory))/*/")
        error.remedy =
            error.remedy ?? "the chip is there and its driver is loaded: see dmesg for what its bus or firmware reports"
        return error
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
            // A voltage that cannot be read is reported by its meter, which reads it next.
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
