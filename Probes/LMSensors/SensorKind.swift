import ProbeKit

/// What a sensor measures. The order is the one in which chips list their sensors.
///
/// Source: Documentation/hwmon/sysfs-interface.rst.
package enum SensorKind: String, Sendable, Codable, Hashable, CaseIterable {
    case voltage, fan, temperature, power, energy, current

    package var unit: ReadingUnit {
        switch self {
        case .voltage: .volts
        case .fan: .revolutionsPerMinute
        case .temperature: .celsius
        case .power: .watts
        case .energy: .joules
        case .current: .amperes
        }
    }

    /// How the kernel's attribute names begin: `temp` in `temp1_input`.
    var prefix: String {
        switch self {
        case .voltage: "in"
        case .fan: "fan"
        case .temperature: "temp"
        case .power: "power"
        case .energy: "energy"
        case .current: "curr"
        }
    }

    /// The kernel's integers in one unit: millidegrees, millivolts, milliamperes, microwatts, microjoules, rpm.
    var stepsPerUnit: Double {
        switch self {
        case .voltage, .temperature, .current: 1e3
        case .power, .energy: 1e6
        case .fan: 1
        }
    }

    /// Attributes that may hold the value, the better one first. Power that the chip averages itself loses nothing
    /// between two readings.
    var valueSuffixes: [String] { self == .power ? ["average", "input"] : ["input"] }

    /// Whether the chip can say that the sensor is broken or not connected (`temp1_fault`).
    var mayReportFault: Bool { self == .temperature || self == .fan }

    /// Why a value cannot be one of this kind; `nil` when it can. Temperatures, voltages and currents may be negative.
    func impossibility(of value: Double) -> String? {
        guard value.isFinite else { return "is not a number" }
        switch self {
        case .fan, .power, .energy: return value < 0 ? "is negative" : nil
        case .temperature: return value < -273.15 ? "is below absolute zero" : nil
        case .voltage, .current: return nil
        }
    }
}
