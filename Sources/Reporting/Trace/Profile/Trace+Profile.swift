import ProfileFormat
import Quantities
import SystemIO
import Workload

extension Trace {
    /// A profile over time: steps with layers and kernels, windows, the idle box, its power and its state. What has no
    /// time in the file is laid end to end in a group of its own.
    ///
    /// - Parameter profile: sound, as ``ProfileValidation`` checks it.
    package init(_ profile: Profile) {
        self.init(subject: Profile.schema)
        let run = RunSlices(profile)
        let subject = "\(PlainText.name(profile.model.name)) on \(PlainText.name(profile.box.cpuModel))"
        var group = Group("profile of \(subject)")
        append(run.steps, to: &group, named: "steps", Self.stepsText)
        append(run.windows, to: &group, named: "energy windows", Self.windowsText)
        append(run.idle, to: &group, named: "idle", Self.windowsText)
        group.append(powerOf: [run], profile.meter)
        if let conditions = profile.conditions { group.append(conditions) }
        let end = group.tracks.map(\.end).max() ?? 0
        if end > 0 {
            let whole = Slice(
                name: "profile of \(PlainText.name(profile.model.name))", category: .run, start: 0, duration: end,
                annotations: profile.annotations)
            group.tracks.insert(
                Track(
                    name: "run", description: "From the start of the run to its last sample.", placement: .placed,
                    content: .slices([whole])), at: 0)
        }
        append(group)

        var untimed = Group("profile of \(subject): no times in the file, laid end to end")
        appendUntimed([run], to: &untimed)
        append(untimed)
        append(profile.frequencySweep, of: profile, subject, from: end)
        leaveOutRejected(profile)
    }

    private static let stepsText =
        "Whole steps. An instrumented one holds its layers, and a layer its kernels: each kernel's total within the layer, in "
        + "the order of computing."
    private static let windowsText =
        "Times over which the energy counters were differenced. Each is drawn from the moment at which the next update was "
        + "awaited, up to one update interval before the window began."
    private static let untimedText = "Measured lengths, in the order of the file. When they were is not in the file."

    private mutating func appendUntimed(_ runs: [RunSlices], to group: inout Group) {
        append(
            runs.flatMap(\.plainSteps), to: &group, named: "steps without instruments", Self.untimedText,
            placement: .laidOut)
        append(
            runs.flatMap(\.instrumentedSteps), to: &group, named: "instrumented steps", Self.untimedText,
            placement: .laidOut)
        leaveOut(
            runs.reduce(0) { $0 + $1.unfitKernels }, "kernels", because: "they take longer than their layer")
        leaveOut(runs.reduce(0) { $0 + $1.unplacedSteps }, "steps", because: "the trace would be too long")
    }

    /// The visits follow the run and each other, as they did; within a visit, times are its own.
    private mutating func append(
        _ sweep: FrequencySweep?, of profile: Profile, _ subject: String, from start: Int64
    ) {
        guard let sweep else { return }
        var (endToEnd, runs, visits) = (EndToEnd(from: start), [RunSlices](), [Slice]())
        var setpoints: [Counter.Value] = []
        for (place, visit) in sweep.visits.enumerated() {
            var samples = profile.replacing(samplesBy: visit)
            (samples.instrumentedSteps, samples.stepTraces) = (nil, nil)
            let run = RunSlices(samples, from: endToEnd.position)
            guard let start = endToEnd.next(run.end - run.start) else {
                leaveOut(sweep.visits.count - place, "visits", because: "the trace would be too long")
                break
            }
            runs.append(run)
            setpoints.append(Counter.Value(time: start, value: visit.hertz))
            visits.append(
                Slice(
                    name: visit.name, category: .visit, start: start, duration: run.end - start,
                    annotations: visit.annotations))
        }
        var group = Group("frequency sweep of \(subject): visits laid end to end after the run")
        append(
            visits, to: &group, named: "visits",
            "One visit to one frequency each. The file has their order, and not the time between them.",
            placement: .laidOut)
        append(runs.flatMap(\.steps), to: &group, named: "steps", Self.stepsText, placement: .laidOut)
        append(runs.flatMap(\.windows), to: &group, named: "energy windows", Self.windowsText, placement: .laidOut)
        append(runs.flatMap(\.idle), to: &group, named: "idle", Self.windowsText, placement: .laidOut)
        appendUntimed(runs, to: &group)
        group.append(
            setpoints, unit: "Hz", named: "set frequency", "Of the fastest policy that was set.", placement: .laidOut)
        group.append(powerOf: runs, profile.meter, placement: .laidOut)
        append(group)
    }

    /// The file has how many were rejected and why, not when.
    private mutating func leaveOutRejected(_ profile: Profile) {
        let visits = profile.frequencySweep?.visits ?? []
        for rejection in profile.rejections + visits.flatMap(\.rejections) {
            leaveOut(
                rejection.count, "rejected: \(PlainText.shown(rejection.reason))",
                because: "the file has their number, not their times")
        }
    }
}

extension Profile {
    /// What the whole run is.
    fileprivate var annotations: [Trace.Annotation] {
        let times: Origin = box.virtualBoard == nil ? .measured : .simulated
        var annotations = [
            Trace.Annotation("times", .text(times.rawValue)), Trace.Annotation("energy", .text(meter.origin.rawValue)),
            Trace.Annotation("ended", .text(PlainText.shown(created))),
            workload.batch.annotation("batch"), workload.sequence.annotation("sequence"),
            workload.loraRank.annotation("lora_rank"), workload.threads.annotation("threads"),
            Trace.Annotation("dtype", .text(workload.dtype.rawValue)),
        ]
        if let name = meter.name { annotations.append(Trace.Annotation("meter", .text(PlainText.shown(name)))) }
        if let reason = meter.reason {
            annotations.append(Trace.Annotation("meter_reason", .text(PlainText.shown(reason))))
        }
        return annotations
            + rejections.map { $0.count.annotation("rejected: \(PlainText.shown($0.reason))") }
            + (disturbances?.causes ?? []).map {
                Trace.Annotation("seconds disturbed by \($0.cause.rawValue)", .number($0.seconds))
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
