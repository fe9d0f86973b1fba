import CARD
import Quantities
import SystemIO
import Validation

extension ValidationReport {
    /// Whether the prediction holds and the regrets, then the points, the regrets and the assumptions.
    package var report: String {
        var text = headline + "\n" + settingLine + termLines
        if !verdict.stands { text += PlainText.shown(verdict.reasons.joined(separator: " "), limit: 1000) + "\n" }
        text += "\n" + pointTable.text + omittedLine + rankLines + frequencyLine + "\n"
        text += regretTable.text + "\n" + assumptionTable.text
        return text + warnings.map { "warning: \(PlainText.shown($0, limit: 300))\n" }.joined()
    }

    /// The first line. It begins with `SIMULATED` where a measured value is simulated.
    package var headline: String {
        let board = conditions.device.virtualBoard != nil || conditions.server.virtualBoard != nil
        let sources = [conditions.linkShape.map { _ in "shaped link" }, board ? "virtual board" : nil].compactMap { $0 }
        let prefix = origin == .simulated ? "SIMULATED (\(sources.joined(separator: ", "))): " : ""
        return prefix + (verdict.stands ? "the prediction holds: " : "THE PREDICTION DOES NOT HOLD: ") + errorText
            + "; regret of level E \(regretText(.levelE)), of level A \(regretText(.levelA))"
    }

    private var errorText: String {
        let delay = summary.terms.delaySeconds
        guard let median = delay.medianAbsoluteErrorRatio, let worst = delay.worstErrorRatio, let cut = delay.worstCut
        else { return "no delay was compared" }
        return "delay is off by \(NumberText.percent(median)) in the median, \(signed(worst)) at worst (cut \(cut))"
    }

    private func regretText(_ subject: MeasuredRegret.Subject) -> String {
        guard let found = regrets.first(where: { $0.subject == subject }), let cost = found.cost else { return "n/a" }
        return text(cost, ofCost: true)
    }

    private var settingLine: String {
        var text = "\(PlainText.shown(prediction.modelName)), level \(prediction.level.rawValue), "
        text +=
            "cut \(prediction.cut) of \(prediction.blockCount), weight of delay \(prediction.weight), \(prediction.steps) steps per round; "
        text += "\(summary.usedRounds) rounds at \(points.count) points"
        if summary.rejectedRounds > 0 { text += ", \(summary.rejectedRounds) more rejected" }
        return text + "\n"
    }

    /// Whether the intervals of the delay hold, and the errors of the energies.
    private var termLines: String {
        let delay = summary.terms.delaySeconds
        func count(_ share: Double?, of points: Int) -> String {
            share.map { "\(Int(($0 * Double(points)).rounded())) of \(points) points" } ?? "n/a"
        }
        var text = "delay: the predicted interval holds the mean at "
        text += "\(count(delay.withinPredictedShare, of: delay.judgedPoints)), and both intervals agree at "
        text += "\(count(delay.agreeingShare, of: delay.comparedPoints))\n"
        for term in [Term.serverEnergy, .deviceEnergy] {
            let error = summary.terms[term]
            guard let median = error.medianAbsoluteErrorRatio, let worst = error.worstErrorRatio else { continue }
            text += "\(term.name): off by \(NumberText.percent(median)) in the median, \(signed(worst)) at worst\n"
        }
        return text
    }

    /// How well the prediction ranks the cuts, and where the measured best is.
    private var rankLines: String {
        func value(_ quantity: Quantity) -> String {
            guard let value = quantity.value else { return "n/a" }
            let interval = quantity.lower.flatMap { lower in
                quantity.upper.map { " (\(NumberText.fixed(lower, digits: 2)) to \(NumberText.fixed($0, digits: 2)))" }
            }
            return NumberText.fixed(value, digits: 2) + (interval ?? "")
        }
        var text = "rank correlation, predicted and measured: delay Spearman \(value(summary.delayRanks.spearman)), "
        text += "Kendall \(value(summary.delayRanks.kendall)); cost Spearman \(value(summary.costRanks.spearman)), "
        text += "Kendall \(value(summary.costRanks.kendall))\n"
        guard let best = summary.best.measured else { return text }
        text += "measured best: cut \(best.cut)"
        guard let isPredicted = summary.best.isPredicted, let cuts = summary.best.predictedCuts else {
            return text + "; the decision had no confidence\n"
        }
        text += ", \(isPredicted ? "one of" : "not one of") the predicted: \(Decision.ranges(cuts))"
        if let share = summary.best.predictedShare {
            text += " (in \(NumberText.percent(share, digits: 0)) of bootstrap samples)"
        }
        return text + "\n"
    }

    private var frequencyLine: String {
        guard !summary.frequencies.isEmpty else { return "" }
        let errors = summary.frequencies.map {
            "\(NumberText.si($0.serverHertz, "Hz")) \($0.timeErrorRatio.value.map(signed) ?? "n/a")"
        }
        return "error of the server's time by frequency: \(errors.joined(separator: ", "))\n"
    }
}

/// Tables of a validation.
extension ValidationReport {
    /// Rows that fit on a screen.
    private static let maximumRows = 12

