import CARD
import Quantities

/// A decision: what each cut costs and how sure the choice is.
struct DecisionSection {
    let decision: Decision

    func section(named name: String) -> Section {
        Section(
            title: "Decision \(name)", subtitle: decision.choiceLine + decision.settingLines, statements: statements,
            figures: [costs] + [probabilities].compactMap(\.self) + [delays]
                + [energies, front, levels, assumptions, measurements].compactMap(\.self),
            remarks: decision.warnings + decision.assumptions)
    }

    private var statements: [Section.Statement] {
        let stands = decision.verdict?.stands
        let kind: Section.Statement.Kind =
            stands == false ? .bad : stands == nil || decision.isSimulated ? .caution : .good
        return [.init(kind, decision.headline)]
            + decision.baselines.map { baseline in
                func saving(_ percent: Double?) -> String {
                    percent.map { NumberText.fixed($0, digits: 1) + " %" } ?? "n/a"
                }
                return .init(
                    .note,
                    "Compared with \(baseline.kind == .serverOnly ? "server-only" : "device-only") the choice saves "
                        + "\(saving(baseline.delaySavingPercent)) of delay and \(saving(baseline.energySavingPercent)) of "
                        + "the server's energy; below zero it costs more")
            }
    }

    private var axis: Axis { Axis("cut layer: blocks on the device", wholeNumbers: 0...max(1, decision.blockCount)) }
    private var chosen: Frame.Marker { .init(x: Double(decision.choice.cut), name: "chosen: \(decision.choice.cut)") }

    private var costs: Figure {
        var table = DataTable([
            .init("cut", field: "cuts[i].cut"), .init("cost U", field: "cuts[i].cost"),
            .init("server frequency", field: "cuts[i].frequency_hertz"),
            .init("not allowed", field: "cuts[i].exclusion", isText: true),
        ])
        for cut in decision.cuts {
            table.append([
                "\(cut.cut)", NumberText.fixed(cut.cost, digits: 4), DataTable.cell(cut.frequencyHertz, "Hz"),
                cut.exclusion ?? "",
            ])
        }
        func points(_ isAllowed: Bool) -> [Series.Point] {
            decision.cuts.filter { ($0.exclusion == nil) == isAllowed }.map { Series.Point(Double($0.cut), $0.cost) }
        }
        let excluded = points(false)
        return Figure(
            "Cost of each cut",
            "The weighted cost U of delay (weight \(NumberText.significant(decision.weight))) and energy, both normalized, at the "
                + "server frequency that is best for the cut. The least is chosen. \(decision.confidenceLines)",
            Plot(
                x: axis, y: Axis("cost U", includesZero: false),
                series: [Series("allowed", color: 0, .dots, points(true))]
                    + (excluded.isEmpty ? [] : [Series("not allowed", color: 7, .crosses, excluded)]),
                markers: [chosen]), table)
    }

    private var probabilities: Figure? {
        guard let confidence = decision.confidence else { return nil }
        var table = DataTable([
            .init("cut", field: "confidence.cuts[i].cut"),
            .init("probability", field: "confidence.cuts[i].probability"),
        ])
        for cut in confidence.cuts {
            table.append(["\(cut.cut)", NumberText.percent(cut.probability)])
        }
        return Figure(
            "Probability of being the best cut",
            "Share of \(confidence.draws) Monte Carlo samples of the measured values in which the cut costs the least. Expected "
                + "regret of the choice: \(NumberText.significant(confidence.expectedRegret, digits: 2)) of cost.",
            Plot(
                x: axis, y: Axis("probability", isRatio: true),
                series: [
                    Series(
                        "probability", color: 3, .bars,
                        confidence.cuts.map { Series.Point(Double($0.cut), $0.probability) })
                ], height: 180, markers: [chosen]), table)
    }

