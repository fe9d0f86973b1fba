import LMSensors
import PowerSupply
import ProbeKit
import RAPL
import SystemIO

/// Selects the first available backend, most accurate first.
package struct MeterSelector {
    package let root: SystemRoot
    /// Power rails that add up to the box; empty to derive them.
    package var rails: [String] = []

    /// The first available meter.
    ///
    /// - Throws: the error of powercap when no backend is available, since its remedy is the most useful one.
    package func meter() throws(KerfError) -> (backend: MeterBackend, meter: any EnergyMeter) {
        var failure: KerfError?
        for backend in MeterBackend.allCases {
            do throws(KerfError) {
                return (backend, try backend.open(in: root, rails: rails))
            } catch {
                if backend == .powercap || failure == nil { failure = error }
            }
        }
        throw failure ?? KerfError(.notFound, "no energy meter")
    }

    /// A meter of one backend only.
    package func meter(of backend: MeterBackend?) throws(KerfError) -> any EnergyMeter {
        guard let backend else { return try meter().meter }
        return try backend.open(in: root, rails: rails)
    }
}

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
