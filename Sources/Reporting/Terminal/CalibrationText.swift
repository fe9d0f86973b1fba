import Calibration
import ModelFiles
import ProfileFormat
import Quantities
import SystemIO
import Workload

extension Calibration {
    /// The calibration as text: box, model, layers, whole step, closure, warnings.
    ///
    /// The first line says `SIMULATED` when any value is simulated.
    package var report: String {
        simulatedLine(isSimulated) + heading("Calibration")
            + "from \(provenance.count == 1 ? "1 profile" : "\(provenance.count) profiles")\(workloadText)\n\n"
            + layerTable.text + "\n" + poolingLines + totals + frequencyLines + warningLines
    }

    /// The measured workloads, and whether the calibration's own is one of them; empty for a calibration of one.
    private var workloadText: String {
        guard let measuredWorkloads else { return "" }
        return " of \(measuredWorkloads); this workload was "
            + (interpolatedFrom.map { "not measured: interpolated between \($0) [modelled]" } ?? "measured")
            + leaveOneOutText
    }

    /// How far off the whole step is where a measured workload is left out; empty with two workloads on each axis.
    private var leaveOneOutText: String {
        let errors = (workloadLaws?.step.leaveOneOutRatio ?? []).compactMap(\.value).map(abs)
        guard let largest = errors.max() else { return "" }
        return "; leaving one out, its step is off by up to \(NumberText.percent(largest))"
    }

    /// Model, box and workload.
    func heading(_ title: String) -> String {
        var text = "\(title) of \(PlainText.shown(model.name)) on \(PlainText.name(box.cpuModel))"
        text += " (\(workload.threads == 1 ? "1 thread" : "\(workload.threads) threads"), "
        text += "\(PlainText.shown(box.engine.name)) \(PlainText.shown(box.engine.version)))\n"
        text += "batch \(workload.batch), sequence \(workload.sequence), \(workload.stepText), "
        return text + "weights \(model.weightsKind.rawValue) \(PlainText.shown(model.weightsOrigin))\n"
    }

    /// The whole step, idle power and closure.
    var totals: String {
        var text = "whole step   \(line(step.timeSeconds, "s"))\n"
        if meter.origin == .unavailable {
            text += "energy       unavailable: \(PlainText.shown(meter.reason ?? "no energy meter"))\n"
        } else {
            text += "gross energy \(line(step.grossEnergyJoules, "J"))\n"
            text += "net energy   \(line(step.netEnergyJoules, "J"))\n"
            text += "gross power  \(line(step.grossPowerWatts, "W"))\n"
            text += "idle power   \(line(idlePowerWatts, "W"))\n"
            text += "meter        \(meter.text)\n" + externalLines
            // A power model is declared in a warning.
            if meter.origin != .modelled, let reason = meter.reason {
                text += "             \(PlainText.shown(reason))\n"
            }
        }
        text += "closure      time \(NumberText.percent(closure.timeRatio))"
        text += ", gross energy \(NumberText.percent(closure.grossEnergyRatio))"
        if let net = closure.netEnergyRatio { text += ", net energy \(NumberText.percent(net))" }
        text += "\n"
        guard let attribution else { return text }
        text += "in situ      \(line(attribution.inSituEnergyJoules, "J")), looped "
        text += "\(NumberText.si(attribution.loopedEnergyJoules, "J")), difference "
        return text + "\(NumberText.percent(attribution.differenceRatio))\n"
    }

