import ProfileFormat
import Quantities
import SystemIO

/// The visits of a frequency sweep over time.
///
/// Older files have times within a visit alone. Their visits follow the run and each other, as they did.
struct SweepSlices {
    private(set) var visits: [Trace.Slice] = []
    private(set) var runs: [RunSlices] = []
    private(set) var setHertz: [Trace.Counter.Value] = []
    private(set) var unplacedVisits = 0
    let placement: Trace.Placement

    /// - Parameter end: of the run before the sweep, in nanoseconds.
    init(_ profile: Profile, from end: Int64) {
        let all = profile.frequencySweep?.visits ?? []
        placement = all.allSatisfy { $0.startSeconds != nil } ? .placed : .laidOut
        var endToEnd = EndToEnd(from: end)
        for visit in all {
            let placed = placement == .placed ? visit.startSeconds.flatMap(TraceLayout.nanoseconds) : nil
            var samples = profile.replacing(samplesBy: visit)
            (samples.instrumentedSteps, samples.stepTraces) = (nil, nil)
            let run = RunSlices(samples, from: placed ?? endToEnd.position)
            guard placed != nil || endToEnd.next(run.end - run.start) != nil else {
                unplacedVisits += 1
                continue
            }
            runs.append(run)
            setHertz.append(Trace.Counter.Value(time: run.start, value: visit.hertz))
            visits.append(
                Trace.Slice(
                    name: visit.name, category: .visit, start: run.start,
                    duration: (placed == nil ? run.end : run.placedEnd) - run.start, annotations: visit.annotations))
        }
    }
}

extension FrequencyVisit {
    /// `2.60 GHz`, with the kind of core where one was swept alone.
    fileprivate var name: String {
        NumberText.si(hertz, "Hz") + (group.map { ", \(PlainText.name($0))" } ?? "")
    }

    fileprivate var annotations: [Trace.Annotation] {
        var annotations = [Trace.Annotation("set_hertz", .number(hertz))]
        if let least = achievedHertz.min(), let most = achievedHertz.max() {
            annotations.append(Trace.Annotation("least_achieved_hertz", .number(least)))
            annotations.append(Trace.Annotation("most_achieved_hertz", .number(most)))
        }
        if let meterFailure {
            annotations.append(Trace.Annotation("meter_failure", .text(PlainText.shown(meterFailure))))
        }
        return annotations + rejections.map { $0.count.annotation("rejected: \(PlainText.shown($0.reason))") }
    }
}