    private var delays: Figure {
        let fields = [
            "device_seconds", "uplink_seconds", "server_seconds", "downlink_seconds", "adapter_seconds",
            "latency_seconds",
        ]
        let names = ["device computes", "uplink", "server computes", "downlink", "adapters", "latency"]
        func parts(_ cut: DecidedCut) -> [Double] {
            let parts = cut.delayParts
            return [
                parts.deviceSeconds, parts.uplinkSeconds, parts.serverSeconds, parts.downlinkSeconds,
                parts.adapterSeconds,
                parts.latencySeconds,
            ]
        }
        var table = DataTable(
            [.init("cut", field: "cuts[i].cut"), .init("delay", field: "cuts[i].delay_seconds")]
                + zip(names, fields).map { .init($0, field: "cuts[i].delay_parts.\($1)") }
                + [.init("overlap", field: "cuts[i].delay_parts.overlap_seconds")])
        for cut in decision.cuts {
            table.append(
                ["\(cut.cut)", DataTable.cell(cut.delaySeconds, "s")] + parts(cut).map { NumberText.si($0, "s") }
                    + [DataTable.cell(cut.delayParts.overlapSeconds, "s")])
        }
        let overlap = decision.microBatches > 1 ? " Overlap, which shortens the delay, is in the table." : ""
        return Figure(
            "Delay of each cut, in parts",
            "Seconds of one round of \(decision.steps) steps. The line on a bar is the interval of the whole delay: the parts' "
                + "errors are correlated and have no intervals of their own.\(overlap)",
            StackedBars(
                x: axis, y: Axis("delay of a round", unit: "s"), names: names,
                bars: decision.cuts.map { cut in
                    .init(x: cut.cut, parts: parts(cut), lower: cut.delaySeconds.lower, upper: cut.delaySeconds.upper)
                }, markers: [chosen]), table)
    }

    /// `nil` without values of energy.
    private var energies: Figure? {
        let points = decision.cuts.compactMap { cut in
            cut.serverEnergyJoules.value.map {
                Series.Point(
                    Double(cut.cut), $0, lower: cut.serverEnergyJoules.lower, upper: cut.serverEnergyJoules.upper)
            }
        }
        guard !points.isEmpty else { return nil }
        var table = DataTable([
            .init("cut", field: "cuts[i].cut"), .init("energy", field: "cuts[i].server_energy_joules"),
            .init("origin", isText: true),
        ])
        for cut in decision.cuts {
            table.append([
                "\(cut.cut)", DataTable.cell(cut.serverEnergyJoules, "J"), cut.serverEnergyJoules.origin.rawValue,
            ])
        }
        return Figure(
            "Energy of each cut",
            "Joules that count in one round: account \(decision.energyAccount.rawValue), scope "
                + "\(decision.energyScope.rawValue).",
            Plot(
                x: axis, y: Axis("energy of a round", unit: "J"), series: [Series("energy", color: 2, .dots, points)],
                markers: [chosen]), table)
    }

    private var front: Figure? {
        guard decision.front.count > 1 else { return nil }
        var table = DataTable([
            .init("weight of delay", field: "front[i].weight"), .init("cut", field: "front[i].cut"),
            .init("delay", field: "front[i].delay_seconds"), .init("energy", field: "front[i].server_energy_joules"),
            .init("frequency", field: "front[i].frequency_hertz"),
        ])
        for point in decision.front {
            table.append([
                NumberText.significant(point.weight), "\(point.cut)", NumberText.si(point.delaySeconds, "s"),
                NumberText.si(point.serverEnergyJoules, "J"), DataTable.cell(point.frequencyHertz, "Hz"),
            ])
        }
        let points = decision.front.map { Series.Point($0.delaySeconds, $0.serverEnergyJoules) }
        let chosen = decision.cuts.first { $0.cut == decision.choice.cut }.flatMap { cut in
            cut.delaySeconds.value.flatMap { delay in
                cut.serverEnergyJoules.value.map { [Series.Point(delay, $0)] }
            }
        }
        return Figure(
            "Pareto front of delay and energy",
            "The choices as the weight of delay goes from 0 to 1. No other choice has less of both.",
            Plot(
                x: Axis("delay of a round", unit: "s", includesZero: false),
                y: Axis("energy of a round", unit: "J", includesZero: false),
                series: [
                    Series("", color: 7, .dashes, points), Series("other weights", color: 0, .dots, points),
                    Series("the choice", color: 1, .squares, chosen ?? []),
                ]), table)
    }

