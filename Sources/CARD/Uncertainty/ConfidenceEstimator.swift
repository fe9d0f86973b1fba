import Calibration
import Statistics

/// Draws worlds that the calibrations' intervals allow, and counts in how many each cut is the best.
///
/// Each uncertain figure is shifted by its standard error and the level's model made anew, which gives the change of
/// every cut's cost, each cut at its chosen clock. Costs of a world are then the sum of those changes times Student t
/// draws: to first order in the errors, which is exact where costs are sums of the figures.
struct ConfidenceEstimator {
    let problem: SplitProblem
    let level: ModelLevel
    let solver: Solver
    let solution: Solution

    static let draws = 2000

    /// - Returns: `nil` when nothing that matters has an interval.
    func estimate(seed: UInt64 = 1) throws -> Confidence? {
        let allowed = solution.outcomes.filter { $0.cut.exclusion == nil }
        guard let chosen = allowed.firstIndex(where: { $0.cut.cut == solution.chosen.cut.cut }) else { return nil }
        let costs = SampledCosts(solver, allowed)
        let levers = try problem.uncertainFigures.map {
            MonteCarloSampler.Lever(figure: $0, effect: try effect(of: $0, on: allowed, costs.row))
        }.filter { costs.costs(costs.row.adding($0.effect)) != costs.costs(costs.row) }
        guard !levers.isEmpty else { return nil }
        let measurements = Measurement.allCases.filter { group in levers.contains { $0.figure.measurement == group } }
        let sources = measurements.map { group in
            MonteCarloSampler(levers.filter { $0.figure.measurement == group })
        }
        var generator = SeededGenerator(seed: seed)
        let worlds = (0..<Self.draws).map { _ in sources.map { $0.draw(count: costs.row.count, &generator) } }
        var tally = Tally(costs: costs, chosen: chosen, worlds: worlds)
        for world in worlds { tally.count(world) }
        let count = Double(Self.draws)
        let values = zip(measurements, tally.reductions).map {
            MeasurementValue(measurement: $0, regretReduction: $1 / count)
        }
        return Confidence(
            draws: Self.draws,
            cuts: zip(allowed, tally.wins).map {
                CutProbability(cut: $0.0.cut.cut, probability: Double($0.1) / count)
            },
            chosenProbability: Double(tally.wins[chosen]) / count, expectedRegret: tally.regret / count,
            measurements: values.sorted { $0.regretReduction > $1.regretReduction }, takenAsExact: takenAsExact)
    }

    /// How the row that costs come from changes with one standard error of a figure.
    private func effect(of figure: UncertainValue, on outcomes: [CutOutcome], _ row: [Double]) throws -> [Double] {
        var shifted = problem
        figure.shift(&shifted)
        let other = try Solver(model: try shifted.model(level), weight: solver.weight)
        return zip(SampledCosts(other, outcomes).row, row).map { $0 - $1 }
    }

    private var takenAsExact: [String] {
        var exact: [String] = []
        if problem.link.uplinkRelativeHalfWidth == nil { exact.append("The link's rates, which have no interval.") }
        if problem.declaredServerWatts != nil { exact.append("The server's declared power.") }
        if level >= .frequencyLaws, problem.pairing.server.frequencyLaws == nil {
            exact.append("How time and power go with the clock, which was not swept.")
        }
        return exact
    }
}

/// Counts over worlds, each a change of the row that costs come from by measurement.
private struct Tally {
    let costs: SampledCosts
    let chosen: Int
    /// The mean change of the row, by measurement.
    let means: [[Double]]
    var wins: [Int]
    var regret = 0.0
    /// By measurement: how much less the regret would be if it alone were known.
    var reductions: [Double]

    init(costs: SampledCosts, chosen: Int, worlds: [[[Double]]]) {
        self.costs = costs
        self.chosen = chosen
        let zero = [Double](repeating: 0, count: costs.row.count)
        means = (worlds.first ?? []).indices.map { group in
            worlds.reduce(zero) { $0.adding($1[group]) }.map { $0 / Double(worlds.count) }
        }
        wins = [Int](repeating: 0, count: costs.costs(costs.row).count)
        reductions = [Double](repeating: 0, count: means.count)
    }

    mutating func count(_ changes: [[Double]]) {
        let world = costs.costs(changes.reduce(costs.row) { $0.adding($1) })
        let best = best(world)
        wins[best] += 1
        regret += world[chosen] - world[best]
        for (group, change) in changes.enumerated() {
            // All else as it is expected to be.
            let known = costs.costs(
                means.indices.reduce(costs.row) { $0.adding($1 == group ? change : means[$1]) })
            reductions[group] += known[chosen] - known[self.best(known)]
        }
    }

    /// The chosen cut among equals.
    private func best(_ costs: [Double]) -> Int {
        var best = chosen
        for cut in costs.indices where costs[cut] < costs[best] - Solver.tieTolerance { best = cut }
        return best
    }
}

extension [Double] {
    /// Element by element.
    fileprivate func adding(_ other: [Double]) -> [Double] { zip(self, other).map { $0 + $1 } }
}
