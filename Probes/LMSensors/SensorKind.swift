import CSensors
import ProbeKit

/// The quantity that a sensor measures, in the order in which chips list their sensors.
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

    /// Prefix of the kernel's attribute names: `temp` in `temp1_input`.
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

    /// Number of the kernel's integer steps per unit: millidegrees, millivolts, milliamperes, microwatts, microjoules, rpm.
    var stepsPerUnit: Double {
        switch self {
        case .voltage, .temperature, .current: 1e3
        case .power, .energy: 1e6
        case .fan: 1
        }
    }

    /// Attributes that may hold the value, the better one first. Power that the chip averages misses nothing between two
    /// readings.
    var valueSuffixes: [String] { self == .power ? ["average", "input"] : ["input"] }

    /// Whether the chip can report that the sensor is broken or not connected (`temp1_fault`).
    var mayReportFault: Bool { self == .temperature || self == .fan }
}

/// The libsensors subfeatures that hold the value and the limits.
extension SensorKind {
    init?(_ type: sensors_feature_type) {
        switch type {
        case SENSORS_FEATURE_IN: self = .voltage
        case SENSORS_FEATURE_FAN: self = .fan
        case SENSORS_FEATURE_TEMP: self = .temperature
        case SENSORS_FEATURE_POWER: self = .power
        case SENSORS_FEATURE_ENERGY: self = .energy
        case SENSORS_FEATURE_CURR: self = .current
        default: return nil
        }
    }

    /// The better one first, as in ``valueSuffixes``.
    var valueSubfeatures: [sensors_subfeature_type] {
        switch self {
        case .voltage: [SENSORS_SUBFEATURE_IN_INPUT]
        case .fan: [SENSORS_SUBFEATURE_FAN_INPUT]
        case .temperature: [SENSORS_SUBFEATURE_TEMP_INPUT]
        case .power: [SENSORS_SUBFEATURE_POWER_AVERAGE, SENSORS_SUBFEATURE_POWER_INPUT]
        case .energy: [SENSORS_SUBFEATURE_ENERGY_INPUT]
        case .current: [SENSORS_SUBFEATURE_CURR_INPUT]
        }
    }

    var faultSubfeature: sensors_subfeature_type? {
        switch self {
        case .fan: SENSORS_SUBFEATURE_FAN_FAULT
        case .temperature: SENSORS_SUBFEATURE_TEMP_FAULT
        case .voltage, .power, .energy, .current: nil
        }
    }

    var maximumSubfeature: sensors_subfeature_type? {
        switch self {
        case .voltage: SENSORS_SUBFEATURE_IN_MAX
        case .fan: SENSORS_SUBFEATURE_FAN_MAX
        case .temperature: SENSORS_SUBFEATURE_TEMP_MAX
        case .power: SENSORS_SUBFEATURE_POWER_MAX
        case .energy: nil
        case .current: SENSORS_SUBFEATURE_CURR_MAX
        }
    }

    var criticalSubfeature: sensors_subfeature_type? {
        switch self {
        case .voltage: SENSORS_SUBFEATURE_IN_CRIT
        case .temperature: SENSORS_SUBFEATURE_TEMP_CRIT
        case .power: SENSORS_SUBFEATURE_POWER_CRIT
        case .current: SENSORS_SUBFEATURE_CURR_CRIT
        case .fan, .energy: nil
        }
    }
}
