import Calibration
import Statistics

/// Draws Monte Carlo samples within the calibrations' intervals and counts in how many each cut is the best.
///
/// Each uncertain value is shifted by its standard error and the level's model built again, which gives the change of
/// every cut's delay and energy at its chosen frequency. A sample is the sum of those changes times Student t draws: a
/// first-order approximation in the errors, exact where delay and energy are sums of the values.
struct ConfidenceEstimator {
    let problem: SplitProblem
    let level: ModelLevel
    let solver: Solver
    let solution: Solution

    /// Number of Monte Carlo samples. 2,000 tell a probability of one half to 2.2 points (95 %).
    var draws = 2000

    /// - Returns: `nil` when no value that affects the costs has an interval.
    func estimate(seed: UInt64 = 1) throws -> Confidence? {
        let allowed = solution.outcomes.filter { $0.cut.exclusion == nil }
        guard let chosen = allowed.firstIndex(where: { $0.cut.cut == solution.chosen.cut.cut }) else { return nil }
        let costs = SampledCosts(solver, allowed)
        let sensitivities = try problem.uncertainValues.map {
            MonteCarloSampler.Sensitivity(value: $0, effect: try effect(of: $0, on: allowed, costs.row))
        }.filter { costs.costs(costs.row.adding($0.effect)) != costs.costs(costs.row) }
        guard !sensitivities.isEmpty else { return nil }
        let measurements = Measurement.allCases.filter { group in
            sensitivities.contains { $0.value.measurement == group }
        }
        let sources = measurements.map { group in
            MonteCarloSampler(sensitivities.filter { $0.value.measurement == group })
        }
        var generator = SeededGenerator(seed: seed)
        let zero = [Double](repeating: 0, count: costs.row.count)
        let samples = (0..<draws).map { _ in
            sources.map { source in
                var change = zero
                source.draw(onto: &change, &generator)
                return change
            }
        }
        var tally = Tally(costs: costs, chosen: chosen, samples: samples)
        for sample in samples { tally.count(sample) }
        let count = Double(draws)
        let values = zip(measurements, tally.reductions).map {
            MeasurementValue(measurement: $0, regretReduction: $1 / count)
        }
        return Confidence(
            draws: draws,
            cuts: zip(allowed, tally.wins).map {
                CutProbability(cut: $0.0.cut.cut, probability: Double($0.1) / count)
            },
            chosenProbability: Double(tally.wins[chosen]) / count,
            indistinguishableCuts: Confidence.indistinguishable(
                cuts: allowed.map(\.cut.cut), wins: tally.wins, chosen: chosen),
            expectedRegret: tally.regret / count,
            measurements: values.sorted { $0.regretReduction > $1.regretReduction }, takenAsExact: takenAsExact)
    }

    /// Change of the row of delays and energies for one standard error of a value.
    private func effect(of value: UncertainValue, on outcomes: [CutOutcome], _ row: [Double]) throws -> [Double] {
        var shifted = problem
        value.shift(&shifted)
        let other = try Solver(model: try shifted.model(level), weight: solver.weight)
        return zip(SampledCosts(other, outcomes).row, row).map { $0 - $1 }
    }

    private var takenAsExact: [String] {
        var exact: [String] = []
        if problem.link.uplinkRelativeHalfWidth == nil { exact.append("The link's rates, which have no interval.") }
        if problem.declaredServerWatts != nil { exact.append("The server's declared power.") }
        if level >= .frequencyLaws, problem.pairing.server.frequencyLaws == nil {
            exact.append("The dependence of time and power on the frequency, which was not swept.")
        }
        return exact
    }
}

/// Counts over samples. A sample is one change of the row of delays and energies for each measurement.
private struct Tally {
    let costs: SampledCosts
    let chosen: Int
    /// By measurement: the row with all others at their expected values.
    let others: [[Double]]
    var wins: [Int]
    var regret = 0.0
    /// By measurement: how much smaller the regret would be if that measurement alone were exact.
    var reductions: [Double]

    init(costs: SampledCosts, chosen: Int, samples: [[[Double]]]) {
        self.costs = costs
        self.chosen = chosen
        let zero = [Double](repeating: 0, count: costs.row.count)
        let means = (samples.first ?? []).indices.map { group in
            samples.reduce(into: zero) { $0.add($1[group], times: 1 / Double(samples.count)) }
        }
        others = means.indices.map { group in
            means.indices.filter { $0 != group }.reduce(into: costs.row) { $0.add(means[$1]) }
        }
        wins = [Int](repeating: 0, count: costs.costs(costs.row).count)
        reductions = [Double](repeating: 0, count: means.count)
    }

    mutating func count(_ changes: [[Double]]) {
        let sampled = costs.costs(changes.reduce(into: costs.row) { $0.add($1) })
        let best = best(sampled)
        wins[best] += 1
        regret += sampled[chosen] - sampled[best]
        for (group, change) in changes.enumerated() {
            var row = others[group]
            row.add(change)
            let known = costs.costs(row)
            reductions[group] += known[chosen] - known[self.best(known)]
        }
    }

    /// The cut of least cost; the chosen one where it ties.
    private func best(_ costs: [Double]) -> Int {
        var best = chosen
        for cut in costs.indices where costs[cut] < costs[best] - Solver.tieTolerance { best = cut }
        return best
    }
}
