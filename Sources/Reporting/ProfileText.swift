import Calibration
import ProfileFormat
import Quantities
import SystemIO

extension Profile {
    /// The profile as a reader sees it at the end of a run: layers, kernels, whole step, closure, and what measuring
    /// itself cost. The first line says `SIMULATED` when any figure is.
    ///
    /// - Parameter calibration: what ``Calibrator`` makes of this profile alone.
    package func report(_ calibration: Calibration) -> String {
        simulatedLine(calibration.isSimulated, failures: checks?.failures ?? []) + calibration.heading("Profile")
            + samples + "\n"
            + calibration.layerTable.text + "\n" + KernelTable(calibration).text + "\n" + calibration.totals + harness
            + calibration.clockLines + calibration.warningLines
    }

    private var samples: String {
        var text = "\(steps.count) plain and \(layerTimes.first?.seconds.count ?? 0) instrumented steps"
        text += ", \(energyWindows.count) energy windows, \(idleWindows.count) idle"
        return text + rejections.map { "; rejected \($0.count): \(PlainText.shown($0.reason))" }.joined() + "\n"
    }

    private var harness: String {
        var text =
            "harness      \(overhead.spansPerStep) marks a step of \(NumberText.si(overhead.secondsPerSpan, "s"))"
        if let look = overhead.secondsPerMeterRead {
            text +=
                ", \(NumberText.fixed(overhead.samplesPerStep ?? 0, digits: 1)) looks at the meter of \(NumberText.si(look, "s"))"
        }
        guard let checks else { return text + "\n" }
        if let counted = checks.computedOverheadRatio.value {
            text += ": \(NumberText.percent(counted, digits: 3)) of the fastest plain step"
        }
        text += "\n"
        text += "own cost     time \(NumberText.percent(checks.overheadTimeRatio)), energy "
        text += "\(NumberText.percent(checks.overheadEnergyRatio)), from steps with instruments on by turns"
        if let sampling = meter.sampling {
            text += "; in all of them sampling took \(NumberText.percent(sampling.processorShare)) of a processor"
        }
        text += "\n"
        if let updates = meter.updates {
            text += "counter      updated every \(NumberText.si(updates.medianSeconds, "s")), 1 to 99 of 100 within "
            text += "\(NumberText.si(updates.percentile1Seconds, "s")) to "
            text += "\(NumberText.si(updates.percentile99Seconds, "s"))"
            if let unit = updates.resolutionJoules { text += ", in units of \(NumberText.si(unit, "J"))" }
            text += "; idle power changed by \(NumberText.percent(checks.idleDriftRatio)) over the run\n"
        }
        return text
    }
}
