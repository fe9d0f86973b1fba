import CARD
import Quantities
import Statistics
import SystemIO

/// Delay and energy of a fleet's rounds under each policy, over seeds. All values are simulated.
package struct SimulationResult: Codable, Sendable, KerfFile {
    package static let schema = "kerf.simulation"
    package static let schemaVersion = 2
    package static let oldestReadableVersion = 1
    package static var remedy: Remedy { "run kerf simulate first" }
    package static func renamedKeys(from version: Int) -> [String: String] { ["rung": "level"] }

    package var schema: String = SimulationResult.schema
    package var schemaVersion: Int = SimulationResult.schemaVersion
    package var kerfVersion: String
    package var scenario: String
    /// SHA-256 of the scenario's file.
    package var scenarioSha256: String
    package var level: ModelLevel
    package var weight: Double
    package var steps: Int
    package var deviceCount: Int
    package var roundCount: Int
    package var seeds: [UInt64]
    package var policies: [PolicyResult]
    /// CARD at weights of delay from 0 to 1.
    package var front: [FrontResult]
    /// How often CARD chose each cut, from cut 0 on, over all seeds.
    package var cutCounts: [Int]
    package var assumptions: [String]
}

/// Means over devices and rounds, for one device's turn; intervals over seeds.
package struct PolicyResult: Codable, Sendable, Hashable {
    package var policy: Policy
    package var delaySeconds: Quantity
    package var serverEnergyJoules: Quantity
    /// Compared with device-only, in per cent.
    package var delaySavingPercent: Quantity
    /// Compared with server-only, in per cent.
    package var energySavingPercent: Quantity
}

package struct FrontResult: Codable, Sendable, Hashable {
    package var weight: Double
    package var delaySavingPercent: Quantity
    package var energySavingPercent: Quantity
}

extension SimulationResult {
    /// Summarizes one tally per seed. Its rules are all policies, then CARD at each weight of the front.
    package init(
        scenario: Scenario, sha256: String, weight: Double, level: ModelLevel, frontWeights: [Double], seeds: [UInt64],
        tallies: [FleetTally], assumptions: [String]
    ) {
        let savings = Savings(tallies)
        let count = Policy.allCases.count
        self.init(
            kerfVersion: KerfVersion.current, scenario: scenario.name, scenarioSha256: sha256, level: level,
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

    /// The rules of a run whose tallies can be summarized.
    package static func rules(weight: Double, frontWeights: [Double]) -> [Rule] {
        Policy.allCases.map { Rule($0, weight: weight) } + frontWeights.map { Rule(.card, weight: $0) }
    }
}

/// Means over seeds, with intervals.
private struct Savings {
    let tallies: [FleetTally]

    init(_ tallies: [FleetTally]) { self.tallies = tallies }

    private func rule(_ policy: Policy) -> Int { Policy.allCases.firstIndex(of: policy) ?? 0 }

    func mean(_ value: (FleetTally) -> Double) -> Quantity {
        guard let estimate = Estimate.mean(of: tallies.map(value)) else { return .unavailable("no seed was run") }
        return Quantity(estimate, origin: .simulated, reason: tallies.count > 1 ? "over seeds" : "of one seed")
    }

    func delay(_ rule: Int) -> Quantity {
        mean { 100 * (1 - $0.delaySeconds(rule: rule) / $0.delaySeconds(rule: self.rule(.deviceOnly))) }
    }

    func energy(_ rule: Int) -> Quantity {
        guard tallies.allSatisfy({ $0.energyJoules(rule: self.rule(.serverOnly)) > 0 }) else {
            return .unavailable("the server's energy is not known")
        }
        return mean { 100 * (1 - $0.energyJoules(rule: rule) / $0.energyJoules(rule: self.rule(.serverOnly))) }
    }
}

/// One line per round, seed and policy.
package struct SimulationCSV {
    package static func text(seeds: [UInt64], tallies: [FleetTally]) -> String {
        var text = "seed,round,policy,mean_delay_seconds,mean_server_energy_joules\n"
        for (seed, tally) in zip(seeds, tallies) {
            for round in 0..<tally.roundCount {
                for (rule, policy) in Policy.allCases.enumerated() {
                    text += "\(seed),\(round),\(policy.rawValue),\(tally.delaySeconds(rule: rule, round: round)),"
                    text += "\(tally.energyJoules(rule: rule, round: round))\n"
                }
            }
        }
        return text
    }
}
