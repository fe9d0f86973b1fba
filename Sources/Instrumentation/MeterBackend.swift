import LMSensors
import PowerSupply
import ProbeKit
import ProfileFormat
import RAPL
import SystemIO

/// An interface that measures a box's energy, in the order in which they are tried.
package enum MeterBackend: String, CaseIterable, Sendable {
    /// RAPL counters through the `power` PMU, for which a capability suffices.
    case perf
    /// RAPL counters through powercap.
    case powercap
    /// Energy or power of monitoring chips, voltage times current of an INA3221.
    case hwmon
    /// The power drawn from batteries.
    case battery

    /// The kernel interface, for the doctor.
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

    /// The meter's name and domains as the root's files describe them, without reading a counter.
    ///
    /// - Throws: ``KerfError`` with the reason and remedy.
    package func description(in root: SystemRoot, rails: [String]) throws(KerfError) -> (name: String, EnergyDomainTree)
    {
        switch self {
        case .perf: ("perf_event", try RAPLProbe(root: root).perfMeter().tree)
        case .powercap: ("powercap", RAPLProbe(root: root).tree())
        case .hwmon: ("hwmon", try LMSensorsProbe(root: root).energyTree(named: rails))
        case .battery: ("battery", try PowerSupplyProbe(root: root).tree())
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
