import ProbeKit
import ProfileFormat
import Quantities
import SystemIO

/// Power that a box draws from its batteries. Each that can be used is a counted domain; of two, one may be idle, missing or
/// unreadable.
struct BatterySource: PowerSource {
    let name = "battery"
    let origin: Origin
    let tree: EnergyDomainTree
    /// Fuel gauges update their values every few seconds.
    let samplingSeconds = 0.25
    let statedRefreshSeconds: Double? = nil
    let refreshTimeoutSeconds = 10.0
    private let gauges: [BatteryGauge]
    /// Batteries outside the total that are idle: they must not begin to power the box unseen.
    private let idle: [BatteryGauge]
    private let root: SystemRoot

    /// - Throws: ``KerfError`` when no battery is being discharged: the box then runs on mains power. The reason of a battery
    ///   that is there and fails comes before that of one that is idle.
    init(root: SystemRoot) throws(KerfError) {
        do throws(KerfError) {
            try self.init(surveying: root)
        } catch {
            throw error.advised(toRead: "\(root.file(PowerSupply.classDirectory))/*/")
        }
    }

    private init(surveying root: SystemRoot) throws(KerfError) {
        var survey = BatterySurvey()
        for battery in PowerSupply.all(in: root).filter(\.isSystemBattery) { try survey.add(battery) }
        guard survey.isDrawn(unplugged: Self.isUnplugged(root)) else { throw Self.reason(survey, root) }
        self.root = root
        gauges = survey.counted
        idle = survey.silent
        origin = root.origin
        var domains = survey.counted.map { EnergyDomain(identifier: $0.name, name: $0.name, role: .counted) }
        domains += survey.silent.map { Self.unreadable($0.name, "idle: no power flows, and its status is unknown") }
        domains += survey.failures.map { Self.unreadable($0.battery, $0.error.message) }
        domains += PowerSupply.unknown(in: root).map { supply in
            Self.unreadable(supply.name, "it is not known whether it is a battery: \(supply.error.message)")
        }
        tree = EnergyDomainTree(domains)
    }

    private static func unreadable(_ battery: String, _ reason: String) -> EnergyDomain {
        EnergyDomain(identifier: battery, name: battery, role: .unreadable(reason))
    }

    func watts() throws(KerfError) -> [Double?] {
        var flows: [(gauge: BatteryGauge, flow: BatteryGauge.Flow)] = []
        flows.reserveCapacity(gauges.count)
        for gauge in gauges { flows.append((gauge, try gauge.flow())) }
        let isDrawn = flows.contains { if case .drawn(let watts) = $0.flow { watts > 0 } else { false } }
        var watts: [Double?] = []
        watts.reserveCapacity(gauges.count)
        for (gauge, flow) in flows {
            switch flow {
            case .drawn(let drawn): watts.append(drawn)
            case .idle, .silent: watts.append(0)
            case .unknown(let drawn, _):
                // Its charger is known to be off, or another battery powers the box.
                guard isDrawn || Self.isUnplugged(root) else { throw gauge.refusal(flow) }
                watts.append(drawn)
            case .charged: throw gauge.refusal(flow)
            }
        }
        for gauge in idle {
            // One that can no longer be read was taken out, and powers nothing.
            guard (try? gauge.isDischarging()) == true else { continue }
            throw KerfError(
                .ambiguousReading, "\(gauge.name), which was idle and is not in the total, is being discharged")
        }
        // All batteries are idle: the box runs on mains power now.
        guard watts.contains(where: { ($0 ?? 0) > 0 }) else {
            throw KerfError(
                .notFound, "no power is drawn from \(gauges.map(\.name).joined(separator: ", ")) any more",
                remedy: "unplug the box, so that it runs on its battery")
        }
        return watts
    }

    /// Whether mains power is known to be disconnected.
    private static func isUnplugged(_ root: SystemRoot) -> Bool {
        let online = PowerSupply.all(in: root).compactMap(\.online)
        return !online.isEmpty && online.allSatisfy { $0 == 0 }
    }

    private static func reason(_ survey: BatterySurvey, _ root: SystemRoot) -> KerfError {
        let broken = survey.failures.first { $0.error.code != .notFound } ?? survey.failures.first
        if let refusal = survey.refusal ?? broken?.error { return refusal }
        let place = root.file(PowerSupply.classDirectory)
        guard survey.isEmpty else {
            let names = (survey.counted + survey.silent).map(\.name).joined(separator: ", ")
            guard !isUnplugged(root) else {
                // Something powers the box, so that a status or a power is wrong.
                return KerfError(
                    .implausibleReading,
                    "no power is drawn from \(names) by its own account, though mains power is disconnected", at: place)
            }
            return KerfError(
                .notFound, "no power is drawn from \(names)", at: place,
                remedy: "unplug the box, so that it runs on its battery")
        }
        return PowerSupply.unknown(in: root).first?.error
            ?? KerfError(
                .notFound, "no battery of the box in \(place)", remedy: "run on a box with a battery, unplugged")
    }
}
