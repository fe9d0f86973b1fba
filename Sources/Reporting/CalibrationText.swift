import Calibration
import ModelFiles
import ProfileFormat
import Quantities
import SystemIO
import Workload

extension Calibration {
    /// The calibration as a reader sees it: box, model, layers, whole step, closure, warnings.
    ///
    /// The first line says `SIMULATED` when any figure is.
    package var report: String {
        simulatedLine(isSimulated) + heading("Calibration")
            + "from \(provenance.count == 1 ? "1 profile" : "\(provenance.count) profiles")\n\n"
            + layerTable.text + "\n" + totals + clockLines + warningLines
    }

    /// What was calibrated or profiled, and where.
    func heading(_ title: String) -> String {
        var text = "\(title) of \(PlainText.shown(model.name)) on \(PlainText.shown(box.cpuModel))"
        text +=
            " (\(workload.threads == 1 ? "1 thread" : "\(workload.threads) threads"), \(PlainText.shown(box.engine.name)) \(PlainText.shown(box.engine.version)))\n"
        text += "batch \(workload.batch), sequence \(workload.sequence), LoRA rank \(workload.loraRank) on "
        text += "\(workload.loraTargetNames), \(workload.dtype.rawValue), "
        return text + "weights \(model.weightsKind.rawValue) \(PlainText.shown(model.weightsOrigin))\n"
    }

    /// The whole step, the idle box and how well the parts add up.
    var totals: String {
        var text = "whole step   \(line(step.timeSeconds, "s"))\n"
        if meter.origin == .unavailable {
            text += "energy       unavailable: \(PlainText.shown(meter.reason ?? "no energy meter"))\n"
        } else {
            text += "gross energy \(line(step.grossEnergyJoules, "J"))\n"
            text += "net energy   \(line(step.netEnergyJoules, "J"))\n"
            text += "gross power  \(line(step.grossPowerWatts, "W"))\n"
            text += "idle power   \(line(idlePowerWatts, "W"))\n"
            text += "meter        \(meter.text)\n" + besideLines
        }
        text += "closure      time \(NumberText.percent(closure.timeRatio))"
        text += ", gross energy \(NumberText.percent(closure.grossEnergyRatio))"
        if let net = closure.netEnergyRatio { text += ", net energy \(NumberText.percent(net))" }
        text += "\n"
        guard let attribution else { return text }
        text += "in situ      \(line(attribution.inSituEnergyJoules, "J")), looped "
        text += "\(NumberText.si(attribution.loopedEnergyJoules, "J")): differs by "
        return text + "\(NumberText.percent(attribution.differenceRatio))\n"
    }

    /// What stands beside the total, and what could not be read.
    private var besideLines: String {
        (externalPower ?? []).map { power in
            "external       \(PlainText.shown(power.name)): "
                + "\(line(power.stepPowerWatts, "W")) in steps, \(line(power.idlePowerWatts, "W")) idle, not in the total\n"
        }.joined()
            + meter.domains.map { domain in
                guard case .unreadable(let reason) = domain.role else { return "" }
                return "not read     \(PlainText.shown(domain.identifier)): \(PlainText.shown(reason))\n"
            }.joined()
    }

    var warningLines: String { warnings.map { "warning: \(PlainText.shown($0))\n" }.joined() }

    var isSimulated: Bool {
        box.virtualBoard != nil || meter.origin == .simulated
            || [frequency.runningHertz, frequency.maximumHertz, rated.powerWatts].contains { $0.origin == .simulated }
    }

    var layerTable: TextTable {
        var table = TextTable([
            .init("layer", .left), .init("forward"), .init("backward"), .init("gross energy"), .init("net energy"),
            .init("energy origin", .left),
        ])
        for layer in layers {
            let passes = [layer.forward, layer.backward]
            let energies = passes.flatMap { [$0.grossEnergyJoules, $0.netEnergyJoules] }
            table.append([
                layer.description.kind == .block ? "block \(layer.description.index)" : layer.description.kind.rawValue,
                time(layer.forward.timeSeconds), time(layer.backward.timeSeconds),
                sum(passes.map(\.grossEnergyJoules)), sum(passes.map(\.netEnergyJoules)),
                Origin.weakest(energies.map(\.origin)).rawValue,
            ])
        }
        return table
    }

    /// A pass without work, as the frozen embedding's backward, took no time that was measured as zero.
    private func time(_ quantity: Quantity) -> String {
        quantity.value == 0 ? "-" : NumberText.si(quantity, "s")
    }

    /// Forward and backward together; `n/a` when one is not known.
    private func sum(_ quantities: [Quantity]) -> String {
        let values = quantities.compactMap(\.value)
        return values.count == quantities.count ? NumberText.si(values.reduce(0, +), "J") : "n/a"
    }

    private func line(_ quantity: Quantity, _ unit: String) -> String {
        let reason = quantity.value == nil ? ": " + PlainText.shown(quantity.reason ?? "") : ""
        return "\(NumberText.si(quantity, unit)) [\(quantity.origin.rawValue)]\(reason)"
    }
}

/// The first line of a report: that figures are simulated, and which parts do not make up their whole; nothing when
/// neither is so.
func simulatedLine(_ isSimulated: Bool, failures: [String] = []) -> String {
    var parts: [String] = []
    if isSimulated { parts.append("SIMULATED: energy and clock below come from a virtual board, not from this box") }
    if !failures.isEmpty {
        parts.append("CLOSURE FAILS: " + PlainText.shown(failures.joined(separator: "; "), limit: 400))
    }
    return parts.isEmpty ? "" : parts.joined(separator: "; ") + "\n"
}
