import ProfileFormat
import Quantities
import Statistics

/// Power of a domain outside the box's total, such as a GPU with its own meter on which no layer runs.
public struct DomainPower: Codable, Sendable, Hashable {
    /// `gpu-0`.
    public var domain: String
    /// The meter's name for it.
    public var name: String
    /// Power while the box was idle.
    public var idlePowerWatts: Quantity
    /// Power while whole training steps ran, gross.
    public var stepPowerWatts: Quantity

    public init(domain: String, name: String, idlePowerWatts: Quantity, stepPowerWatts: Quantity) {
        self.domain = domain
        self.name = name
        self.idlePowerWatts = idlePowerWatts
        self.stepPowerWatts = stepPowerWatts
    }

    /// One for every domain outside the total, in the tree's order, except domains that were lost during the run.
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
        // A running device has some power, so zero energy in all windows means a counter that does not count.
        guard samples.isEmpty || samples.contains(where: { $0.joules > 0 }) else {
            return .unavailable("the counter of \(domain.identifier) did not change")
        }
        guard
            let estimate = Estimate.ratio(
                of: samples.map(\.joules), to: samples.map(\.seconds), confidence: confidence)
        else { return .unavailable("no window holds \(domain.identifier)") }
        return Quantity(estimate, confidence: confidence, origin: profile.meter.origin)
    }
}
