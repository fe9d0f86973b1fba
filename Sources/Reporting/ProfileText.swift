public import Calibration

extension Profile {
    /// The profile as a reader sees it at the end of a run: layers, kernels, whole step, closure, and what measuring
    /// itself cost. The first line says `SIMULATED` when any figure is.
    ///
    /// - Parameter calibration: what ``Calibrator`` makes of this profile alone.
    public func report(_ calibration: Calibration) -> String {
        simulatedLine(calibration.isSimulated) + calibration.heading("Profile") + samples + "\n"
            + calibration.layerTable.text + "\n" + KernelTable(calibration).text + "\n" + calibration.totals + harness
            + calibration.clockLines + calibration.warningLines
    }

    private var samples: String {
        var text = "\(steps.count) plain and \(layerTimes.first?.seconds.count ?? 0) instrumented steps"
        text += ", \(energyWindows.count) energy windows, \(idleWindows.count) idle"
        return text + rejections.map { "; rejected \($0.count): \(PlainText.shown($0.reason))" }.joined() + "\n"
    }

    private var harness: String {
        let step = steps.map(\.seconds).min() ?? 0
        let marks = Double(overhead.spansPerStep) * overhead.secondsPerSpan
        var text =
            "harness      \(overhead.spansPerStep) marks a step of \(NumberText.si(overhead.secondsPerSpan, "s"))"
        if step > 0 { text += ", \(NumberText.percent(marks / step)) of the fastest plain step" }
        if let read = overhead.secondsPerMeterRead { text += "; one meter reading \(NumberText.si(read, "s"))" }
        return text + "\n"
    }
}
