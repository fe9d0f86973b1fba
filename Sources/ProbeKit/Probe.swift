import SystemIO

/// Reads one Linux interface and returns typed readings.
///
/// A probe belongs to one ``SystemRoot`` and accesses nothing outside it. Creating one never fails; ``availability()``
/// reports what is wrong.
package protocol Probe: Sendable {
    /// The displayed name: `RAPL`, `cpufreq`, `lm-sensors`.
    var name: String { get }
    /// The name of the kernel interface or library: `powercap`, `libsensors`.
    var interface: String { get }

    /// Checks whether the interface can be read now.
    func availability() -> Availability

    /// Reads every sensor. A sensor that fails is left out and reported in ``ProbeReadings/failures``.
    func readings() -> ProbeReadings
}

/// The readings of a probe at one time.
package struct ProbeReadings: Sendable {
    package var readings: [Reading]
    /// Sensors that could not be read, one error each.
    package var failures: [KerfError]

    package init(readings: [Reading] = [], failures: [KerfError] = []) {
        self.readings = readings
        self.failures = failures
    }
}

/// The unit of a reading, without a prefix.
package enum ReadingUnit: String, Sendable, Codable, Hashable {
    case celsius, watts, joules, volts, amperes, hertz
    case revolutionsPerMinute = "revolutions_per_minute"
    case seconds, bytes, count

    /// The unit's symbol for tables.
    package var symbol: String {
        switch self {
        case .celsius: "°C"
        case .watts: "W"
        case .joules: "J"
        case .volts: "V"
        case .amperes: "A"
        case .hertz: "Hz"
        case .revolutionsPerMinute: "rpm"
        case .seconds: "s"
        case .bytes: "B"
        case .count: ""
        }
    }
}

/// The value of a sensor at one time.
package struct Reading: Sendable, Codable, Hashable {
    /// The sensor's name, unique within its probe: `coretemp-isa-0000/Package id 0`.
    package var sensor: String
    package var value: Double
    package var unit: ReadingUnit

    package init(sensor: String, value: Double, unit: ReadingUnit) {
        self.sensor = sensor
        self.value = value
        self.unit = unit
    }
}
