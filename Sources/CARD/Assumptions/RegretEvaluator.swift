/// Judges choices by the fullest model there is: what a cut and a clock chosen for other reasons really cost.
struct RegretEvaluator {
    let solver: Solver
    let best: CutOutcome

    init(_ problem: SplitProblem, weight: Double) throws {
        solver = try Solver(model: try problem.model(.measuredLink), weight: weight)
        best = solver.solve().chosen
    }

    struct Evaluation {
        var regret: Double?
        var regretRatio: Double?
        var obstacle: String?
    }

    func judge(_ choice: CutOutcome) -> Evaluation {
        guard let cost = solver.model.cuts.first(where: { $0.cut == choice.cut.cut }) else { return Evaluation() }
        if let exclusion = cost.exclusion { return Evaluation(obstacle: "cut \(cost.cut) \(exclusion)") }
        // Rounding apart, nothing is better than the best.
        let regret = max(0, solver.cost(cost, ratio: possible(choice.ratio)) - best.cost)
        return Evaluation(regret: regret, regretRatio: best.cost > Solver.tieTolerance ? regret / best.cost : nil)
    }

    /// The clock that the box would really take: the nearest step, or within the limits.
    private func possible(_ ratio: Double) -> Double {
        let clock = solver.model.clock
        if let steps = clock.stepRatios {
            return steps.min { abs($0 - ratio) < abs($1 - ratio) } ?? ratio
        }
        return min(max(ratio, clock.lowestRatio), clock.highestRatio)
    }
}
