import ProfileFormat
import Quantities
import SelfTest
import SystemIO

extension EstimatorReport {
    /// The report as text.
    package var text: String {
        let updates = counter.updates
        var text = "SIMULATED: virtual time, known power, replayed update intervals\n"
        text += "counter   \(PlainText.shown(counter.file)), column \(PlainText.shown(counter.column)): "
        text += "\(updates.count) intervals, median \(si(updates.medianSeconds, "s")), p1 "
        text += "\(si(updates.percentile1Seconds, "s")), p99 \(si(updates.percentile99Seconds, "s")), "
        text += "maximum \(si(updates.longestSeconds, "s")), resolution \(si(groundTruth.resolutionJoules, "J"))"
        text += counter.skippedRows > 0 ? "; \(counter.skippedRows) rows without an interval skipped\n" : "\n"
        text += "truth     a layer of \(si(groundTruth.layerSeconds, "s")) at \(si(groundTruth.layerWatts, "W")), idle "
        text += "\(si(groundTruth.idleWatts, "W")), spread \(NumberText.percent(groundTruth.jitter))\(disturbances)\n"
        text += "trials    \(settings.trials) with a budget of \(si(settings.budgetSeconds, "s")); time needed: median "
        text += "\(si(medianSecondsNeeded, "s")), p95 \(si(percentile95SecondsNeeded, "s")), "
        text += "\(NumberText.significant(medianWindows)) windows\n"
        text += line("gross", gross) + line("net  ", net)
        text += rejections.map { "rejected  \($0.count) x \(PlainText.shown($0.reason))\n" }.joined()
        text += refusals.map { "refused   \($0.count) trials: \(PlainText.shown($0.reason))\n" }.joined()
        text += "verdict   \(verdict.rawValue)"
        return text + (findings.isEmpty ? "\n" : ": " + findings.joined(separator: "; ") + "\n")
    }

    private var disturbances: String {
        var parts: [String] = []
        if groundTruth.idleDrift != 0 { parts.append("idle power rising \(NumberText.percent(groundTruth.idleDrift))") }
        let throttled = groundTruth.throttledShare
        if throttled > 0 { parts.append("\(NumberText.percent(throttled)) throttled") }
        if let wrap = groundTruth.wrapSeconds { parts.append("a wrap every \(si(wrap, "s"))") }
        return parts.map { ", " + $0 }.joined()
    }

    private func line(_ name: String, _ result: Result) -> String {
        guard let error = result.medianAbsoluteError, let bias = result.bias, let coverage = result.coverage else {
            return "\(name)     no estimate in any trial\n"
        }
        var text =
            "\(name)     \(si(result.truthJoules, "J")): median error \(NumberText.percent(error, digits: 3)), bias "
        text += "\(NumberText.percent(bias, digits: 4))"
        if let own = result.biasStandardError { text += " ± \(NumberText.percent(own, digits: 4)) (standard error)" }
        text +=
            ", coverage \(NumberText.percent(coverage)) (nominal \(NumberText.percent(settings.confidence, digits: 0)))"
        return text + (result.answered < settings.trials ? " in \(result.answered) trials\n" : "\n")
    }

    private func si(_ value: Double, _ unit: String) -> String { NumberText.si(value, unit) }
}
