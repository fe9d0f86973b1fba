import Quantities
import SystemIO
import Workload

/// Checks whether a profile's samples can be used. A profile may come from anywhere, so nothing in it is trusted.
package struct ProfileValidation {
    package let profile: Profile
    package let name: String

    package init(profile: Profile, name: String) {
        self.profile = profile
        self.name = name
    }

    /// Upper limits of a step or window.
    private static let maximumSeconds = 1e8
    private static let maximumJoules = 1e13
    private static let maximumGroups = 16
    private static let possibleHertz = 1e3...1e12

    package func check() throws(KerfError) {
        try checkLayers()
        try checkFrequency()
        try checkSamples()
        try checkDisturbances()
        let groups = (profile.frequencySweep?.groups ?? []).map(\.name)
        try require(
            Set(groups).count == groups.count && groups.count <= Self.maximumGroups,
            "frequency_sweep.groups names a kind of core twice, or more than \(Self.maximumGroups)")
        for (index, visit) in (profile.frequencySweep?.visits ?? []).enumerated() {
            let place = "\(name): frequency_sweep.visits[\(index)]"
            let alone = ProfileValidation(profile: profile.replacing(samplesBy: visit), name: place)
            for hertz in [visit.hertz] + visit.achievedHertz {
                try alone.require(Self.possibleHertz.contains(hertz), "a frequency of \(hertz) Hz")
            }
            try alone.require(visit.group.map(groups.contains) ?? true, "a visit of a group that was not swept")
            try alone.require(isTime(visit.startSeconds ?? 0), "start_seconds is \(visit.startSeconds ?? 0)")
            try alone.checkSamples()
        }
    }

    private func checkSamples() throws(KerfError) {
        try checkSteps()
        try checkLayerTimes()
        try checkInstrumentationOverhead()
        try checkWindows()
        try checkTraces()
    }

    private func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(KerfError) {
        guard condition else {
            throw KerfError(.unusableData, at: name, message(), remedy: "profile the box again")
        }
    }

    private func checkLayers() throws(KerfError) {
        let confidence = profile.settings.confidence
        try require(confidence >= 0.5 && confidence <= 0.9999, "settings.confidence is \(confidence)")
        let count = profile.layers.count
        try require(
            count >= 3 && count - 2 == profile.model.blockCount,
            "\(count) layers for a model of \(profile.model.blockCount) blocks; embedding, blocks and head are needed")
        for (index, layer) in profile.layers.enumerated() {
            let place = "layers[\(index)]"
            let kind: LayerDescription.Kind = index == 0 ? .embedding : index == count - 1 ? .head : .block
            try require(
                layer.index == index && layer.kind == kind, "\(place) is not layer \(index), a \(kind.rawValue)")
            let sizes = [layer.parameterCount, layer.adapterBytes, layer.outputBytes]
            try require(sizes.allSatisfy { (0...(1 << 53)).contains($0) }, "\(place) has an impossible size")
            try require(
                [layer.forwardFlops, layer.backwardFlops].allSatisfy { $0 >= 0 && $0 < 1e30 },
                "\(place) has an impossible number of operations")
        }
        let workload = profile.workload
        try require(
            (1...(1 << 24)).contains(workload.batch) && (1...(1 << 24)).contains(workload.sequence),
            "workload: batch \(workload.batch) and sequence \(workload.sequence) are not possible")
        try require(workload.forwardOnly != false, "workload.forward_only is false; a training step has no such field")
        let forwardOnly = workload.forwardOnly == true
        try require(
            profile.layers.dropFirst().allSatisfy { ($0.backwardFlops == 0) == forwardOnly },
            forwardOnly
                ? "workload.forward_only is true, and layers have operations of backward passes"
                : "a layer has no operations of a backward pass, and workload.forward_only is not true")
        try require(
            workload.activationCheckpointing != false,
            "workload.activation_checkpointing is false; a step without it has no such field")
        try require(
            workload.weightFormats.map { (1...16).contains($0.count) } ?? true,
            "workload.weight_formats has no format, or more than there are")
        try require(
            !forwardOnly || workload.activationCheckpointing == nil,
            "workload.activation_checkpointing is true, and workload.forward_only has no backward passes")
    }

    /// Limit of pair numbers, far from where sums of them would overflow.
    private static let maximumPairs = 1 << 40

    private func checkSteps() throws(KerfError) {
        try require(!profile.steps.isEmpty, "steps is empty: no whole step was timed")
        for (index, step) in profile.steps.enumerated() {
            try require(isPositiveTime(step.seconds), "steps[\(index)].seconds is \(step.seconds)")
            try require(step.cpuSeconds >= 0, "steps[\(index)].cpu_seconds is \(step.cpuSeconds)")
        }
        for (name, steps) in [("steps", profile.steps), ("instrumented_steps", profile.instrumentedSteps ?? [])] {
            for (index, step) in steps.enumerated() {
                try require(
                    isTime(step.startSeconds ?? 0), "\(name)[\(index)].start_seconds is \(step.startSeconds ?? 0)")
                guard let pair = step.pair else { continue }
                try require((0...Self.maximumPairs).contains(pair), "\(name)[\(index)].pair is \(pair)")
            }
        }
    }

    private func checkLayerTimes() throws(KerfError) {
        var seen: Set<LayerPass> = []
        let count = profile.layerTimes.first?.seconds.count ?? 0
        for (index, times) in profile.layerTimes.enumerated() {
            let place = "layer_times[\(index)]"
            let pass = LayerPass(layer: times.layer, direction: times.direction)
            try require(profile.layers.indices.contains(times.layer), "\(place): no layer \(times.layer)")
            try require(seen.insert(pass).inserted, "\(place): \(pass) is listed twice")
            try require(!times.seconds.isEmpty, "\(place): \(pass) has no samples")
            try require(
                times.seconds.count == count,
                "\(place): \(times.seconds.count) samples where the first layer has \(count)")
            // The embedding has no backward pass, so that its time may be zero.
            let mayBeZero = times.layer == 0
            for (sample, seconds) in times.seconds.enumerated() {
                try require(
                    isPositiveTime(seconds) || (mayBeZero && seconds == 0),
                    "\(place).seconds[\(sample)] (\(pass)) is \(seconds)")
            }
            for (kernel, samples) in times.kernels {
                try require(
                    samples.count == count, "\(place).kernels.\(kernel): \(samples.count) samples, \(count) are needed")
                try require(
                    samples.allSatisfy { $0 >= 0 && $0 < Self.maximumSeconds },
                    "\(place).kernels.\(kernel) has a time below zero or out of range")
            }
        }
        for pass in LayerPass.all(of: profile.layers) where !seen.contains(pass) {
            try require(pass.isIdle(in: profile.layers), "layer_times has no samples of \(pass)")
        }
    }

    /// Passes of a step. The frozen embedding has no backward pass.
    private var passCount: Int {
        profile.workload.forwardOnly == true ? profile.layers.count : 2 * profile.layers.count - 1
    }

    private func checkInstrumentationOverhead() throws(KerfError) {
        for (index, pair) in (profile.instrumentationOverheadPairs ?? []).enumerated() {
            let place = "instrumentation_overhead_pairs[\(index)]"
            for seconds in [pair.instrumentedSeconds, pair.plainSeconds] {
                // A program's steps are compared as wholes.
                try require(
                    seconds.count == passCount || seconds.count == 1,
                    "\(place): \(seconds.count) passes, \(passCount) are needed")
                try require(
                    seconds.allSatisfy { $0 >= 0 && $0 < Self.maximumSeconds },
                    "\(place) has a time below zero or out of range")
            }
            try require(
                abs(pair.samplingSeconds) < Self.maximumSeconds, "\(place).sampling_seconds is \(pair.samplingSeconds)")
        }
    }

    private func checkWindows() throws(KerfError) {
        let total = profile.meter.totalOf
        try require(
            profile.meter.origin == .unavailable || !total.isEmpty, "meter.total_of is empty: nothing to add up")
        try require(Set(total).count == total.count, "meter.total_of names a domain twice")
        for (list, windows) in [("idle_windows", profile.idleWindows), ("energy_windows", profile.energyWindows)] {
            for (index, window) in windows.enumerated() {
                try check(window, at: "\(list)[\(index)]", idle: list == "idle_windows", total: total)
            }
        }
    }

    private func check(_ window: EnergyWindow, at place: String, idle: Bool, total: [String]) throws(KerfError) {
        try require(isPositiveTime(window.seconds), "\(place).seconds is \(window.seconds)")
        try require(isTime(window.startSeconds), "\(place).start_seconds is \(window.startSeconds)")
        try require((window.subject == .idle) == idle, "\(place) is a window of \(window.subject.rawValue)")
        try require(idle || window.iterations > 0, "\(place).iterations is \(window.iterations)")
        if window.subject == .layer {
            try require(
                profile.layers.indices.contains(window.layer ?? -1) && window.direction != nil,
                "\(place): no such layer or direction")
        }
        try require(
            window.joules.values.allSatisfy { $0 >= 0 && $0 < Self.maximumJoules },
            "\(place).joules has an energy below zero or out of range")
        let parts = [window.workSeconds, window.edgeSeconds, window.pollingSeconds].compactMap(\.self)
        try require(
            parts.allSatisfy { $0 >= 0 && $0 < Self.maximumSeconds }
                && (window.workSeconds ?? 0) <= window.seconds * (1 + 1e-9),
            "\(place): work, edge or polling seconds are not possible in \(window.seconds) s")
        try require(
            (window.pollingJoules ?? [:]).values.allSatisfy { $0 >= 0 && $0 < Self.maximumJoules },
            "\(place).polling_joules has an energy below zero or out of range")
        guard profile.meter.origin != .unavailable else { return }
        for domain in total {
            try require(window.joules[domain] != nil, "\(place).joules has no \(domain), which the total needs")
        }
    }

    private func checkTraces() throws(KerfError) {
        for (index, trace) in (profile.stepTraces ?? []).enumerated() {
            let place = "step_traces[\(index)]"
            let counts = [trace.seconds.count] + trace.joules.values.map(\.count)
            try require(
                counts.allSatisfy { $0 == passCount + 1 },
                "\(place): \(counts.min() ?? 0) to \(counts.max() ?? 0) times and energies, "
                    + "\(passCount + 1) are needed")
            try require((0...Self.maximumPairs).contains(trace.pair ?? 0), "\(place).pair is \(trace.pair ?? 0)")
            try require(isTime(trace.startSeconds), "\(place).start_seconds is \(trace.startSeconds)")
            try require(isTime(trace.staleSeconds ?? 0), "\(place).stale_seconds is \(trace.staleSeconds ?? 0)")
            let joules = trace.joules.sorted { $0.key < $1.key }.map { domain, values in
                ("joules of \(PlainText.quoted(domain))", values.compactMap(\.self), Self.maximumJoules)
            }
            for (name, values, limit) in [("seconds", trace.seconds, Self.maximumSeconds)] + joules {
                try require(
                    values.allSatisfy { $0 >= 0 && $0 < limit }
                        && zip(values, values.dropFirst()).allSatisfy { $0 <= $1 },
                    "\(place).\(name) falls or is out of range")
            }
        }
    }

    private func checkDisturbances() throws(KerfError) {
        if let found = profile.disturbances {
            try require(
                ([found.measurementCount, found.processorCount ?? 1] + found.causes.map(\.count))
                    .allSatisfy { (0...Self.maximumPairs).contains($0) }
                    && Set(found.causes.map(\.cause)).count == found.causes.count,
                "disturbances: a number that is not possible, or a cause that is listed twice")
            let times = found.causes.map(\.seconds) + [found.measuredSeconds, found.processSamplingSeconds ?? 0]
            let processors = found.causes.flatMap { [$0.otherProcessors, $0.stealProcessors] }.compactMap(\.self)
            let processes = (found.processes ?? []).flatMap { [$0.processors, $0.cpuSeconds] }
            try require(
                (times + processors + processes).allSatisfy { $0 >= 0 && $0 < Self.maximumJoules },
                "disturbances: a time or load below zero or out of range")
            try require(
                (found.rejectedIntervals ?? []).allSatisfy { isTime($0.startSeconds) && isTime($0.seconds) },
                "disturbances.rejected_intervals: a time below zero or out of range")
        }
        guard let series = profile.conditions else { return }
        try require(
            series.columnCounts.allSatisfy { $0 == series.seconds.count }
                && series.seconds.allSatisfy { isTime($0) }
                && zip(series.seconds, series.seconds.dropFirst()).allSatisfy { $0 < $1 },
            "conditions: columns of different lengths, or times that do not rise")
        let columns = [
            series.otherProcessors, series.stealProcessors, series.quotaRatio, series.waitingThreads, series.hertz,
            series.referenceSeconds,
        ]
        try require(
            columns.allSatisfy { column in (column ?? []).allSatisfy { ($0 ?? 0) >= 0 && $0?.isFinite ?? true } },
            "conditions: a value below zero or not a number")
    }

    private func checkFrequency() throws(KerfError) {
        let frequency = profile.frequency
        for (field, quantity) in [
            ("minimum_hertz", frequency.minimumHertz), ("maximum_hertz", frequency.maximumHertz),
            ("running_hertz", frequency.runningHertz),
        ] {
            // A box may report 0. A decision refuses it where it needs the frequency.
            let hertz = quantity.value ?? 0
            try require(
                (0...Self.possibleHertz.upperBound).contains(hertz), "frequency.\(field) is \(hertz)")
        }
        if let seconds = frequency.referenceSeconds?.value {
            try require(isPositiveTime(seconds), "frequency.reference_seconds is \(seconds)")
        }
    }

    private func isTime(_ seconds: Double) -> Bool { (0..<Self.maximumSeconds).contains(seconds) }
    private func isPositiveTime(_ seconds: Double) -> Bool { seconds > 0 && isTime(seconds) }
}
