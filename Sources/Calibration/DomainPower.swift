import ProfileFormat
import Quantities
import Statistics

/// What a domain beside the box's total drew: a GPU's, which its own meter counts and no layer runs on.
public struct DomainPower: Codable, Sendable, Hashable {
    /// `gpu-0`.
    public var domain: String
    /// What the meter calls it.
    public var name: String
    /// While the box did nothing.
    public var idlePowerWatts: Quantity
    /// While whole training steps ran; all of it, as no part is a layer's.
    public var stepPowerWatts: Quantity

    public init(domain: String, name: String, idlePowerWatts: Quantity, stepPowerWatts: Quantity) {
        self.domain = domain
        self.name = name
        self.idlePowerWatts = idlePowerWatts
        self.stepPowerWatts = stepPowerWatts
    }

    /// Of every domain beside the total, in the tree's order; not of one that was lost during the run.
    static func all(of profile: Profile) -> [DomainPower] {
        profile.meter.domains.filter { $0.role == .external }.map { domain in
            DomainPower(
                domain: domain.identifier, name: domain.name,
                idlePowerWatts: watts(of: domain, in: profile.idleWindows, of: profile),
                stepPowerWatts: watts(
                    of: domain, in: profile.energyWindows.filter { $0.subject == .step }, of: profile))
        }
    }

    /// Joules over seconds of the windows that hold the domain.
    private static func watts(of domain: EnergyDomain, in windows: [EnergyWindow], of profile: Profile) -> Quantity {
        let samples = windows.compactMap { window in
            window.joules[domain.identifier].map { (joules: $0, seconds: window.seconds) }
        }
        let confidence = profile.settings.confidence
        // Nothing that runs draws nothing.
        guard samples.isEmpty || samples.contains(where: { $0.joules > 0 }) else {
            return .unavailable("the counter of \(domain.identifier) stood still")
        }
        guard
            let estimate = Estimate.ratio(
                of: samples.map(\.joules), to: samples.map(\.seconds), confidence: confidence)
        else { return .unavailable("no window holds \(domain.identifier)") }
        return Quantity(estimate, confidence: confidence, origin: profile.meter.origin)
    }
}
