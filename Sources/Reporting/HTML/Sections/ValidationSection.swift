import CARD
import Quantities
import Validation

/// A validation: predicted against measured, regret, and the paper's assumptions on measured rounds.
struct ValidationSection {
    let report: ValidationReport

    func section(named name: String) -> Section {
        let prediction = report.prediction
        return Section(
            title: "Validation \(name)",
            subtitle: "\(prediction.modelName), level \(prediction.level.rawValue), cut \(prediction.cut) of "
                + "\(prediction.blockCount) chosen; \(report.summary.usedRounds) rounds of \(prediction.steps) steps at "
                + "\(report.points.count) points, ended \(report.created)",
            statements: statements,
            figures: [scatter, delayErrors] + [parts, regrets, assumptions, rounds].compactMap(\.self),
            tables: [terms], remarks: report.warnings)
    }

    private var statements: [Section.Statement] {
        let headline = Section.Statement(
            report.verdict.stands ? (report.origin == .simulated ? .caution : .good) : .bad, report.headline)
        let rejected = report.summary.rejectedRounds
        let all = rejected &+ report.summary.usedRounds
        return [headline] + report.verdict.reasons.map { .init(.bad, $0) }
            + (rejected == 0
                ? [.init(.good, "No round was rejected")]
                : [.init(rejected > all / 2 ? .caution : .note, "\(rejected) of \(all) rounds were rejected")])
    }

    /// Predicted over measured delay, with the diagonal.
    private var scatter: Figure {
        var table = DataTable([
            .init("cut", field: "points[i].cut"), .init("server", field: "points[i].server_hertz"),
            .init("predicted", field: "points[i].terms.delay_seconds.predicted"),
            .init("measured", field: "points[i].terms.delay_seconds.measured"),
            .init("error", field: "points[i].terms.delay_seconds.error_ratio"),
            .init("rounds", field: "points[i].used_rounds"), .init("rejected", field: "points[i].rejected_rounds"),
        ])
        var points: [Series.Point] = []
        for point in report.points {
            let delay = point.terms.delaySeconds
            table.append([
                "\(point.cut)", point.serverHertz.map { NumberText.si($0, "Hz") } ?? "as it was",
                DataTable.cell(delay.predicted, "s"), DataTable.cell(delay.measured, "s"),
                DataTable.percent(delay.errorRatio), "\(point.usedRounds)", "\(point.rejectedRounds)",
            ])
            guard let measured = delay.measured.value, let predicted = delay.predicted.value else { continue }
            points.append(
                Series.Point(
                    measured, predicted, lower: delay.predicted.lower, upper: delay.predicted.upper,
                    left: delay.measured.lower, right: delay.measured.upper))
        }
        return Figure(
            "Delay of a round, predicted and measured",
            "One point for each cut and frequency, with both intervals. On the dashed diagonal the prediction is exact; above it "
                + "it is too high.",
            Plot(
                x: Axis("measured", unit: "s", includesZero: false),
                y: Axis("predicted", unit: "s", includesZero: false),
                series: [Series("delay of a round", color: 0, .dots, points)], height: 380, hasDiagonal: true), table)
    }

    private var axis: Axis {
        Axis("cut layer: blocks on the device", wholeNumbers: 0...max(1, report.prediction.blockCount))
    }

