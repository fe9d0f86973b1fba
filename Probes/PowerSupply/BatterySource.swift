import ProbeKit
import ProfileFormat
import Quantities
import SystemIO

/// The power that a box draws from its batteries, each a domain, all counted.
struct BatterySource: PowerSource {
    let name = "battery"
    let origin: Origin
    let tree: EnergyDomainTree
    /// Fuel gauges renew their values in seconds; four looks a second find when.
    let samplingSeconds = 0.25
    let statedRefreshSeconds: Double? = nil
    let refreshTimeoutSeconds = 10.0
    private let gauges: [BatteryGauge]

    /// - Throws: ``KerfError`` when no battery is being discharged: the box then draws from the wall, which no battery
    ///   measures.
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
                remedy: "pull the plug, so that the box runs on its battery")
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
        // All at rest: the box draws from the wall now.
        guard watts.contains(where: { ($0 ?? 0) > 0 }) else {
            throw KerfError(
                .notFound, "no power is drawn from \(gauges.map(\.name).joined(separator: ", ")) any more",
                remedy: "pull the plug, so that the box runs on its battery")
        }
        return watts
    }
}