    /// Domains outside the total, and domains that could not be read.
    private var externalLines: String {
        (externalPower ?? []).map { power in
            "external     \(PlainText.shown(power.name)): "
                + "\(line(power.stepPowerWatts, "W")) in steps, \(line(power.idlePowerWatts, "W")) idle, "
                + "not in the total\n"
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

    /// `-` for a pass without work, such as the frozen embedding's backward pass.
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

/// The first line of a report where values are simulated, too much was disturbed, or a closure fails; else nothing.
func simulatedLine(_ isSimulated: Bool, disturbances: Disturbances? = nil, failures: [String] = []) -> String {
    var parts: [String] = []
    if isSimulated {
        parts.append("SIMULATED: energy and frequency below come from a virtual board, not from this box")
    }
    if let disturbances, disturbances.isTooMuch {
        parts.append("DISTURBED: " + disturbances.summary + "; what remains may be too long")
    }
    if !failures.isEmpty {
        parts.append("CLOSURE FAILS: " + PlainText.shown(failures.joined(separator: "; "), limit: 400))
    }
    return parts.isEmpty ? "" : parts.joined(separator: "; ") + "\n"
}

extension Calibration {
    /// Time and power as functions of the frequency, compared with the paper's forms; empty without a sweep.
    var frequencyLines: String {
        let groups = (frequencyGroups ?? []).map { group in
            lines(
                of: group.laws,
                "\(PlainText.shown(group.group.name)) only, "
                    + "\(group.group.threads == 1 ? "1 thread" : "\(group.group.threads) threads"): ")
        }
        return (frequencyLaws.map { lines(of: $0, "") } ?? "") + groups.joined()
    }

    private func lines(of laws: FrequencyCalibration, _ place: String) -> String {
        let low = NumberText.si(laws.stepsHertz.first ?? 0, "Hz")
        let high = NumberText.si(laws.stepsHertz.last ?? 0, "Hz")
        var text = "frequency    \(place)\(laws.stepsHertz.count) steps, \(low) to \(high)\n"
        let time = laws.stepTime
        text += "step time    a + b/f: a \(NumberText.si(time.fixedSeconds, "s")), "
        text += "b \(NumberText.si(time.cycles, "cycles")), residuals up to \(NumberText.percent(time.maximumResidual))"
        text += "; of b/f alone up to \(NumberText.percent(laws.inverseFrequencyResidual)) "
        text += "[\(Origin.weakest([time.fixedSeconds.origin, time.cycles.origin]).rawValue)]\n"
        if let power = laws.grossPower {
            text += powerLine("gross power", power)
            if let cubic = laws.cubicPowerResidual {
                text += "             residuals of k f^3 alone up to \(NumberText.percent(cubic))\n"
            }
        }
        return text + (laws.netPower.map { powerLine("net power", $0) } ?? "")
    }

    private func powerLine(_ name: String, _ law: PowerLaw) -> String {
        let exponent = law.exponent.value.map { NumberText.fixed($0, digits: 2) } ?? "n/a"
        let bounds = law.exponent.lower.flatMap { lower in
            law.exponent.upper.map { " (\(NumberText.fixed(lower, digits: 2)) to \(NumberText.fixed($0, digits: 2)))" }
        }
        return name + String(repeating: " ", count: max(1, 13 - name.count))
            + "P0 + k (f/fmax)^alpha: P0 \(NumberText.si(law.staticWatts, "W")), "
            + "k \(NumberText.si(law.dynamicWatts, "W")), alpha \(exponent)\(bounds ?? ""), "
            + "residuals up to \(NumberText.percent(law.maximumResidual)) [\(law.exponent.origin.rawValue)]\n"
    }
}

extension MeterDescription {
    /// The meter and its resolution, in one line.
    var text: String {
        var text = PlainText.shown(name ?? "none") + ": " + PlainText.shown(totalOf.joined(separator: " + "))
        if let interval = updateIntervalSeconds.value { text += ", update interval \(NumberText.si(interval, "s"))" }
        if let step = resolutionJoules?.value { text += ", resolution \(NumberText.si(step, "J"))" }
        if let sampling {
            text += ", power sampled every \(NumberText.si(sampling.intervalSeconds, "s")), using "
            text += "\(NumberText.percent(sampling.processorShare)) of a CPU"
        }
        if let program { text += ", " + program.text }
        return text
    }
}
