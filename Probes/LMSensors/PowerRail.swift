import SystemIO
import SystemPackage

/// A power rail that a monitoring chip measures, and the files of its energy or power.
///
/// Source: Documentation/hwmon/sysfs-interface.rst: `energyN_input` in microjoules, `powerN_average` and `powerN_input`
/// in microwatts, `inN_input` in millivolts, `currN_input` in milliamperes, `update_interval` and
/// `powerN_average_interval` in milliseconds.
struct PowerRail: Sendable {
    enum Files: Sendable, Hashable {
        case energy(FilePath)
        case power(FilePath)
        /// Power is their product (Documentation/hwmon/ina3221.rst: the chip measures both, the driver does not multiply
        /// them).
        case voltageAndCurrent(FilePath, FilePath)
    }

    /// Chip and label, unique on the box: `ina3221-i2c-1-40/VDD_IN`.
    var identifier: String
    /// The label alone: `VDD_IN`.
    var label: String
    /// The driver: `ina3221`.
    var driver: String
    var files: Files
    /// The chip's stated update interval, or its averaging interval where that is longer; `nil` where it states none.
    var refreshSeconds: Double?
    /// No chip is slower; a longer interval is a damaged value.
    static let maximumRefreshSeconds = 60.0

    var isEnergy: Bool {
        if case .energy = files { true } else { false }
    }

    /// Every rail of the chips, in their order. Voltages and currents are used only for chips that report neither energy nor
    /// power.
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
        // Intervals are optional; without one the sensor's own changes show how often it is updated.
        guard let milliseconds = try? SysfsFile.integer(at: file), milliseconds > 0 else { return nil }
        let seconds = Double(milliseconds) * 1e-3
        return seconds <= maximumRefreshSeconds ? seconds : nil
    }

    /// The averaging interval of `powerN_average`, in seconds.
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
        // Which current belongs to which voltage depends on the driver; it is known for this one.
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
