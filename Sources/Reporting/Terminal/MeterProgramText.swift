import ProfileFormat
import Quantities
import SystemIO

extension MeterProgramDescription {
    /// The meter, its delay and what its windows need, in one line.
    var text: String {
        var text = "\(reports.rawValue) of \(PlainText.name(meter))"
        if let delay = delaySeconds.value { text += ", \(NumberText.si(delay, "s")) late" }
        if let lower = delaySeconds.lower, let upper = delaySeconds.upper {
            text += " (\(NumberText.si(lower, "s")) to \(NumberText.si(upper, "s")))"
        }
        if let averagingSeconds { text += ", averaged over \(NumberText.si(averagingSeconds, "s"))" }
        return text + ", windows of at least \(NumberText.si(minimumWindowSeconds, "s"))"
    }

    /// Samples and what was wrong with others: `118 samples, 3 missing`.
    var counts: String {
        let flaws = [
            (missing, "missing"), (repeated, "repeated"), (backward, "backward in time"),
            (refusedLines, "lines refused"),
        ]
        return (["\(samples) samples"] + flaws.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }).joined(separator: ", ")
    }
}
