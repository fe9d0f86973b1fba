/// The SI unit in which a reading is given, always without a prefix.
package enum ReadingUnit: String, Sendable, Codable, Hashable {
    case celsius, watts, joules, volts, amperes, hertz
    case revolutionsPerMinute = "revolutions_per_minute"
    case seconds, bytes, count

    /// The short form for tables.
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

/// One value of one sensor at one time.
package struct Reading: Sendable, Codable, Hashable {
    /// The sensor's own name, unique within its probe: `coretemp-isa-0000/Package id 0`.
    package var sensor: String
    package var value: Double
    package var unit: ReadingUnit

    package init(sensor: String, value: Double, unit: ReadingUnit) {
        self.sensor = sensor
        self.value = value
        self.unit = unit
    }
}
