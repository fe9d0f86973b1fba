import Calibration
import Statistics

/// Draws worlds that the calibrations' intervals allow, and counts in how many each cut is the best.
///
/// Each uncertain figure is shifted by its standard error and the rung's model made anew, which gives the change of
/// every cut's cost, each cut at its chosen clock. Costs of a world are then the sum of those changes times Student t
/// draws: to first order in the errors, which is exact where costs are sums of the figures.
struct ConfidenceEstimator {
    let situation: Situation
    let rung: Rung
    let solver: Solver
    let solution: Solution

    static let draws = 2000

    /// - Returns: `nil` when nothing that matters has an interval.
    func estimate(seed: UInt64 = 1) throws -> Confidence? {
        let allowed = solution.outcomes.filter { $0.cut.exclusion == nil }
        guard let chosen = allowed.firstIndex(where: { $0.cut.cut == solution.chosen.cut.cut }) else { return nil }
        let figures = try situation.uncertainFigures.map { ($0, try effect(of: $0, on: allowed)) }
            .filter { $0.1.contains { $0 != 0 } }
        guard !figures.isEmpty else { return nil }
        let groups = Measurement.allCases.map { group in figures.filter { $0.0.measurement == group } }
        var tally = Tally(costs: allowed.map(\.cost), chosen: chosen, groups: groups.count)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<Self.draws { tally.count(groups.map { draw($0, allowed.count, &generator) }) }
        let count = Double(Self.draws)
        let values = zip(Measurement.allCases, groups).enumerated().filter { !$0.element.1.isEmpty }.map {
            MeasurementValue(measurement: $0.element.0, regretReduction: tally.reductions[$0.offset] / count)
        }
        return Confidence(
            draws: Self.draws,
            cuts: zip(allowed, tally.wins).map {
                CutProbability(cut: $0.0.cut.cut, probability: Double($0.1) / count)
            },
            chosenProbability: Double(tally.wins[chosen]) / count, expectedRegret: tally.regret / count,
            measurements: values.sorted { $0.regretReduction > $1.regretReduction }, takenAsExact: takenAsExact)
    }

    /// How the cost of each cut changes with one standard error of a figure.
    private func effect(of figure: UncertainFigure, on outcomes: [CutOutcome]) throws -> [Double] {
        var shifted = situation
        figure.shift(&shifted)
        let other = try Solver(model: try shifted.model(rung), weight: solver.weight)
        return outcomes.map { other.cost(other.model.cuts[$0.cut.cut], ratio: $0.ratio) - $0.cost }
    }

    /// The change of every cut's cost in one world, from the figures of one measurement.
    private func draw(
        _ figures: [(UncertainFigure, [Double])], _ cuts: Int, _ generator: inout SeededGenerator
    ) -> [Double] {
        var change = [Double](repeating: 0, count: cuts)
        guard let first = figures.first?.0 else { return change }
        let common = generator.studentT(degreesOfFreedom: first.degreesOfFreedom)
        for (figure, effect) in figures {
            let own = generator.studentT(degreesOfFreedom: figure.degreesOfFreedom)
            let error = figure.commonShare.squareRoot() * common + (1 - figure.commonShare).squareRoot() * own
            for cut in change.indices { change[cut] += error * effect[cut] }
        }
        return change
    }

    private var takenAsExact: [String] {
        var exact: [String] = []
        if situation.link.uplinkRelativeHalfWidth == nil { exact.append("The link's rates, which have no interval.") }
        if situation.declaredServerWatts != nil { exact.append("The server's declared power.") }
        if rung >= .frequencyLaws, situation.pairing.server.frequencyLaws == nil {
            exact.append("How time and power go with the clock, which was not swept.")
        }
        return exact
    }
}

/// Counts over worlds.
private struct Tally {
    let costs: [Double]
    let chosen: Int
    var wins: [Int]
    var regret = 0.0
    /// By measurement: how much less the regret would be if it alone were known.
    var reductions: [Double]

    init(costs: [Double], chosen: Int, groups: Int) {
        self.costs = costs
        self.chosen = chosen
        wins = [Int](repeating: 0, count: costs.count)
        reductions = [Double](repeating: 0, count: groups)
    }

    mutating func count(_ changes: [[Double]]) {
        var world = costs
        for change in changes { for cut in world.indices { world[cut] += change[cut] } }
        let best = best(world)
        wins[best] += 1
        regret += world[chosen] - world[best]
        for (group, change) in changes.enumerated() {
            let known = costs.indices.map { costs[$0] + change[$0] }
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
