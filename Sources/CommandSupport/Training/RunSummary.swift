import Quantities
import SplitTraining

extension SplitRun {
    /// A few lines for the terminal.
    package func summary(folder: String) -> String {
        let seconds = turns.flatMap(\.stepSeconds).sorted()
        var lines: [String] = []
        if let step = losses.firstIndex(where: { $0 == nil }) {
            lines.append(
                "DIVERGED: the loss is not a number from step \(step + 1) on, and the adapters are of no use; "
                    + "train with a smaller learning rate, or clip the gradients")
        }
        lines.append("trained \(losses.count) steps of \(model), \(cutText)")
        if let first = losses.first.flatMap(\.self), let last = losses.last.flatMap(\.self) {
            lines.append("loss \(Self.text(first)) at the first step, \(Self.text(last)) at the last")
        }
        if let before = validationLossBefore, let after = validationLossAfter {
            lines.append("held-out loss \(Self.text(before)) before, \(Self.text(after)) after")
        }
        if !seconds.isEmpty {
            lines.append("median step \(NumberText.si(seconds[seconds.count / 2], "s")), \(origin.rawValue)")
        }
        lines += costLines
        if let linkShape { lines.append("the link imitated \(linkShape)") }
        lines.append("adapters and run.json are in \(folder)")
        return lines.joined(separator: "\n")
    }

    private var cutText: String {
        let cuts = Set(turns.map(\.cut)).sorted()
        guard deviceMeter != nil else { return "in one process" }
        return cuts.count > 1
            ? "cuts \(cuts.map(String.init).joined(separator: ", "))" : "cut \(cut ?? cuts.first ?? 0)"
    }

    /// What a step took on either side, without the first turn's, which warms up.
    private var costLines: [String] {
        let costs = (turns.count > 1 ? turns.dropFirst() : turns[...]).compactMap(\.costs)
        let count = costs.reduce(0) { $0 + $1.device.steps.count }
        guard count > 0 else { return [] }
        func mean(_ value: (TurnCosts) -> Double) -> String {
            NumberText.si(costs.reduce(0) { $0 + value($1) } / Double(count), "s")
        }
        var lines = [
            "a step: device \(mean(\.deviceSeconds)), up \(mean(\.uplinkSeconds)), server \(mean(\.serverSeconds)), "
                + "down \(mean(\.downlinkSeconds)), rest \(mean(\.overheadSeconds))"
        ]
        for (name, meter, side) in [
            ("device", deviceMeter, costs.map(\.device)), ("server", serverMeter, costs.map(\.server)),
        ] {
            let joules = side.compactMap(\.computingJoules)
            if joules.count == side.count, let meter {
                let mean = NumberText.si(joules.reduce(0, +) / Double(count), "J")
                lines.append("the \(name)'s computing takes \(mean) a step, \(meter.origin.rawValue)")
            } else if let reason = side.compactMap(\.meterFailure).first ?? meter?.reason {
                lines.append("no energy of the \(name): \(reason)")
            }
        }
        return lines
    }

    private static func text(_ loss: Double) -> String { NumberText.fixed(loss, digits: 4) }
}
