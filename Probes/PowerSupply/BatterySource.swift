import ProbeKit
import ProfileFormat
import Quantities
import SystemIO

/// Power that a box draws from its batteries. Each is a counted domain.
struct BatterySource: PowerSource {
    let name = "battery"
    let origin: Origin
    let tree: EnergyDomainTree
    /// Fuel gauges update their values every few seconds.
    let samplingSeconds = 0.25
    let statedRefreshSeconds: Double? = nil
    let refreshTimeoutSeconds = 10.0
    private let gauges: [BatteryGauge]

    /// - Throws: ``KerfError`` when no battery is being discharged: the box then runs on mains power.
    init(root: SystemRoot) throws(KerfError) {
        let batteries = PowerSupply.all(in: root).filter(\.isSystemBattery)
        let place = root.file("sys/class/power_supply")
        guard !batteries.isEmpty else {
            throw KerfError(
                .notFound, "no battery of the box in \(place)", remedy: "run on a box with a battery, unplugged")
        }
        var gauges: [BatteryGauge] = []
        var isDrawn = false
        for battery in batteries {
            let gauge = try BatteryGauge(battery)
            isDrawn = try gauge.watts() > 0 || isDrawn
            gauges.append(gauge)
        }
        guard isDrawn else {
            throw KerfError(
                .notFound, "no power is drawn from \(batteries.map(\.name).joined(separator: ", "))", at: place,
                remedy: "unplug the box, so that it runs on its battery")
        }
        self.gauges = gauges
        origin = root.origin
        tree = EnergyDomainTree(
            gauges.map { EnergyDomain(identifier: $0.name, name: $0.name, role: .counted) })
    }

    func watts() throws(KerfError) -> [Double?] {
        var watts: [Double?] = []
        watts.reserveCapacity(gauges.count)
        for gauge in gauges { watts.append(try gauge.watts()) }
        // All batteries are idle: the box runs on mains power now.
        guard watts.contains(where: { ($0 ?? 0) > 0 }) else {
            throw KerfError(
                .notFound, "no power is drawn from \(gauges.map(\.name).joined(separator: ", ")) any more",
                remedy: "unplug the box, so that it runs on its battery")
        }
        return watts
    }
}
