import CARD
import Quantities
import SystemIO

extension Decision {
    /// The decision as a reader sees it: all cuts with delay, its parts, energy and cost; the choice; the baselines.
    ///
    /// The first line says `SIMULATED` when any figure is.
    package var report: String {
        var text = simulatedLine(isSimulated)
        text +=
            "CARD level \(level.rawValue) for \(PlainText.shown(modelName)): device \(PlainText.shown(device.cpuModel)), "
        text += "server \(PlainText.shown(server.cpuModel))\n"
        text += "up \(NumberText.si(link.uplinkBitsPerSecond, "bit/s")), "
        text += "down \(NumberText.si(link.downlinkBitsPerSecond, "bit/s")), "
        text += "round trip \(NumberText.si(link.roundTripSeconds, "s")) "
        text +=
            "(\(link.source.map { "\(link.origin.rawValue), \(PlainText.shown($0))" } ?? "declared, not measured")); "
        text += "weight of delay \(weight); \(steps) steps a round; figures are for one round\n\n"
        text += cutTable.text
        text += "\n" + choiceLine
        for baseline in baselines { text += baselineLine(baseline) }
        text += confidenceLines + "\n" + rungTable.text + "\n" + findingTable.text
        text += "\nThis rests on:\n" + assumptions.map { "- \(PlainText.shown($0))\n" }.joined()
        text += warnings.map { "warning: \(PlainText.shown($0))\n" }.joined()
        return text
    }

    private var isSimulated: Bool {
        let figures = cuts.flatMap { [$0.delaySeconds, $0.serverEnergyJoules, $0.frequencyHertz] }
        return device.virtualBoard != nil || server.virtualBoard != nil
            || (figures + [device.runningHertz, server.runningHertz]).contains { $0.origin == .simulated }
    }

    private var cutTable: TextTable {
        var table = TextTable(
            [.init("cut"), .init("delay", unit: "s")]
                + ["device", "uplink", "server", "downlink", "adapters", "latency"].map { .init($0, unit: "s") }
                + (microBatches > 1 ? [.init("overlap", unit: "s")] : [])
                + [.init("energy", unit: "J"), .init("clock", unit: "GHz"), .init("cost"), .init("", .left)])
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
        return cut == choice.cut ? "<- chosen" : choice.tiedCuts.contains(cut) ? "<- as good" : ""
    }

    /// The chosen cut, where each block runs, and what a round costs.
    var choiceLine: String {
        guard let chosen = cuts.first(where: { $0.cut == choice.cut }) else { return "" }
        let place =
            switch choice.kind {
            case .serverOnly: "everything on the server"
            case .deviceOnly: "everything on the device"
            case .split: "blocks 1 to \(choice.cut) on the device, the rest on the server"
            }
        let clock = chosen.frequencyHertz.value.map { ", server at \(NumberText.si($0, "Hz"))" } ?? ""
        return "choice: cut \(choice.cut) of \(blockCount) (\(place))\(choice.kind == .deviceOnly ? "" : clock): "
            + "delay \(figure(chosen.delaySeconds, "s")), server energy \(figure(chosen.serverEnergyJoules, "J"))\n"
    }

    private func baselineLine(_ baseline: Baseline) -> String {
        let name = baseline.kind == .serverOnly ? "server-only" : "device-only"
        func saving(_ percent: Double?) -> String {
            percent.map { ", the choice saves \(NumberText.fixed($0, digits: 1)) %" } ?? ""
        }
        return "\(name): delay \(figure(baseline.at.delaySeconds, "s"))\(saving(baseline.delaySavingPercent)); "
            + "server energy \(figure(baseline.at.serverEnergyJoules, "J"))\(saving(baseline.energySavingPercent)); "
            + "cost \(NumberText.fixed(baseline.at.cost, digits: 4))\n"
    }

    private func figure(_ quantity: Quantity, _ unit: String) -> String {
        "\(NumberText.si(quantity, unit)) [\(quantity.origin.rawValue)]"
    }

    func short(_ value: Double?) -> String { value.map { NumberText.significant($0, digits: 3) } ?? "n/a" }
}
