public import CARD
public import Calibration
import Statistics

/// What a fleet's rounds cost under each policy, over seeds. All figures are simulated.
public struct SimulationResult: Codable, Sendable, KerfFile {
    public static let schema = "kerf.simulation"
    public static let schemaVersion = 1
    public static var remedy: String { "run kerf simulate first" }

    public var schema: String = SimulationResult.schema
    public var schemaVersion: Int = SimulationResult.schemaVersion
    public var kerfVersion: String
    public var scenario: String
    /// Of the scenario's bytes.
    public var scenarioSha256: String
    public var rung: Rung
    public var weight: Double
    public var steps: Int
    public var deviceCount: Int
    public var roundCount: Int
    public var seeds: [UInt64]
    public var policies: [PolicyResult]
    /// CARD as the weight of delay goes from 0 to 1.
    public var front: [FrontResult]
    /// How often CARD took each cut, over all seeds, by cut from 0 on.
    public var cutCounts: [Int]
    public var assumptions: [String]
}

/// Means over devices and rounds, for one device's turn; intervals over seeds.
public struct PolicyResult: Codable, Sendable, Hashable {
    public var policy: Policy
    public var delaySeconds: Quantity
    public var serverEnergyJoules: Quantity
    /// Against device-only, in per cent.
    public var delaySavingPercent: Quantity
    /// Against server-only, in per cent.
    public var energySavingPercent: Quantity
}

public struct FrontResult: Codable, Sendable, Hashable {
    public var weight: Double
    public var delaySavingPercent: Quantity
    public var energySavingPercent: Quantity
}

extension SimulationResult {
    /// Summarises one tally a seed; its rules are all policies and then CARD at each weight of the front.
    public init(
        scenario: Scenario, sha256: String, weight: Double, rung: Rung, frontWeights: [Double], seeds: [UInt64],
        tallies: [FleetTally], assumptions: [String]
    ) {
        let savings = Savings(tallies)
        let count = Policy.allCases.count
        self.init(
            kerfVersion: KerfVersion.current, scenario: scenario.name, scenarioSha256: sha256, rung: rung,
            weight: weight, steps: scenario.steps, deviceCount: tallies.first?.deviceCount ?? 0,
            roundCount: tallies.first?.roundCount ?? 0, seeds: seeds,
            policies: Policy.allCases.enumerated().map { rule, policy in
                PolicyResult(
                    policy: policy, delaySeconds: savings.mean { $0.delaySeconds(rule: rule) },
                    serverEnergyJoules: savings.mean { $0.energyJoules(rule: rule) },
                    delaySavingPercent: savings.delay(rule), energySavingPercent: savings.energy(rule))
            },
            front: frontWeights.enumerated().map { index, weight in
                FrontResult(
                    weight: weight, delaySavingPercent: savings.delay(count + index),
                    energySavingPercent: savings.energy(count + index))
            },
            cutCounts: tallies.reduce(into: [Int](repeating: 0, count: tallies.first?.cutCounts[0].count ?? 0)) {
                for cut in $0.indices { $0[cut] += $1.cutCounts[0][cut] }
            },
            assumptions: assumptions)
    }

    /// The rules that a run needs for a result.
    public static func rules(weight: Double, frontWeights: [Double]) -> [Rule] {
        Policy.allCases.map { Rule($0, weight: weight) } + frontWeights.map { Rule(.card, weight: $0) }
    }
}

/// Figures of every seed, with intervals over them.
private struct Savings {
    let tallies: [FleetTally]

    init(_ tallies: [FleetTally]) { self.tallies = tallies }

    private func rule(_ policy: Policy) -> Int { Policy.allCases.firstIndex(of: policy) ?? 0 }

    func mean(_ figure: (FleetTally) -> Double) -> Quantity {
        guard let estimate = Estimate.mean(of: tallies.map(figure)) else { return .unavailable("no seed was run") }
        return Quantity(estimate, origin: .simulated, reason: tallies.count > 1 ? "over seeds" : "of one seed")
    }

    func delay(_ rule: Int) -> Quantity {
        mean { 100 * (1 - $0.delaySeconds(rule: rule) / $0.delaySeconds(rule: self.rule(.deviceOnly))) }
    }

    func energy(_ rule: Int) -> Quantity {
        guard tallies.allSatisfy({ $0.energyJoules(rule: self.rule(.serverOnly)) > 0 }) else {
            return .unavailable("the server has no figure of energy")
        }
        return mean { 100 * (1 - $0.energyJoules(rule: rule) / $0.energyJoules(rule: self.rule(.serverOnly))) }
    }
}
