import CARD
import Quantities
import Statistics

/// What a round costs, as the decision counts it.
enum CostUnit: Sendable, CaseIterable {
    /// U, dimensionless.
    case cost
    case delaySeconds
    /// Energy within the decision's scope.
    case energyJoules
}

/// Costs of measured rounds: delay, energy, and U with measured normalizers.
struct RoundCosts: Sendable {
    let set: RoundSet
    let weight: Double
    let delayNormalizer: Normalizer
    let energyNormalizer: Normalizer
    /// Whether the corners were measured; else the normalizers are the prediction's.
    let normalizersAreMeasured: Bool
    private let scope: EnergyScope
    private let terms: RoundTerms

    init(_ set: RoundSet, _ decision: Decision, _ terms: RoundTerms) {
        (self.set, self.terms, scope, weight) = (set, terms, decision.energyScope, decision.weight)
        func mean(_ rounds: [MeasuredRound], _ value: (MeasuredRound) -> Double?) -> Double? {
            let values = rounds.compactMap(value)
            return values.count == rounds.count ? Estimate.mean(of: values)?.value : nil
        }
        func joules(_ round: MeasuredRound) -> Double? { Self.joules(of: round, decision.energyScope, terms) }
        let usable = set.points.indices.filter { !set.rounds[$0].isEmpty }
        // Points ascend by frequency. Server-only runs at the highest; the device-only server has nothing to do.
        let serverOnly = usable.last { set.points[$0].cut == 0 }
        let deviceOnly = usable.first { set.points[$0].cut == decision.blockCount }
        guard let serverOnly, let deviceOnly else {
            (delayNormalizer, energyNormalizer) = (decision.delayNormalizerSeconds, decision.energyNormalizerJoules)
            normalizersAreMeasured = false
            return
        }
        normalizersAreMeasured = true
        func normalizer(
            from least: Int, to greatest: Int, _ value: (MeasuredRound) -> Double?
        ) -> Normalizer {
            let means = usable.compactMap { mean(set.rounds[$0], value) }
            guard let low = mean(set.rounds[least], value), let high = mean(set.rounds[greatest], value) else {
                return Normalizer()
            }
            return Normalizer(least: low, greatest: high, values: means)
        }
        delayNormalizer = normalizer(from: serverOnly, to: deviceOnly) { $0.delaySeconds }
        energyNormalizer = normalizer(from: deviceOnly, to: serverOnly, joules)
    }

    /// The cost of a round; `nil` where its energy counts and was not measured.
    func value(_ unit: CostUnit, of round: MeasuredRound) -> Double? {
        switch unit {
        case .delaySeconds: return round.delaySeconds
        case .energyJoules: return Self.joules(of: round, scope, terms)
        case .cost:
            let delay = weight * delayNormalizer.share(round.delaySeconds)
            guard weight < 1 else { return delay }
            guard let joules = Self.joules(of: round, scope, terms), energyNormalizer.method != .unavailable else {
                return nil
            }
            return delay + (1 - weight) * energyNormalizer.share(joules)
        }
    }

    /// Costs of the usable rounds by place of the point; rounds without the cost are left out.
    func values(_ unit: CostUnit) -> [[Double]] { set.rounds.map { $0.compactMap { value(unit, of: $0) } } }

    private static func joules(of round: MeasuredRound, _ scope: EnergyScope, _ terms: RoundTerms) -> Double? {
        guard scope != .computing else { return terms.value(.serverEnergy, of: round) }
        guard let server = round.serverJoules, let idle = round.serverIdleWatts else { return nil }
        let waiting = server + idle * max(0, round.delaySeconds - round.serverSeconds)
        return scope == .waiting ? waiting : round.deviceJoules.map { waiting + $0 }
    }
}
