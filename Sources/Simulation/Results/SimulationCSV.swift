/// Every round of every seed and policy, a line each: for a spreadsheet or a plot.
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
