import Quantities
import Statistics

/// Tests every assumption of the paper against the calibrations, one at a time, and every level against level E.
struct AssumptionReport {
    let problem: SplitProblem
    let weight: Double
    let evaluator: RegretEvaluator

    init(_ problem: SplitProblem, weight: Double) throws {
        self.problem = problem
        self.weight = weight
        evaluator = try RegretEvaluator(problem, weight: weight)
    }

    var findings: [AssumptionFinding] { PaperAssumption.allCases.map(finding) }

    /// The choice of every level, or why it has none.
    var levels: [LevelChoice] {
        ModelLevel.allCases.map { level in
            do {
                let solver = try Solver(model: try problem.model(level), weight: weight)
                let chosen = solver.solve().chosen
                let evaluation = evaluator.evaluate(chosen)
                return LevelChoice(
                    level: level, cut: chosen.cut.cut,
                    frequencyHertz: solver.model.frequency.referenceHertz.map { $0 * chosen.ratio },
                    delaySeconds: solver.model.delay(chosen.cut, ratio: chosen.ratio).total,
                    serverEnergyJoules: solver.model.energy(chosen.cut, ratio: chosen.ratio)?.value,
                    regret: evaluation.regret, regretRatio: evaluation.regretRatio, obstacle: evaluation.obstacle)
            } catch {
                return LevelChoice(level: level, unavailable: "\(error)")
            }
        }
    }

    private func finding(_ assumption: PaperAssumption) -> AssumptionFinding {
        let deviation = Deviations(problem, evaluator).deviation(from: assumption)
        var finding = AssumptionFinding(
            assumption: assumption, statement: assumption.statement, deviation: deviation,
            verdict: .init(deviation))
        guard finding.verdict != .untested else { return finding }
        let chosen: CutOutcome
        do {
            let model = try problem.assuming(assumption).model(.measuredLink)
            chosen = try Solver(model: model, weight: weight).solve().chosen
        } catch {
            finding.obstacle = "\(error)"
            return finding
        }
        let evaluation = evaluator.evaluate(chosen)
        finding.assumedCut = chosen.cut.cut
        finding.changesDecision =
            chosen.cut.cut != evaluator.best.cut.cut
            || (chosen.cut.serverSeconds.value > 0 && abs(chosen.ratio / evaluator.best.ratio - 1) > 1e-9)
        finding.regret = evaluation.regret
        finding.regretRatio = evaluation.regretRatio
        finding.obstacle = evaluation.obstacle
        return finding
    }
}

extension AssumptionFinding.Verdict {
    /// Largest deviation at which an assumption holds.
    package static let tolerance = 0.05

    package init(_ deviation: Quantity) {
        guard let value = deviation.value else {
            self = .untested
            return
        }
        let (lower, upper) = (deviation.lower ?? value, deviation.upper ?? value)
        if lower >= -Self.tolerance && upper <= Self.tolerance {
            self = .holds
        } else {
            self = lower > Self.tolerance || upper < -Self.tolerance ? .fails : .open
        }
    }
}

/// Evaluates by level E what a cut and a frequency that were chosen by another model would cost.
struct RegretEvaluator {
    let solver: Solver
    let best: CutOutcome

    init(_ problem: SplitProblem, weight: Double) throws {
        solver = try Solver(model: try problem.model(.measuredLink), weight: weight)
        best = solver.solve().chosen
    }

    /// The cost of a choice over that of the best, or why the choice is not possible.
    struct Evaluation {
        var regret: Double?
        var regretRatio: Double?
        var obstacle: String?
    }

    func evaluate(_ choice: CutOutcome) -> Evaluation {
        guard let cost = solver.model.cuts.first(where: { $0.cut == choice.cut.cut }) else { return Evaluation() }
        if let exclusion = cost.exclusion { return Evaluation(obstacle: "cut \(cost.cut) \(exclusion)") }
        // Below zero by rounding only.
        let regret = max(0, solver.cost(cost, ratio: nearestAllowed(choice.ratio)) - best.cost)
        return Evaluation(regret: regret, regretRatio: best.cost > Solver.tieTolerance ? regret / best.cost : nil)
    }

    /// The frequency that the box would run at: the nearest step, or the nearest value within the limits.
    private func nearestAllowed(_ ratio: Double) -> Double {
        let frequency = solver.model.frequency
        if let steps = frequency.stepRatios {
            return steps.min { abs($0 - ratio) < abs($1 - ratio) } ?? ratio
        }
        return min(max(ratio, frequency.lowestRatio), frequency.highestRatio)
    }
}
