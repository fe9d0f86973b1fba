import CSensors

/// Which of libsensors' subfeatures hold the value and the limits of a kind.
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

    /// In the order of ``valueSuffixes``.
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
