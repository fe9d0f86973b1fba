public import ProbeKit

/// A monitoring chip with the sensors that could be read.
public struct SensorChip: Sendable, Codable, Hashable {
    /// Driver, bus and address as lm-sensors writes them: `coretemp-isa-0000`. Two chips may share a name.
    public var name: String
    /// The hwmon directory it was read from.
    public var directory: String
    /// Voltages, fans, temperatures, power, energy, currents; each kind by number.
    public var features: [SensorFeature]

    public init(name: String, directory: String, features: [SensorFeature]) {
        self.name = name
        self.directory = directory
        self.features = features
    }
}

/// One sensor of a chip.
public struct SensorFeature: Sendable, Codable, Hashable {
    /// The kernel's name: `temp1`.
    public var name: String
    /// What it measures, in the driver's or the board configuration's words: `Package id 0`.
    public var label: String
    public var kind: SensorKind
    /// In ``unit``.
    public var value: Double
    /// The upper limit that the chip holds, in ``unit``; `nil` where it has none.
    public var maximum: Double?
    /// The critical limit that the chip holds, in ``unit``; `nil` where it has none.
    public var critical: Double?

    public var unit: ReadingUnit { kind.unit }

    public init(
        name: String, label: String, kind: SensorKind, value: Double, maximum: Double? = nil, critical: Double? = nil
    ) {
        self.name = name
        self.label = label
        self.kind = kind
        self.value = value
        self.maximum = maximum
        self.critical = critical
    }
}

/// All chips of a box at one time, and what could not be read.
public struct SensorSurvey: Sendable {
    public var chips: [SensorChip] = []
    /// One error for each chip or sensor that was left out.
    public var failures: [ProbeError] = []

    public init(chips: [SensorChip] = [], failures: [ProbeError] = []) {
        self.chips = chips
        self.failures = failures
    }
}
