import Calibration
import ProfileFormat
import Quantities
import SystemIO

extension Profile {
    /// The profile as text, at the end of a run: layers, kernels, whole step, closure and instrumentation overhead. The
    /// first line says `SIMULATED` when any value is simulated, and `DISTURBED` when too much was rejected.
    ///
    /// - Parameter calibration: the calibration of this profile alone.
    package func report(_ calibration: Calibration) -> String {
        simulatedLine(calibration.isSimulated, disturbances: disturbances, failures: checks?.failures ?? [])
            + calibration.heading("Profile") + samples + "\n"
            + calibration.layerTable.text + "\n" + KernelTable(calibration).text + calibration.totals
            + overheadLines
            + calibration.frequencyLines + calibration.warningLines
    }

    private var samples: String {
        var text = "\(steps.count) plain and \(layerTimes.first?.seconds.count ?? 0) instrumented steps"
        text += ", \(energyWindows.count) energy windows, \(idleWindows.count) idle"
        text += rejections.map { "; rejected \($0.count): \(PlainText.shown($0.reason))" }.joined() + "\n"
        // The first line has them otherwise.
        if let disturbances, !disturbances.isTooMuch, let processes = disturbances.processList {
            text += "other processes: \(processes)\n"
        }
        return text
    }

    private var overheadLines: String {
        var text = "instruments  \(overhead.spansPerStep) timestamps per step, "
        text += "\(NumberText.si(overhead.secondsPerSpan, "s")) each"
        if let seconds = overhead.secondsPerMeterRead {
            text += ", \(NumberText.fixed(overhead.samplesPerStep ?? 0, digits: 1)) meter reads, "
            text += "\(NumberText.si(seconds, "s")) each"
        }
        guard let checks else { return text + "\n" }
        if let computed = checks.computedOverheadRatio.value {
            text += ": \(NumberText.percent(computed, digits: 3)) of the fastest plain step"
        }
        text += "\n"
        text += "overhead     time \(NumberText.percent(checks.overheadTimeRatio)), energy "
        text += "\(NumberText.percent(checks.overheadEnergyRatio)), instrumentation on and off at random"
        if let sampling = meter.sampling {
            text += "; power sampling used \(NumberText.percent(sampling.processorShare)) of a CPU in all steps"
        }
        text += "\n"
        if let program = meter.program {
            text += "meter        \(PlainText.shown(meter.totalOf.joined(separator: " + "))), \(program.text)\n"
            text += "             \(program.counts); idle power changed by "
            text += "\(NumberText.percent(checks.idleDriftRatio)) over the run\n"
            if let ended = program.ended { text += "             stopped during the run: \(PlainText.shown(ended))\n" }
        } else if let updates = meter.updates {
            text += "counter      update interval \(NumberText.si(updates.medianSeconds, "s")), p1 "
            text += "\(NumberText.si(updates.percentile1Seconds, "s")), p99 "
            text += "\(NumberText.si(updates.percentile99Seconds, "s"))"
            if let unit = updates.resolutionJoules { text += ", resolution \(NumberText.si(unit, "J"))" }
            text += "; idle power changed by \(NumberText.percent(checks.idleDriftRatio)) over the run\n"
        }
        return text
    }
}
