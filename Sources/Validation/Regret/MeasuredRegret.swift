import CARD
import Quantities
import SystemIO

/// What a choice cost more than the best of the measured alternatives.
package struct MeasuredRegret: Codable, Sendable, Hashable {
    /// The choice of a model level, or a baseline that decides nothing.
    package enum Subject: String, Codable, Sendable, Hashable, CaseIterable {
        case levelA = "A"
        case levelB = "B"
        case levelC = "C"
        case levelD = "D"
        case levelE = "E"
        case serverOnly = "server_only"
        case deviceOnly = "device_only"

        /// `nil` for a baseline.
        package var level: ModelLevel? { ModelLevel(rawValue: rawValue) }
    }

    package var subject: Subject
    /// The choice; `nil` where there is none.
    package var cut: Int?
    package var frequencyHertz: Double?
    /// The frequency of the rounds that stand for the choice: the nearest that was measured. `nil` where the server's
    /// frequency was left as it was.
    package var measuredHertz: Double?
    /// By the cost U; `nil` where the choice was not measured or the cost is not known.
    package var cost: RegretEstimate?
    package var delaySeconds: RegretEstimate?
    package var energyJoules: RegretEstimate?
    /// Why there is no regret.
    package var reason: String?
}

/// Finds the rounds of each choice and their regret.
struct RegretTable: Sendable {
    private let decision: Decision
    private let set: RoundSet
    private let estimators: [CostUnit: RegretEstimator]

    init(_ decision: Decision, _ costs: RoundCosts, _ conditions: RoundConditions, seed: UInt64) {
        self.decision = decision
        set = costs.set
        let isAllowed = costs.set.points.map { point in
            decision.cuts.first { $0.cut == point.cut }?.exclusion == nil
        }
        let delay = conditions.origin(of: .delay)
        let energy = Origin.weakest(
            [conditions.server.energyOrigin]
                + (decision.energyScope == .device ? [conditions.device.energyOrigin] : []))
        let origins: [CostUnit: Origin] = [
            .delaySeconds: delay, .energyJoules: energy,
            .cost: decision.weight < 1 ? Origin.weakest([delay, energy]) : delay,
        ]
        estimators = Dictionary(
            uniqueKeysWithValues: CostUnit.allCases.map { unit in
                (
                    unit,
                    RegretEstimator(
                        costs: costs.values(unit), isAllowed: isAllowed, origin: origins[unit] ?? .measured, seed: seed)
                )
            })
    }

    /// The point of least mean cost; `nil` where the cost is not known.
    var best: MeasuredPoint? { estimators[.cost]?.best.map { set.points[$0] } }

    var regrets: [MeasuredRegret] { MeasuredRegret.Subject.allCases.map(regret) }

    private func regret(of subject: MeasuredRegret.Subject) -> MeasuredRegret {
        var regret = MeasuredRegret(subject: subject)
        if let level = subject.level {
            let choice = decision.levels.first { $0.level == level }
            (regret.cut, regret.frequencyHertz) = (choice?.cut, choice?.frequencyHertz)
            regret.reason = choice?.unavailable ?? choice?.obstacle.map { "not possible: \($0)" }
        } else {
            let baseline = decision.baselines.first { $0.at.cut == (subject == .serverOnly ? 0 : decision.blockCount) }
            (regret.cut, regret.frequencyHertz) = (baseline?.at.cut, baseline?.at.frequencyHertz.value)
        }
        guard let cut = regret.cut, regret.reason == nil else { return regret }
        if let exclusion = decision.cuts.first(where: { $0.cut == cut })?.exclusion {
            regret.reason = "not possible: cut \(cut) \(exclusion)"
            return regret
        }
        guard let place = place(of: cut, regret.frequencyHertz) else {
            regret.reason = "cut \(cut) was not measured"
            return regret
        }
        regret.measuredHertz = set.points[place].serverHertz
        func estimate(_ unit: CostUnit) -> RegretEstimate? { estimators[unit]?.regret(of: place) }
        (regret.cost, regret.delaySeconds) = (estimate(.cost), estimate(.delaySeconds))
        regret.energyJoules = estimate(.energyJoules)
        if regret.cost == nil { regret.reason = "the energy that counts in the cost was not measured" }
        return regret
    }

    /// The usable rounds of a cut at the frequency nearest to the chosen one.
    private func place(of cut: Int, _ hertz: Double?) -> Int? {
        let places = set.points.indices.filter { set.points[$0].cut == cut && !set.rounds[$0].isEmpty }
        guard let hertz else { return places.last }
        func distance(_ place: Int) -> Double { abs((set.points[place].serverHertz ?? hertz) - hertz) }
        return places.min { distance($0) < distance($1) }
    }
}
