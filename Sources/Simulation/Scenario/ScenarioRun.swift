import CARD
import SystemIO

/// A simulation as it is asked for: the rounds and seeds to run, and what replaces the scenario's own settings.
package struct ScenarioRun: Sendable {
    /// Level of the model that decides; `nil` for the scenario's.
    package var level: ModelLevel?
    /// Weight of delay, 0 to 1; `nil` for the scenario's.
    package var weight: Double?
    /// State of the radio channel; `nil` for the scenario's.
    package var state: ChannelState?
    /// Devices in the fleet; `nil` for one of each of the scenario's kinds.
    package var deviceCount: Int?
    /// Rounds of the whole fleet.
    package var roundCount: Int
    /// Runs, with seeds 1, 2 and so on; `nil` for ``seedCount(decisions:)``.
    package var seedCount: Int?
    /// Points of the front of savings as the weight goes from 0 to 1; 0 for none.
    package var frontPointCount: Int

    package init(
        level: ModelLevel? = nil, weight: Double? = nil, state: ChannelState? = nil, deviceCount: Int? = nil,
        roundCount: Int = 100, seedCount: Int? = nil, frontPointCount: Int = 0
    ) {
        self.level = level
        self.weight = weight
        self.state = state
        self.deviceCount = deviceCount
        self.roundCount = roundCount
        self.seedCount = seedCount
        self.frontPointCount = frontPointCount
    }

    /// The result over all seeds, and the sums of each seed from which the table of rounds is made.
    package struct Outcome: Sendable {
        package var result: SimulationResult
        package var tallies: [FleetTally]

        /// Every round of every policy, as CSV.
        package var csv: String { SimulationCSV.text(seeds: result.seeds, tallies: tallies) }
    }

    /// Ten runs give intervals; a run of more than a million decisions has narrow ones by itself.
    package static func seedCount(decisions: Double) -> Int { decisions > 1e6 ? 1 : 10 }

    /// Runs the scenario's fleet once per seed, under every policy on the same random numbers.
    ///
    /// - Parameter shouldStop: asked before each seed; `true` ends the run with ``KerfError/Code/interrupted``.
    /// - Throws: ``KerfError``.
    package func run(_ file: ScenarioFile, shouldStop: () -> Bool = { false }) throws -> Outcome {
        let (level, weight) = (level ?? file.scenario.level, weight ?? file.scenario.weight)
        var (fleet, assumptions) = try file.fleet(level: level)
        if let state {
            fleet = try fleet.inState(state)
            assumptions.append("The channel's state is \(state.rawValue).")
        }
        let weights = frontPointCount > 0 ? (0..<frontPointCount).map { Double($0) / Double(frontPointCount - 1) } : []
        let run = try FleetRun(
            fleet: fleet, deviceCount: deviceCount ?? file.scenario.devices.count, roundCount: roundCount,
            rules: SimulationResult.rules(weight: weight, frontWeights: weights))
        let decisions = Double(run.deviceCount) * Double(roundCount)
        let seeds = (1...UInt64(seedCount ?? Self.seedCount(decisions: decisions))).map { $0 }
        let tallies = try seeds.map { seed in
            guard !shouldStop() else { throw Interruption.failure }
            return try run.run(seed: seed)
        }
        return Outcome(
            result: SimulationResult(
                scenario: file.scenario, sha256: file.sha256, weight: weight, level: level, frontWeights: weights,
                seeds: seeds, tallies: tallies, assumptions: assumptions),
            tallies: tallies)
    }
}
