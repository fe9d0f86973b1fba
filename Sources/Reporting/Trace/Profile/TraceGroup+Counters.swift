import ProfileFormat
import Quantities
import SystemIO

extension Trace.Group {
    /// Power of each energy domain and of the box's total: a window's mean, from the window's start on.
    mutating func append(
        powerOf runs: [RunSlices], _ meter: MeterDescription, placement: Trace.Placement = .placed
    ) {
        func text(_ what: String) -> String {
            "\(what), \(meter.origin.rawValue): the mean of each window, idle ones too, drawn until the next begins."
        }
        append(
            runs.flatMap(\.totalWatts), unit: "W", named: "power", text("The box's total"), placement: placement)
        let known = meter.domains.map(\.identifier)
        let found = Set(runs.flatMap(\.watts.keys))
        for domain in known.filter({ found.contains($0) }) + found.subtracting(known).sorted() {
            let role = meter.domains.first { $0.identifier == domain }?.role.text ?? "A domain of unknown role"
            append(
                runs.flatMap { $0.watts[domain] ?? [] }, unit: "W", named: "power: \(PlainText.name(domain))",
                text(role), placement: placement)
        }
    }

    /// The state of the box. What is a mean over an entry's time is drawn from its start, what was read at its end from there.
    mutating func append(_ series: ConditionSeries) {
        let starts = [0] + series.seconds.dropLast()
        func append(
            _ column: [Double?]?, at times: [Double], unit: String, named name: String, _ description: String
        ) {
            let values = zip(times, column ?? []).compactMap { seconds, value -> Trace.Counter.Value? in
                guard let value, value.isFinite, let time = TraceLayout.nanoseconds(seconds) else { return nil }
                return Trace.Counter.Value(time: time, value: value)
            }
            self.append(values, unit: unit, named: name, description)
        }
        append(
            series.hertz, at: series.seconds, unit: "Hz", named: "frequency",
            "Of the fastest policy, when it was read.")
        append(
            series.celsius, at: series.seconds, unit: "°C", named: "temperature",
            "Of the processor, when it was read.")
        append(
            series.otherProcessors, at: starts, unit: "CPUs", named: "load from other processes",
            "Processors that other processes used, on average.")
        append(
            series.stealProcessors, at: starts, unit: "CPUs", named: "steal time",
            "Processors that the hypervisor took away, on average.")
        append(
            series.waitingThreads, at: starts, unit: "threads", named: "waiting threads",
            "Threads of the run that were ready and had no processor, on average.")
        append(
            series.quotaRatio, at: starts, unit: "s/s", named: "stopped by the CPU quota",
            "Time for which a control group's quota stopped the run, over the time.")
        append(
            series.throttleCount?.map { $0.map(Double.init) }, at: starts, unit: "events", named: "thermal throttling",
            "Events in the time until the next value.")
        append(
            series.referenceSeconds, at: series.seconds, unit: "s", named: "reference loop",
            "Time of a fixed piece of arithmetic, when it was taken.")
    }
}

extension EnergyDomain.Role {
    fileprivate var text: String {
        switch self {
        case .counted: "Part of the total"
        case .nested: "Contained in its parent, not added to the total"
        case .platform: "The whole platform, not added to the total"
        case .external: "A device that does not run the step, not added to the total"
        case .mirror(let twin): "The same counter as \(PlainText.name(twin)), not added to the total"
        case .unreadable: "Unreadable"
        }
    }
}
