import LMSensors
import PowerSupply
import ProbeKit
import RAPL
import SystemIO

/// One way to measure a box's energy. The order is that of the ladder: the first that can be had is taken.
package enum MeterBackend: String, CaseIterable, Sendable {
    /// RAPL's counters through the `power` PMU, for which a capability suffices.
    case perf
    /// RAPL's counters through powercap.
    case powercap
    /// Energy or power of monitoring chips, voltage times current of an INA3221.
    case hwmon
    /// The power drawn from batteries.
    case battery

    /// What it reads, for the doctor.
    package var interface: String {
        switch self {
        case .perf: "perf_event power/energy-*"
        case .powercap: "powercap energy_uj"
        case .hwmon: "hwmon energy, power, or voltage x current"
        case .battery: "power_supply"
        }
    }

    package func availability(in root: SystemRoot, rails: [String]) -> Availability {
        switch self {
        case .perf: RAPLProbe(root: root).perfAvailability()
        case .powercap: RAPLProbe(root: root).availability()
        case .hwmon: LMSensorsProbe(root: root).energyAvailability(named: rails)
        case .battery: PowerSupplyProbe(root: root).availability()
        }
    }

    /// - Throws: ``KerfError`` with the reason and remedy.
    package func open(in root: SystemRoot, rails: [String]) throws(KerfError) -> any EnergyMeter {
        switch self {
        case .perf: try RAPLProbe(root: root).perfMeter()
        case .powercap: try RAPLProbe(root: root).meter()
        case .hwmon: try LMSensorsProbe(root: root).energyMeter(named: rails)
        case .battery: try PowerSupplyProbe(root: root).meter()
        }
    }
}
