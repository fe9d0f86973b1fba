public import Calibration

extension Profile {
    /// The profile as a reader sees it at the end of a run: layers, kernels, whole step, closure, and what measuring
    /// itself cost. The first line says `SIMULATED` when any figure is.
    ///
    /// - Parameter calibration: what ``Calibrator`` makes of this profile alone.
    public func report(_ calibration: Calibration) -> String {
        simulatedLine(calibration.isSimulated) + calibration.heading("Profile") + samples + "\n"
            + calibration.layerTable.text + "\n" + kernelTable(calibration).text + "\n" + calibration.totals + harness
            + calibration.warningLines
    }

    private var samples: String {
        var text = "\(steps.count) plain and \(layerTimes.first?.seconds.count ?? 0) instrumented steps"
        text += ", \(energyWindows.count) energy windows, \(idleWindows.count) idle"
        return text + rejections.map { "; rejected \($0.count): \(printable($0.reason))" }.joined() + "\n"
    }

    /// Time of every kernel in a step, summed over layers; the largest first.
    private func kernelTable(_ calibration: Calibration) -> TextTable {
        var seconds: [String: (forward: Double, backward: Double)] = [:]
        for layer in calibration.layers {
            for (kernel, time) in layer.forward.kernelSeconds {
                seconds[kernel, default: (0, 0)].forward += time.value ?? 0
            }
            for (kernel, time) in layer.backward.kernelSeconds {
                seconds[kernel, default: (0, 0)].backward += time.value ?? 0
            }
        }
        let total = seconds.values.reduce(0) { $0 + $1.forward + $1.backward }
        var table = TextTable([.init("kernel", .left), .init("forward"), .init("backward"), .init("share of step")])
        let largestFirst = seconds.sorted {
            ($1.value.forward + $1.value.backward, $0.key) < ($0.value.forward + $0.value.backward, $1.key)
        }
        for (kernel, time) in largestFirst {
            table.append([
                kernel, time.forward > 0 ? NumberText.si(time.forward, "s") : "-",
                time.backward > 0 ? NumberText.si(time.backward, "s") : "-",
                NumberText.percent(total > 0 ? (time.forward + time.backward) / total : 0),
            ])
        }
        return table
    }

    private var harness: String {
        let step = steps.map(\.seconds).min() ?? 0
        let marks = Double(overhead.spansPerStep) * overhead.secondsPerSpan
        var text =
            "harness      \(overhead.spansPerStep) marks a step of \(NumberText.si(overhead.secondsPerSpan, "s"))"
        if step > 0 { text += ", \(NumberText.percent(marks / step)) of an instrumented step" }
        if let read = overhead.secondsPerMeterRead { text += "; one meter reading \(NumberText.si(read, "s"))" }
        return text + "\n"
    }
}
