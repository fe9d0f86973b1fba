import CARD
import Quantities
import SystemIO

/// How sure the decision is, what each level would choose, and what the paper's assumptions are worth.
extension Decision {
    var confidenceLines: String {
        guard let confidence else { return "confidence: not known, as no figure has an interval\n" }
        var text = "confidence: the choice is the best with probability "
        text += "\(NumberText.percent(confidence.chosenProbability, digits: 0)); "
        let rivals = confidence.cuts.filter { $0.cut != choice.cut && $0.probability >= 0.005 }
            .sorted { $0.probability > $1.probability }.prefix(3)
        text +=
            rivals.isEmpty
            ? "no other cut has 0.5 %"
            : rivals.map { "cut \($0.cut) \(NumberText.percent($0.probability, digits: 0))" }.joined(separator: ", ")
        text += "; expected regret \(NumberText.significant(confidence.expectedRegret, digits: 2)) of cost\n"
        if let first = confidence.measurements.first, first.regretReduction > 0 {
            let share = first.regretReduction / confidence.expectedRegret
            text += "to be surer: \(first.measurement.advice), which would take off up to "
            text += "\(NumberText.percent(min(share, 1), digits: 0)) of that\n"
        }
        return text
    }

    var rungTable: TextTable {
        var table = TextTable([
            .init("level"), .init("adds", .left), .init("cut"), .init("clock", unit: "GHz"), .init("delay", unit: "s"),
            .init("energy", unit: "J"), .init("regret"), .init("", .left),
        ])
        for choice in levels {
            table.append([
                choice.level.rawValue, choice.level.summary, choice.cut.map(String.init) ?? "n/a",
                short(choice.frequencyHertz.map { $0 * 1e-9 }), short(choice.delaySeconds),
                short(choice.serverEnergyJoules), regret(choice.regret, choice.regretRatio),
                PlainText.shown(choice.unavailable ?? choice.obstacle.map { "not possible: \($0)" } ?? "", limit: 100),
            ])
        }
        return table
    }

    var findingTable: TextTable {
        var table = TextTable([
            .init("assumption", .left), .init("deviation"), .init("verdict", .left), .init("cut if believed"),
            .init("regret"), .init("", .left),
        ])
        for finding in findings {
            let note = finding.obstacle.map { "not possible: \($0)" } ?? finding.deviation.reason ?? ""
            table.append([
                finding.statement, NumberText.percent(finding.deviation), finding.verdict.rawValue,
                finding.believedCut.map { "\($0)\(finding.changesDecision == true ? " *" : "")" } ?? "-",
                regret(finding.regret, finding.regretRatio), PlainText.shown(note, limit: 100),
            ])
        }
        return table
    }

    /// Relative to the best, or in the unit of the cost where the best costs nothing.
    private func regret(_ regret: Double?, _ ratio: Double?) -> String {
        guard let regret else { return "-" }
        return ratio.map { NumberText.percent($0) } ?? NumberText.fixed(regret, digits: 4)
    }
}
