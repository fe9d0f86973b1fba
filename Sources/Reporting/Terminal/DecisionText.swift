import CARD
import Quantities
import SystemIO

extension Decision {
    /// The decision as text: the headline, the choice and the baselines, then all cuts, levels and assumptions.
    package var report: String {
        var text = headline + "\n" + choiceLine
        for baseline in baselines { text += baselineLine(baseline) }
        text += confidenceLines + "\n" + settingLines + "\n" + cutTable.text + "\n" + levelTable.text + "\n"
        text += findingTable.text
        text += "\nAssumptions of level \(level.rawValue):\n"
        text += assumptions.map { "- \(PlainText.shown($0))\n" }.joined()
        return text + warnings.map { "warning: \(PlainText.shown($0))\n" }.joined()
    }

    /// The first line: whether the decision stands, and either the reasons why it does not or the choice and its
    /// confidence. It begins with `SIMULATED` when any value is simulated.
    package var headline: String {
        let isBoard = device.virtualBoard != nil || server.virtualBoard != nil
        let source = isBoard ? "energy or frequency from a virtual board" : "the link or a calibration"
        let prefix = isSimulated ? "SIMULATED (\(source)): " : ""
        if let verdict, !verdict.stands {
            return prefix + "THE DECISION DOES NOT STAND: "
                + PlainText.shown(verdict.reasons.joined(separator: " "), limit: 1000)
        }
        return prefix + "cut \(choice.cut) of \(blockCount), \(place); \(confidenceText)"
    }

    var isSimulated: Bool {
        let values = cuts.flatMap { [$0.delaySeconds, $0.serverEnergyJoules, $0.frequencyHertz] }
        return device.virtualBoard != nil || server.virtualBoard != nil
            || (values + [device.runningHertz, server.runningHertz]).contains { $0.origin == .simulated }
    }

    private var place: String {
        switch choice.kind {
        case .serverOnly: "everything on the server"
        case .deviceOnly: "everything on the device"
        case .split:
            choice.cut == 1
                ? "block 1 on the device, the rest on the server"
                : "blocks 1 to \(choice.cut) on the device, the rest on the server"
        }
    }

    /// The probability of the choice and the cuts that cannot be distinguished from it, both from the same samples.
    private var confidenceText: String {
        guard let confidence else { return "confidence unknown, since no value that affects the costs has an interval" }
        let text = "best with probability \(Self.probability(confidence.chosenProbability))"
        guard let cuts = confidence.indistinguishableCuts, !cuts.isEmpty else { return text }
        return text + "; not distinguishable from cut\(cuts.count == 1 ? "" : "s") \(Self.ranges(cuts))"
    }

    /// Ascending numbers with runs of three or more as a range: `0 to 3, 7, 8`.
    static func ranges(_ numbers: [Int]) -> String {
        var runs: [ClosedRange<Int>] = []
        for number in numbers {
            if let last = runs.last, last.upperBound + 1 == number {
                runs[runs.count - 1] = last.lowerBound...number
            } else {
                runs.append(number...number)
            }
        }
        return runs.flatMap { run in
            run.count > 2 ? ["\(run.lowerBound) to \(run.upperBound)"] : run.map(String.init)
        }.joined(separator: ", ")
    }

    /// A probability that is not certain is not shown as 100 %.
    static func probability(_ value: Double) -> String {
        value < 1 && value >= 0.995 ? "more than 99 %" : NumberText.percent(value, digits: 0)
    }

    /// The chosen cut, where each block runs, and what a round costs.
    var choiceLine: String {
        guard let chosen = cuts.first(where: { $0.cut == choice.cut }) else { return "" }
        let frequency = chosen.frequencyHertz.value.map { ", server at \(NumberText.si($0, "Hz"))" } ?? ""
        return "choice: cut \(choice.cut) of \(blockCount) (\(place))\(choice.kind == .deviceOnly ? "" : frequency): "
            + "delay \(text(chosen.delaySeconds, "s")), server energy \(text(chosen.serverEnergyJoules, "J"))\n"
    }

    private func baselineLine(_ baseline: Baseline) -> String {
        let name = baseline.kind == .serverOnly ? "server-only" : "device-only"
        func saving(_ percent: Double?) -> String {
            percent.map { ", the choice saves \(NumberText.fixed($0, digits: 1)) %" } ?? ""
        }
        return "\(name): delay \(text(baseline.at.delaySeconds, "s"))\(saving(baseline.delaySavingPercent)); "
            + "server energy \(text(baseline.at.serverEnergyJoules, "J"))\(saving(baseline.energySavingPercent)); "
            + "cost \(NumberText.fixed(baseline.at.cost, digits: 4))\n"
    }