    private var delayErrors: Figure {
        let terms: [(Term, Int, Series.Mark)] = [
            (.delay, 0, .dots), (.serverEnergy, 1, .squares), (.deviceEnergy, 2, .triangles),
        ]
        var table = DataTable([
            .init("cut", field: "points[i].cut"), .init("delay", field: "points[i].terms.delay_seconds.error_ratio"),
            .init("server energy", field: "points[i].terms.server_energy_joules.error_ratio"),
            .init("device energy", field: "points[i].terms.device_energy_joules.error_ratio"),
        ])
        for point in report.points {
            table.append(["\(point.cut)"] + terms.map { DataTable.percent(point.terms[$0.0].errorRatio) })
        }
        let series = terms.enumerated().compactMap { place, term -> Series? in
            let points = report.points.compactMap { point -> Series.Point? in
                let error = point.terms[term.0].errorRatio
                return error.value.map { Series.Point(Double(point.cut), $0, lower: error.lower, upper: error.upper) }
            }
            return points.isEmpty
                ? nil : Series(term.0.name, color: term.1, term.2, points, shift: 4 * Double(place - 1))
        }
        return Figure(
            "Error of the prediction at each cut",
            "(Predicted - measured) / measured, with its interval: above zero the prediction is too high.",
            Plot(x: axis, y: Axis("error", isRatio: true), series: series), table)
    }

    private static let parts: [Term] = [.device, .uplink, .server, .downlink, .adapters, .overhead]

    private var parts: Figure? {
        let bars = report.points.compactMap { point -> StackedBars.Bar? in
            let values = Self.parts.map { point.terms[$0].measured.value }
            guard values.allSatisfy({ $0 != nil }) else { return nil }
            let delay = point.terms.delaySeconds.measured
            return .init(x: point.cut, parts: values.map { $0 ?? 0 }, lower: delay.lower, upper: delay.upper)
        }
        // At several frequencies one cut has several bars.
        guard Set(bars.map(\.x)).count == bars.count, !bars.isEmpty else { return nil }
        var table = DataTable(
            [.init("cut", field: "points[i].cut")]
                + Self.parts.map {
                    .init(
                        $0.name,
                        field: "points[i].terms.\($0.field).measured")
                })
        for point in report.points {
            table.append(["\(point.cut)"] + Self.parts.map { DataTable.cell(point.terms[$0].measured, "s") })
        }
        return Figure(
            "Delay as measured, in parts",
            "Means over the rounds of each cut; the line on a bar is the interval of the whole delay.",
            StackedBars(
                x: axis, y: Axis("delay of a round", unit: "s"), names: Self.parts.map(\.name), bars: bars,
                markers: [.init(x: Double(report.prediction.cut), name: "chosen: \(report.prediction.cut)")]), table)
    }

    private var regrets: Figure? {
        var table = DataTable([
            .init("choice of", field: "regrets[i].subject", isText: true), .init("cut", field: "regrets[i].cut"),
            .init("frequency", field: "regrets[i].frequency_hertz"),
            .init("regret by cost", field: "regrets[i].cost.ratio"),
            .init("by delay", field: "regrets[i].delay_seconds.ratio"),
            .init("by energy", field: "regrets[i].energy_joules.ratio"), .init("", isText: true),
        ])
        let bars = report.regrets.map { regret -> NamedBars.Bar in
            let name =
                regret.subject.level.map { "level \($0.rawValue)" }
                ?? (regret.subject == .serverOnly ? "server-only" : "device-only")
            func ratio(_ estimate: RegretEstimate?) -> String { estimate.map { DataTable.percent($0.ratio) } ?? "n/a" }
            table.append([
                name, regret.cut.map(String.init) ?? "n/a", DataTable.cell(regret.frequencyHertz, "Hz"),
                ratio(regret.cost),
                ratio(regret.delaySeconds), ratio(regret.energyJoules), regret.reason ?? "",
            ])
            let quantity = regret.cost?.ratio
            return NamedBars.Bar(
                name: name + (regret.cut.map { ", cut \($0)" } ?? ""), value: quantity?.value, lower: quantity?.lower,
                upper: quantity?.upper, text: quantity?.value == nil ? "n/a" : ratio(regret.cost),
                color: regret.subject == .levelE ? 1 : 0)
        }
        guard bars.contains(where: { $0.value != nil }) else { return nil }
        return Figure(
            "Measured regret of each choice",
            "(Measured cost of the choice - least measured cost) / least measured cost, corrected for the winner's curse, with "
                + "its interval. Below zero no alternative could be told to be better.",
            NamedBars(axis: Axis("regret", isRatio: true), bars: bars), table)
    }

