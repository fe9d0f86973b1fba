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
        append(
            profile.rejected, to: &group, named: "rejected",
            "Steps and windows that were taken and not used, by what disturbed them, those of a sweep too.")
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
        append(SweepSlices(profile, from: end), of: profile, subject)
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
            runs.flatMap(\.plainSteps), to: &group, named: "steps without instruments, laid end to end",
            Self.untimedText, placement: .laidOut)
        append(
            runs.flatMap(\.instrumentedSteps), to: &group, named: "instrumented steps, laid end to end",
            Self.untimedText, placement: .laidOut)
        leaveOut(
            runs.reduce(0) { $0 + $1.unfitKernels }, "kernels", because: "they take longer than their layer")
        leaveOut(runs.reduce(0) { $0 + $1.unplacedSteps }, "steps", because: "the trace would be too long")
    }

    private mutating func append(_ sweep: SweepSlices, of profile: Profile, _ subject: String) {
        let placement = sweep.placement
        var group = Group(
            "frequency sweep of \(subject)"
                + (placement == .placed ? "" : ": visits laid end to end after the run"))
        append(
            sweep.visits, to: &group, named: "visits",
            placement == .placed
                ? "One visit to one frequency each."
                : "One visit to one frequency each. The file has their order, and not the time between them.",
            placement: placement)
        append(sweep.runs.flatMap(\.steps), to: &group, named: "steps", Self.stepsText, placement: placement)
        append(
            sweep.runs.flatMap(\.windows), to: &group, named: "energy windows", Self.windowsText, placement: placement)
        append(sweep.runs.flatMap(\.idle), to: &group, named: "idle", Self.windowsText, placement: placement)
        appendUntimed(sweep.runs, to: &group)
        group.append(
            sweep.setHertz, unit: "Hz", named: "set frequency", "Of the fastest policy that was set.",
            placement: placement)
        group.append(powerOf: sweep.runs, profile.meter, placement: placement)
        append(group)
        leaveOut(sweep.unplacedVisits, "visits", because: "the trace would be too long")
    }

    /// Files that have no intervals of what was rejected have how many were rejected and why. What a meter's fault made
    /// unusable has no interval in any file.
    private mutating func leaveOutRejected(_ profile: Profile) {
        var drawn = Dictionary(grouping: profile.disturbances?.rejectedIntervals ?? [], by: \.cause).mapValues(\.count)
        let visits = profile.frequencySweep?.visits ?? []
        for rejection in profile.rejections + visits.flatMap(\.rejections) where rejection.count > 0 {
            let cause = Disturbance.allCases.first { rejection.reason.hasSuffix($0.rawValue) }
            let known = min(rejection.count, cause.flatMap { drawn[$0] } ?? 0)
            if let cause { drawn[cause, default: 0] -= known }
            leaveOut(
                rejection.count - known, "rejected: \(PlainText.shown(rejection.reason))",
                because: "the file has their number, not their times")
        }
    }
}

extension Profile {
    /// What was rejected, at its place.
    fileprivate var rejected: [Trace.Slice] {
        (disturbances?.rejectedIntervals ?? []).compactMap { interval in
            guard let start = TraceLayout.nanoseconds(interval.startSeconds),
                let duration = TraceLayout.nanoseconds(interval.seconds)
            else { return nil }
            return Trace.Slice(
                name: interval.cause.rawValue, category: .rejected, start: start, duration: duration)
        }
    }

    /// What the whole run is.
    fileprivate var annotations: [Trace.Annotation] {
        var annotations = [
            Trace.Annotation("times", .text(Origin.measured.rawValue)),
            Trace.Annotation("energy", .text(meter.origin.rawValue)),
            Trace.Annotation("ended", .text(PlainText.shown(created))),
            workload.batch.annotation("batch"), workload.sequence.annotation("sequence"),
            workload.loraRank.annotation("lora_rank"), workload.threads.annotation("threads"),
            Trace.Annotation("dtype", .text(workload.dtype.rawValue)),
        ]
        if let formats = workload.weightFormatText {
            annotations.append(Trace.Annotation("weight_formats", .text(formats)))
        }
        if workload.activationCheckpointing == true {
            annotations.append(Trace.Annotation("activation_checkpointing", .text("true")))
        }
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
