import ProbeKit
import SystemIO

/// A monitoring chip with the sensors that could be read.
package struct SensorChip: Sendable, Codable, Hashable {
    /// Driver, bus and address as lm-sensors writes them: `coretemp-isa-0000`. Chips that share
    /// a name have their hwmon directory behind it: `twin-virtual-0@hwmon1`.
    package var name: String
    /// The hwmon directory it was read from.
    package var directory: String
    /// Voltages, fans, temperatures, power, energy, currents; each kind by number.
    package var features: [SensorFeature]

    package init(name: String, directory: String, features: [SensorFeature]) {
        self.name = name
        self.directory = directory
        self.features = features
    }
}

/// One sensor of a chip.
package struct SensorFeature: Sendable, Codable, Hashable {
    /// The kernel's name: `temp1`.
    package var name: String
    /// The label from the driver or the board configuration: `Package id 0`.
    package var label: String
    package var kind: SensorKind
    /// In ``unit``.
    package var value: Double
    /// The chip's upper limit, in ``unit``; `nil` where it has none.
    package var maximum: Double?
    /// The chip's critical limit, in ``unit``; `nil` where it has none.
    package var critical: Double?

    package var unit: ReadingUnit { kind.unit }

    package init(
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

/// All chips of a box at one time, and the errors of those that could not be read.
package struct SensorSurvey: Sendable {
    package var chips: [SensorChip] = []
    /// One error for each chip or sensor that was left out.
    package var failures: [KerfError] = []

    package init(chips: [SensorChip] = [], failures: [KerfError] = []) {
        self.chips = chips
        self.failures = failures
    }
}
