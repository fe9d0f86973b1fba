import ProfileFormat
import Quantities
import SystemIO

extension MeterDescription {
    /// The meter that was used and how finely it tells, in one line.
    var text: String {
        var text = PlainText.shown(name ?? "none") + ": " + PlainText.shown(totalOf.joined(separator: " + "))
        if let interval = updateIntervalSeconds.value { text += ", renewed every \(NumberText.si(interval, "s"))" }
        if let step = resolutionJoules?.value { text += ", in steps of \(NumberText.si(step, "J")) and more" }
        if let sampling {
            text += ", power sampled every \(NumberText.si(sampling.intervalSeconds, "s")) at the cost of "
            text += "\(NumberText.percent(sampling.processorShare)) of a processor"
        }
        return text
    }
}