    private var assumptions: Figure? {
        var table = DataTable([
            .init("assumption of the paper", field: "assumptions[i].statement", isText: true),
            .init("deviation", field: "assumptions[i].deviation"),
            .init("measured", field: "assumptions[i].verdict", isText: true),
            .init("calibrated", field: "assumptions[i].calibrated_verdict", isText: true),
            .init("compared", isText: true),
        ])
        let bars = report.assumptions.map { assumption -> NamedBars.Bar in
            let deviation = assumption.deviation
            table.append([
                assumption.statement, DataTable.percent(deviation), assumption.verdict.rawValue,
                assumption.calibratedVerdict?.rawValue ?? "n/a", deviation.reason ?? "",
            ])
            return NamedBars.Bar(
                name: assumption.assumption.words,
                value: deviation.value, lower: deviation.lower, upper: deviation.upper,
                text: "\(assumption.verdict.rawValue)" + (deviation.value.map { ", \(NumberText.percent($0))" } ?? ""),
                color: assumption.verdict == .fails ? 1 : 0)
        }
        guard bars.contains(where: { $0.value != nil }) else { return nil }
        return Figure(
            "The paper's assumptions on measured rounds",
            "How far what was measured is from what the assumption predicts, where it is farthest, and the verdict.",
            NamedBars(axis: Axis("deviation", isRatio: true), bars: bars), table)
    }

    /// Every round in the order of measurement, rejected ones at their place.
    private var rounds: Figure? {
        guard !report.rounds.isEmpty else { return nil }
        let ordered = report.rounds.sorted { $0.order < $1.order }
        var table = DataTable([
            .init("order", field: "rounds[i].order"), .init("cut", field: "rounds[i].cut"),
            .init("delay", field: "rounds[i].delay_seconds"),
            .init("rejected", field: "rounds[i].rejection", isText: true),
        ])
        for round in ordered {
            table.append([
                "\(round.order)", "\(round.cut)", NumberText.si(round.delaySeconds, "s"), round.rejection ?? "",
            ])
        }
        func points(_ isRejected: Bool) -> [Series.Point] {
            ordered.filter { ($0.rejection != nil) == isRejected }.map {
                Series.Point(Double($0.order), $0.delaySeconds)
            }
        }
        let rejected = points(true)
        return Figure(
            "Every round in the order of measurement",
            "Delay of each round; the order is random, so that drift spreads over all cuts. Crosses are rejected rounds.",
            Plot(
                x: Axis("round"), y: Axis("delay of a round", unit: "s"),
                series: [Series("used", color: 0, .dots, points(false))]
                    + (rejected.isEmpty ? [] : [Series("rejected", color: 1, .crosses, rejected)]), height: 200), table)
    }

    private var terms: (title: String, table: DataTable) {
        var table = DataTable([
            .init("term", field: "summary.terms", isText: true), .init("points", field: "….points"),
            .init("median error", field: "….median_error_ratio"),
            .init("median, absolute", field: "….median_absolute_error_ratio"),
            .init("worst", field: "….worst_error_ratio"), .init("at cut", field: "….worst_cut"),
            .init("predicted interval holds", field: "….within_predicted_share"),
            .init("both intervals agree", field: "….agreeing_share"),
        ])
        for term in Term.allCases {
            let error = report.summary.terms[term]
            table.append([
                term.name, "\(error.points)", DataTable.percent(error.medianErrorRatio),
                DataTable.percent(error.medianAbsoluteErrorRatio), DataTable.percent(error.worstErrorRatio),
                error.worstCut.map(String.init) ?? "n/a", DataTable.percent(error.withinPredictedShare),
                DataTable.percent(error.agreeingShare),
            ])
        }
        return ("Errors of every term", table)
    }
}
