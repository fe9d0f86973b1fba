import ProbeKit
import ProfileFormat
import SystemIO
import SystemPackage

/// Batteries: the power that the box draws from them.
package struct PowerSupplyProbe: Probe {
    package let name = "battery"
    package let interface = "power_supply"
    package let root: SystemRoot

    package init(root: SystemRoot) { self.root = root }

    package func availability() -> Availability {
        do throws(KerfError) {
            let source = try BatterySource(root: root)
            return Availability(.present, reason: "total = \(source.tree.totalFormula), power, sampled")
        } catch {
            return Availability(error)
        }
    }

    /// The domains of ``meter()``, without sampling them.
    ///
    /// - Throws: ``KerfError`` when no battery powers the box.
    package func tree() throws(KerfError) -> EnergyDomainTree { try BatterySource(root: root).tree }

    /// Power, voltage and current of every battery as the kernel reports them, with their signs.
    package func readings() -> ProbeReadings {
        var result = ProbeReadings()
        for supply in PowerSupply.all(in: root) where supply.isSystemBattery {
            for (attribute, unit) in [
                ("power_now", ReadingUnit.watts), ("voltage_now", .volts), ("current_now", .amperes),
            ] {
                let path = supply.directory.appending(attribute)
                guard root.isRegularFile(path) else { continue }
                do throws(KerfError) {
                    let value = Double(try SysfsFile.integer(at: path)) * 1e-6
                    result.readings.append(Reading(sensor: "\(supply.name)/\(attribute)", value: value, unit: unit))
                } catch {
                    result.failures.append(error)
                }
            }
        }
        return result
    }

    /// A meter that samples the power drawn from the batteries.
    ///
    /// - Throws: ``KerfError`` with the remedy of ``availability()``, or when the batteries' values do not change within the
    ///   refresh timeout.
    package func meter() throws(KerfError) -> PowerSampler { try PowerSampler(try BatterySource(root: root)) }
}
