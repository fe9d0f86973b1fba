import ProbeKit
import SystemIO
import SystemPackage

/// Values that no sensor measures: a chip or its firmware does not answer, and the driver passes on what stands for that.
extension SensorKind {
    /// The error of a value that is not to be believed; `nil` for a plausible one. Temperatures, voltages and currents may
    /// be negative.
    ///
    /// Source: ACPI specification, _PMM: 0xFFFFFFFF means that the power is not known, and acpi_power_meter passes it on as
    /// milliwatts.
    func implausibility(of value: Double, at path: FilePath) -> KerfError? {
        guard let flaw = flaw(of: value) else { return nil }
        return KerfError(
            .implausibleReading, "\(rawValue) of \(value) \(unit.symbol) is not to be believed: it \(flaw)", at: path)
    }

    private func flaw(of value: Double) -> String? {
        guard value.isFinite else { return "is not a number" }
        if isAllOnes(value) { return "is a word of ones only, which stands for no reading" }
        switch self {
        case .fan, .power, .energy:
            if value < 0 { return "is negative" }
        case .temperature:
            // Drivers round 0 K, which stands for no reading, to whole or to tenths of a degree.
            if value <= -273 { return "is not above absolute zero" }
        case .voltage, .current: break
        }
        return value.magnitude > maximum ? "is beyond \(maximum) \(unit.symbol)" : nil
    }

    /// Whether the driver's integer is the largest signed or unsigned one of 32 bits, or that of 16 bits of millivolts or
    /// of watts. A counter of energy passes through them.
    private func isAllOnes(_ value: Double) -> Bool {
        let steps = (value * stepsPerUnit).rounded()
        if self == .voltage && steps == 0xFFFF || self == .power && value == 0xFFFF { return true }
        return self != .energy && [0x7FFF_FFFF, 0xFFFF_FFFF].contains(steps)
    }

    /// No sensor of a box measures more.
    private var maximum: Double {
        switch self {
        case .voltage, .current, .power: 100_000
        case .temperature: 1000
        case .fan: 1_000_000
        case .energy: .infinity
        }
    }
}
