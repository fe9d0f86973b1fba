import SystemIO
import SystemPackage

/// A power sensor that is there and cannot be read, or whose value is not to be believed.
struct PowerFailure {
    let error: KerfError
    /// The chip's driver: `ina3221`.
    let driver: String
    /// Empty where it cannot be read.
    let label: String

    /// The failures of a survey that concern energy, power, or the voltages and currents of an `ina3221`.
    static func all(in survey: SensorSurvey) -> [PowerFailure] {
        let drivers = Dictionary(
            survey.chips.map { ($0.directory, String($0.name.prefix { $0 != "-" })) },
            uniquingKeysWith: { first, _ in first })
        return survey.failures.compactMap { error in
            guard let path = error.location.map({ FilePath($0) }), let name = path.lastComponent?.string else {
                return nil
            }
            let driver = drivers[path.removingLastComponent().string] ?? ""
            let channels = (1...3).flatMap { ["in\($0)_input", "curr\($0)_input"] }
            let isPower = name.hasPrefix("power") || name.hasPrefix("energy")
            guard isPower || (driver == "ina3221" && channels.contains(name)) else { return nil }
            // A current has the label of its channel's voltage.
            let feature = (name.split(separator: "_").first ?? "").replacing("curr", with: "in")
            let file = path.removingLastComponent().appending("\(feature)_label")
            // The label only says how much depends on the sensor; without it, it is a rail like any other.
            return PowerFailure(error: error, driver: driver, label: (try? SysfsFile.text(at: file)) ?? "")
        }
    }

    /// Whether it is the meter of the whole box or the input of the board.
    var isBoardMeter: Bool { driver == "power_meter" || PowerRail.isBoardInput(driver: driver, label: label) }

    /// Whether it is a package, or may be one: a total of packages lacks its energy.
    var isPackage: Bool {
        PowerRail.isPackage(driver: driver, label: label) || (driver == "amd_energy" && label.isEmpty)
    }
}

extension PowerRail {
    /// Whether the rail feeds the board: see ``PowerRails``.
    static func isBoardInput(driver: String, label: String) -> Bool {
        driver == "ina3221" && label.split(separator: "_").contains("IN")
    }

    /// Whether the rail is a processor's package: see ``PowerRails``.
    static func isPackage(driver: String, label: String) -> Bool {
        switch driver {
        case "amd_energy": label.hasPrefix("Esocket")
        case "fam15h_power", "kerf_board": true
        default: false
        }
    }

    var isPackage: Bool { Self.isPackage(driver: driver, label: label) }
}