    /// How probable the choice and its rivals are, and the measurement that would help most; empty without intervals.
    var confidenceLines: String {
        guard let confidence else { return "" }
        let rivals = confidence.cuts.filter { $0.cut != choice.cut && $0.probability >= 0.005 }
            .sorted { $0.probability > $1.probability }.prefix(3)
            .map { "cut \($0.cut) \(NumberText.percent($0.probability, digits: 0))" }
        var text = "confidence: cut \(choice.cut) \(Self.probability(confidence.chosenProbability))"
        text += rivals.map { ", " + $0 }.joined()
        text += "; expected regret \(NumberText.significant(confidence.expectedRegret, digits: 2)) of cost\n"
        if let first = confidence.measurements.first, first.regretReduction > 0 {
            let share = first.regretReduction / confidence.expectedRegret
            text += "to increase confidence: \(first.measurement.advice), which would remove up to "
            text += "\(NumberText.percent(min(share, 1), digits: 0)) of the expected regret\n"
        }
        return text
    }

    var settingLines: String {
        var text = "CARD level \(level.rawValue) for \(PlainText.shown(modelName)): "
        text += "device \(PlainText.name(device.cpuModel)), server \(PlainText.name(server.cpuModel))\n"
        text += link.line + "; "
        let of =
            task == .inference
            ? "\(steps) \(steps == 1 ? "request" : "requests") of inference; values are of all"
            : "\(steps) steps per round; values are per round"
        return text + "weight of delay \(weight); \(of)\n"
    }

    private func text(_ quantity: Quantity, _ unit: String) -> String {
        "\(NumberText.si(quantity, unit)) [\(quantity.origin.rawValue)]"
    }
}

/// Tables of a decision.
extension Decision {
    private var cutTable: TextTable {
        var table = TextTable(
            [.init("cut"), .init("delay", unit: "s")]
                + ["device", "uplink", "server", "downlink", "adapters", "latency"].map { .init($0, unit: "s") }
                + (microBatches > 1 ? [.init("overlap", unit: "s")] : [])
                + [.init("energy", unit: "J"), .init("frequency", unit: "GHz"), .init("cost"), .init("", .left)])
        for row in cuts {
            let parts = row.delayParts
            let seconds: [Double?] =
                [
                    row.delaySeconds.value, parts.deviceSeconds, parts.uplinkSeconds, parts.serverSeconds,
                    parts.downlinkSeconds, parts.adapterSeconds, parts.latencySeconds,
                ] + (microBatches > 1 ? [parts.overlapSeconds.map(-)] : [])
            table.append(
                ["\(row.cut)"] + seconds.map(short) + [
                    short(row.serverEnergyJoules.value),
                    parts.serverSeconds > 0 ? short(row.frequencyHertz.value.map { $0 * 1e-9 }) : "-",
                    NumberText.fixed(row.cost, digits: 4), mark(row.cut),
                ])
        }
        return table
    }

    private func mark(_ cut: Int) -> String {
        if let exclusion = cuts.first(where: { $0.cut == cut })?.exclusion { return "not allowed: \(exclusion)" }
        return cut == choice.cut ? "<- chosen" : choice.tiedCuts.contains(cut) ? "<- equal cost" : ""
    }

    private var levelTable: TextTable {
        var table = TextTable([
            .init("level"), .init("adds", .left), .init("cut"), .init("frequency", unit: "GHz"),
            .init("delay", unit: "s"), .init("energy", unit: "J"), .init("regret"), .init("", .left),
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

    private var findingTable: TextTable {
        var table = TextTable([
            .init("assumption", .left), .init("deviation"), .init("verdict", .left), .init("cut if assumed"),
            .init("regret"), .init("", .left),
        ])
        for finding in findings {
            let note = finding.obstacle.map { "not possible: \($0)" } ?? finding.deviation.reason ?? ""
            table.append([
                finding.statement, NumberText.percent(finding.deviation), finding.verdict.rawValue,
                finding.assumedCut.map { "\($0)\(finding.changesDecision == true ? " *" : "")" } ?? "-",
                regret(finding.regret, finding.regretRatio), PlainText.shown(note, limit: 100),
            ])
        }
        return table
    }

    /// Relative to the cost of the best, or in the unit of the cost where the best has none.
    private func regret(_ regret: Double?, _ ratio: Double?) -> String {
        guard let regret else { return "-" }
        return ratio.map { NumberText.percent($0) } ?? NumberText.fixed(regret, digits: 4)
    }

    private func short(_ value: Double?) -> String {
        value.map { NumberText.significant($0, digits: 3) } ?? "n/a"
    }
}