    /// The points of the table: the choice, the measured best, both ends, and those whose delay is off the most.
    private var shownPoints: [PointComparison] {
        guard points.count > Self.maximumRows else { return points }
        let first = [0, prediction.blockCount, prediction.cut, summary.best.measured?.cut]
        let important = points.filter { point in first.contains(point.cut) }.prefix(Self.maximumRows)
        func error(_ point: PointComparison) -> Double { abs(point.terms.delaySeconds.errorRatio.value ?? 0) }
        let others = points.filter { !important.contains($0) }.sorted { error($0) > error($1) }
        return (important + others.prefix(Self.maximumRows - important.count)).sorted { $0.point < $1.point }
    }

    private var omittedLine: String {
        points.count > Self.maximumRows
            ? "\(points.count - Self.maximumRows) more points, with smaller errors of delay, are in the file\n" : ""
    }

    private var pointTable: TextTable {
        let parts: [Term] = [.device, .uplink, .server, .downlink, .adapters, .overhead]
        let hasFrequency = points.contains { $0.serverHertz != nil }
        var table = TextTable(
            [.init("cut")] + (hasFrequency ? [.init("frequency", unit: "GHz")] : [])
                + [.init("rounds"), .init("delay", unit: "s"), .init("error")]
                + parts.map { .init($0.name, unit: "of delay") }
                + [.init("server J"), .init("device J"), .init("", .left)])
        for point in shownPoints {
            let frequency = hasFrequency ? [point.serverHertz.map { NumberText.significant($0 * 1e-9) } ?? "-"] : []
            let shares = parts.map { point.terms[$0].shareOfDelay.map(signed) ?? "n/a" }
            let energies = [Term.serverEnergy, .deviceEnergy].map { error(point.terms[$0]) }
            var row = ["\(point.cut)"] + frequency
            row += [
                "\(point.usedRounds)",
                point.terms.delaySeconds.measured.value.map { NumberText.significant($0) } ?? "n/a",
                error(point.terms.delaySeconds),
            ]
            table.append(row + shares + energies + [mark(point)])
        }
        return table
    }

    private func error(_ comparison: Comparison) -> String {
        guard let value = comparison.errorRatio.value else { return "-" }
        let width = comparison.errorRatio.upper.map { " ± " + NumberText.fixed(($0 - value) * 100, digits: 1) + " %" }
        return width.map { signed(value).dropLast(2) + $0 } ?? signed(value)
    }

    private func mark(_ point: PointComparison) -> String {
        var marks: [String] = []
        if point.cut == prediction.cut { marks.append("<- chosen") }
        if point.point == summary.best.measured { marks.append("<- best") }
        if point.terms.delaySeconds.agrees == false { marks.append("outside the intervals") }
        return marks.joined(separator: " ")
    }

    private var regretTable: TextTable {
        var table = TextTable([
            .init("choice", .left), .init("cut"), .init("frequency", unit: "GHz"), .init("regret"), .init("of delay"),
            .init("of energy"), .init("", .left),
        ])
        for regret in regrets {
            table.append([
                regret.subject.name, regret.cut.map(String.init) ?? "n/a",
                regret.measuredHertz.map { NumberText.significant($0 * 1e-9) } ?? "-",
                regret.cost.map { text($0, ofCost: true) } ?? "-",
                regret.delaySeconds.map { text($0, ofCost: false) } ?? "-",
                regret.energyJoules.map { text($0, ofCost: false, unit: "J") } ?? "-",
                PlainText.shown(regret.reason ?? note(regret), limit: 100),
            ])
        }
        return table
    }

    /// The frequency that was chosen, where no round ran near it.
    private func note(_ regret: MeasuredRegret) -> String {
        guard let chosen = regret.frequencyHertz, let measured = regret.measuredHertz,
            regret.cut != prediction.blockCount,
            abs(measured / chosen - 1) > 0.01
        else { return "" }
        return "chose \(NumberText.si(chosen, "Hz"))"
    }

    /// Corrected where there are rounds enough, in percent where the least cost is above zero.
    private func text(_ estimate: RegretEstimate, ofCost: Bool, unit: String = "s") -> String {
        if estimate.ratio.value != nil { return NumberText.percent(estimate.ratio) }
        if let value = estimate.regret.value {
            return ofCost ? NumberText.fixed(value, digits: 4) : NumberText.si(value, unit)
        }
        let plain =
            estimate.naiveRatio.map { NumberText.percent($0) }
            ?? (ofCost ? NumberText.fixed(estimate.naiveRegret, digits: 4) : NumberText.si(estimate.naiveRegret, unit))
        return plain + " (not corrected)"
    }

    private var assumptionTable: TextTable {
        var table = TextTable([
            .init("assumption", .left), .init("deviation"), .init("measured", .left), .init("calibrated", .left),
            .init("", .left),
        ])
        for assumption in assumptions {
            let place = assumption.cut.map { " (cut \($0))" } ?? ""
            table.append([
                assumption.statement, NumberText.percent(assumption.deviation), assumption.verdict.rawValue,
                assumption.calibratedVerdict?.rawValue ?? "-",
                PlainText.shown((assumption.deviation.reason ?? "") + place, limit: 100),
            ])
        }
        return table
    }

    /// With a sign, as an error has a direction.
    private func signed(_ ratio: Double) -> String {
        let text = NumberText.percent(ratio)
        return ratio > 0 && text != NumberText.percent(0) ? "+" + text : text
    }
}

extension MeasuredRegret.Subject {
    fileprivate var name: String {
        switch self {
        case .serverOnly: "server-only"
        case .deviceOnly: "device-only"
        default: "level \(rawValue)"
        }
    }
}