    private var levels: Figure? {
        var table = DataTable([
            .init("level", field: "levels[i].level", isText: true), .init("cut", field: "levels[i].cut"),
            .init("frequency", field: "levels[i].frequency_hertz"), .init("delay", field: "levels[i].delay_seconds"),
            .init("energy", field: "levels[i].server_energy_joules"), .init("regret", field: "levels[i].regret_ratio"),
            .init("", isText: true),
        ])
        let bars = decision.levels.map { choice -> NamedBars.Bar in
            let reason = choice.unavailable ?? choice.obstacle.map { "not possible: \($0)" } ?? ""
            table.append([
                "\(choice.level.rawValue): \(choice.level.summary)", choice.cut.map(String.init) ?? "n/a",
                DataTable.cell(choice.frequencyHertz, "Hz"), DataTable.cell(choice.delaySeconds, "s"),
                DataTable.cell(choice.serverEnergyJoules, "J"), DataTable.percent(choice.regretRatio), reason,
            ])
            let cut = choice.cut.map { "cut \($0), " } ?? ""
            return NamedBars.Bar(
                name: "\(choice.level.rawValue): \(choice.level.summary)", value: choice.regretRatio,
                text: reason.isEmpty ? cut + DataTable.percent(choice.regretRatio) : reason.prefix(40).description)
        }
        guard bars.contains(where: { $0.value != nil }) else { return nil }
        return Figure(
            "Regret of each model level",
            "What deciding by less of the calibration would cost: (cost of that level's choice - least cost) / least cost, both "
                + "by level E.",
            NamedBars(axis: Axis("regret", isRatio: true), bars: bars), table)
    }

    private var assumptions: Figure? {
        var table = DataTable([
            .init("assumption of the paper", field: "findings[i].statement", isText: true),
            .init("deviation", field: "findings[i].deviation"),
            .init("verdict", field: "findings[i].verdict", isText: true),
            .init("cut if assumed", field: "findings[i].assumed_cut"),
            .init("regret", field: "findings[i].regret_ratio"), .init("", isText: true),
        ])
        let bars = decision.findings.map { finding -> NamedBars.Bar in
            table.append([
                finding.statement, DataTable.percent(finding.deviation), finding.verdict.rawValue,
                finding.assumedCut.map(String.init) ?? "n/a", DataTable.percent(finding.regretRatio),
                finding.obstacle.map { "not possible: \($0)" } ?? finding.deviation.reason ?? "",
            ])
            return NamedBars.Bar(
                name: finding.assumption.words,
                value: finding.regretRatio,
                text: "\(finding.verdict.rawValue), \(DataTable.percent(finding.regretRatio))",
                color: finding.verdict == .fails ? 1 : 0)
        }
        guard bars.contains(where: { $0.value != nil }) else { return nil }
        return Figure(
            "Regret of each of the paper's assumptions",
            "What assuming it would cost, all else as measured. The word beside a bar says whether the boxes keep the "
                + "assumption: it holds, fails, is open, or was not tested. The equations are a reconstruction of the paper's.",
            NamedBars(axis: Axis("regret", isRatio: true), bars: bars), table)
    }

    /// What to measure next.
    private var measurements: Figure? {
        guard let confidence = decision.confidence,
            confidence.measurements.contains(where: { $0.regretReduction > 0 })
        else { return nil }
        var table = DataTable([
            .init("measurement", field: "confidence.measurements[i].measurement", isText: true),
            .init("regret it would remove", field: "confidence.measurements[i].regret_reduction"),
        ])
        let bars = confidence.measurements.map { value -> NamedBars.Bar in
            let text = NumberText.significant(value.regretReduction, digits: 2)
            table.append([value.measurement.advice, text])
            return NamedBars.Bar(name: value.measurement.advice, value: value.regretReduction, text: text)
        }
        return Figure(
            "What would make the decision surer",
            "By how much an exact value of each measurement would lower the expected regret, in units of the cost U.",
            NamedBars(axis: Axis("regret"), bars: bars), table)
    }
}
