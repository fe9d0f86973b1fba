import Quantities
import Statistics

/// Tests every assumption of the paper against the calibrations, one at a time, and every level against the fullest.
struct AssumptionReport {
    let problem: SplitProblem
    let weight: Double
    let judge: RegretEvaluator

    /// What counts as holding: 5 %.
    static let tolerance = 0.05

    init(_ problem: SplitProblem, weight: Double) throws {
        self.problem = problem
        self.weight = weight
        judge = try RegretEvaluator(problem, weight: weight)
    }

    var findings: [AssumptionFinding] { PaperAssumption.allCases.map(finding) }

    /// The choice of every level; one that lacks figures says so.
    var levels: [LevelChoice] {
        ModelLevel.allCases.map { level in
            do {
                let solver = try Solver(model: try problem.model(level), weight: weight)
                let chosen = solver.solve().chosen
                let sentence = judge.judge(chosen)
                return LevelChoice(
                    level: level, cut: chosen.cut.cut,
                    frequencyHertz: solver.model.clock.referenceHertz.map { $0 * chosen.ratio },
                    delaySeconds: solver.model.delay(chosen.cut, ratio: chosen.ratio).total,
                    serverEnergyJoules: solver.model.energy(chosen.cut, ratio: chosen.ratio)?.value,
                    regret: sentence.regret, regretRatio: sentence.regretRatio, obstacle: sentence.obstacle)
            } catch {
                return LevelChoice(level: level, unavailable: "\(error)")
            }
        }
    }

    private func finding(_ assumption: PaperAssumption) -> AssumptionFinding {
        let deviation = Deviations(problem, judge).deviation(from: assumption)
        var finding = AssumptionFinding(
            assumption: assumption, statement: assumption.statement, deviation: deviation,
            verdict: Self.verdict(deviation))
        guard finding.verdict != .untested,
            let model = try? problem.assuming(assumption).model(.measuredLink),
            let chosen = (try? Solver(model: model, weight: weight))?.solve().chosen
        else { return finding }
        let sentence = judge.judge(chosen)
        finding.believedCut = chosen.cut.cut
        finding.changesDecision =
            chosen.cut.cut != judge.best.cut.cut
            || (chosen.cut.serverSeconds.value > 0 && abs(chosen.ratio / judge.best.ratio - 1) > 1e-9)
        finding.regret = sentence.regret
        finding.regretRatio = sentence.regretRatio
        finding.obstacle = sentence.obstacle
        return finding
    }

    private static func verdict(_ deviation: Quantity) -> AssumptionFinding.Verdict {
        guard let value = deviation.value else { return .untested }
        let (lower, upper) = (deviation.lower ?? value, deviation.upper ?? value)
        if lower >= -tolerance && upper <= tolerance { return .holds }
        return lower > tolerance || upper < -tolerance ? .fails : .open
    }
}
