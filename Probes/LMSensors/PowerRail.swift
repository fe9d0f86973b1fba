import SystemIO
import SystemPackage

/// A power rail that a monitoring chip measures, and the files that tell its energy or power.
///
/// Source: Documentation/hwmon/sysfs-interface.rst: `energyN_input` in microjoules, `powerN_average` and `powerN_input`
/// in microwatts, `inN_input` in millivolts, `currN_input` in milliamperes, `update_interval` and
/// `powerN_average_interval` in milliseconds.
struct PowerRail: Sendable {
    enum Files: Sendable, Hashable {
        case energy(FilePath)
        case power(FilePath)
        /// Power is their product (Documentation/hwmon/ina3221.rst: the chip measures both, the driver multiplies
        /// neither).
        case voltageAndCurrent(FilePath, FilePath)
    }

    /// Chip and label, unique on the box: `ina3221-i2c-1-40/VDD_IN`.
    var identifier: String
    /// The label alone: `VDD_IN`.
    var label: String
    /// The driver: `ina3221`.
    var driver: String
    var files: Files
    /// How often the chip says it measures anew, or over how long it averages where that is longer; `nil` where it does not
    /// say.
    var refreshSeconds: Double?
    /// No chip is slower; a number beyond is damage, and waiting for it would take for ever.
    static let longestRefreshSeconds = 60.0

    var isEnergy: Bool {
        if case .energy = files { true } else { false }
    }

    /// Every rail of the chips, in their order. A chip that tells a rail's energy or power itself is not asked for its
    /// voltages and currents.
    static func all(of chips: [SensorChip]) -> [PowerRail] {
        var rails: [PowerRail] = []
        for chip in chips {
            let directory = FilePath(chip.directory)
            let driver = String(chip.name.prefix { $0 != "-" })
            let update = interval(directory.appending("update_interval"))
            for (label, files) in sources(of: chip, in: directory, driver: driver) {
                var identifier = "\(chip.name)/\(label)"
                if rails.contains(where: { $0.identifier == identifier }) { identifier += "@\(directory.string)" }
                rails.append(
                    PowerRail(
                        identifier: identifier, label: label, driver: driver, files: files,
                        refreshSeconds: [update, averaging(files)].compactMap(\.self).max()))
            }
        }
        return rails
    }

    private static func interval(_ file: FilePath) -> Double? {
        guard let milliseconds = try? SysfsFile.integer(at: file), milliseconds > 0 else { return nil }
        let seconds = Double(milliseconds) * 1e-3
        return seconds <= longestRefreshSeconds ? seconds : nil
    }

    /// What `powerN_average` is an average over.
    private static func averaging(_ files: Files) -> Double? {
        guard case .power(let file) = files, let name = file.lastComponent?.string, name.hasSuffix("_average") else {
            return nil
        }
        return interval(file.removingLastComponent().appending(name + "_interval"))
    }

    private static func sources(
        of chip: SensorChip, in directory: FilePath, driver: String
    ) -> [(label: String, files: Files)] {
        let of = { (kind: SensorKind) in chip.features.filter { $0.kind == kind } }
        let energies = of(.energy).map { ($0.label, Files.energy(directory.appending("\($0.name)_input"))) }
        if !energies.isEmpty { return energies }
        let powers = of(.power).map { feature in
            let average = directory.appending("\(feature.name)_average")
            let isThere = SystemRoot().isRegularFile(average)
            return (feature.label, Files.power(isThere ? average : directory.appending("\(feature.name)_input")))
        }
        if !powers.isEmpty { return powers }
        // Which current belongs to which voltage is the driver's own matter; of this one it is known.
        guard driver == "ina3221" else { return [] }
        let currents = Set(of(.current).map(\.name))
        return (1...3).compactMap { channel in
            guard let voltage = of(.voltage).first(where: { $0.name == "in\(channel)" }),
                currents.contains("curr\(channel)")
            else { return nil }
            return (
                voltage.label,
                .voltageAndCurrent(
                    directory.appending("in\(channel)_input"), directory.appending("curr\(channel)_input"))
            )
        }
    }
}
