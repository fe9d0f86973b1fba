import ProfileFormat
import Quantities
import SystemIO
import Workload

/// What one run, or one visit to a frequency, did over time.
struct RunSlices {
    /// Steps whose start the file has.
    private(set) var steps: [Trace.Slice] = []
    /// The others, laid end to end.
    private(set) var plainSteps: [Trace.Slice] = []
    private(set) var instrumentedSteps: [Trace.Slice] = []
    private(set) var windows: [Trace.Slice] = []
    private(set) var idle: [Trace.Slice] = []
    /// By domain, in the order of time.
    private(set) var watts: [String: [Trace.Counter.Value]] = [:]
    private(set) var totalWatts: [Trace.Counter.Value] = []
    private(set) var unfitKernels = 0
    /// Steps for which the trace is too long.
    private(set) var unplacedSteps = 0
    /// Start of the run in the trace.
    let start: Int64

    /// - Parameters:
    ///   - profile: sound, as ``ProfileValidation`` checks it.
    ///   - start: of the run in the trace, in nanoseconds.
    init(_ profile: Profile, from start: Int64 = 0) {
        self.start = start
        addPlainSteps(profile)
        addInstrumentedSteps(profile)
        addWindows(profile)
    }

    /// The end of the last slice that has a time in the file; the start without any.
    var placedEnd: Int64 { [steps, windows, idle].flatMap { $0.map(\.end) }.max() ?? start }

    var end: Int64 { [plainSteps, instrumentedSteps].flatMap { $0.map(\.end) }.reduce(placedEnd, max) }

    private func time(_ seconds: Double) -> Int64? { TraceLayout.nanoseconds(seconds).map { start + $0 } }

    // MARK: - Steps

    private mutating func addPlainSteps(_ profile: Profile) {
        var endToEnd = EndToEnd(from: start)
        for (sample, step) in profile.steps.enumerated() {
            let duration = TraceLayout.nanoseconds(step.seconds) ?? 0
            let placed = step.startSeconds.flatMap(time)
            guard let start = placed ?? endToEnd.next(duration) else {
                unplacedSteps += 1
                continue
            }
            var slice = Trace.Slice(name: "step", category: .step, start: start, duration: duration)
            slice.annotations = annotations(of: step, sample)
            if placed != nil { steps.append(slice) } else { plainSteps.append(slice) }
        }
    }

    private mutating func addInstrumentedSteps(_ profile: Profile) {
        var layers = LayerSlices(profile.layerTimes, of: profile.layers)
        let samples = profile.instrumentedSteps ?? []
        let traces = (profile.stepTraces ?? []).sorted { $0.startSeconds < $1.startSeconds }
        let pairs = Set(profile.steps.compactMap(\.pair))
        var endToEnd = EndToEnd(from: start)
        for number in 0..<max(layers.count, samples.count) {
            let sample = number < samples.count ? samples[number] : nil
            var slice = Trace.Slice(name: "instrumented step", category: .step, start: 0, duration: 0)
            slice.annotations = sample.map { annotations(of: $0, number) } ?? [number.annotation("sample")]
            slice.duration = sample.flatMap { TraceLayout.nanoseconds($0.seconds) } ?? 0
            if let sample, let began = sample.startSeconds.flatMap(time) {
                slice.start = began
                let boundaries = Self.boundaries(of: sample, in: traces).compactMap(time)
                if let parts = layers.layers(ofSample: number, in: began..<slice.end, boundaries: boundaries) {
                    if let pair = sample.pair, !pairs.contains(pair) {
                        slice.annotations.append(Trace.Annotation("interleaved", .text(Self.interleaved)))
                    }
                    slice.children = parts
                    steps.append(slice)
                    continue
                }
            }
            // Where the file has no sound length of the step either, it is as long as its layers.
            slice.duration = max(slice.duration, layers.nanoseconds(ofSample: number))
            guard let start = endToEnd.next(slice.duration) else {
                unplacedSteps += 1
                continue
            }
            slice.start = start
            slice.children = layers.layers(ofSample: number, in: start..<slice.end) ?? []
            instrumentedSteps.append(slice)
        }
        unfitKernels += layers.unfitKernels
    }

    private static let interleaved =
        "its pair has no step without instruments: its passes may be those of two steps, drawn at the start of the first"

    /// When the counters were read between the passes of a step, in seconds; empty where they were not.
    private static func boundaries(of step: StepSample, in traces: [StepTrace]) -> [Double] {
        guard let began = step.startSeconds else { return [] }
        // The first trace that does not begin before the step.
        var (low, high) = (0, traces.count)
        while low < high {
            let middle = (low + high) / 2
            if traces[middle].startSeconds < began { low = middle + 1 } else { high = middle }
        }
        guard low < traces.count, traces[low].startSeconds < began + step.seconds, traces[low].pair == step.pair
        else { return [] }
        return traces[low].seconds.map { traces[low].startSeconds + $0 }
    }

    private func annotations(of step: StepSample, _ sample: Int) -> [Trace.Annotation] {
        var annotations = [sample.annotation("sample"), Trace.Annotation("cpu_seconds", .number(step.cpuSeconds))]
        if let pair = step.pair { annotations.append(pair.annotation("pair")) }
        return annotations
    }

    // MARK: - Windows

    private mutating func addWindows(_ profile: Profile) {
        let all = (profile.idleWindows + profile.energyWindows).sorted { $0.startSeconds < $1.startSeconds }
        for window in all {
            guard let start = time(window.startSeconds), let duration = TraceLayout.nanoseconds(window.seconds)
            else { continue }
            let isIdle = window.subject == .idle
            let total = window.totalJoules(profile.meter)
            var slice = Trace.Slice(
                name: window.name(in: profile.layers), category: isIdle ? .idle : .window, start: start,
                duration: duration)
            slice.annotations = window.annotations(profile.meter, totalJoules: total)
            if isIdle { idle.append(slice) } else { windows.append(slice) }
            for (domain, joules) in window.joules {
                watts[domain, default: []].append(.init(time: start, value: joules / window.seconds))
            }
            if let total { totalWatts.append(.init(time: start, value: total / window.seconds)) }
        }
    }
}

extension EnergyWindow {
    /// `block 3 forward, repeated`
    fileprivate func name(in layers: [LayerDescription]) -> String {
        switch subject {
        case .idle: return "idle"
        case .step: return "steps"
        case .instrumentedStep: return "instrumented steps"
        case .layer:
            guard let layer, let direction else { return "layer, repeated" }
            return LayerPass(layer: layer, direction: direction).name(in: layers) + ", repeated"
        }
    }

    fileprivate func annotations(_ meter: MeterDescription, totalJoules: Double?) -> [Trace.Annotation] {
        var annotations = [
            Trace.Annotation("origin", .text(meter.origin.rawValue)), iterations.annotation("iterations"),
            Trace.Annotation("cpu_seconds", .number(cpuSeconds)),
        ]
        func add(_ name: String, _ value: Double?) {
            if let value { annotations.append(Trace.Annotation(name, .number(value))) }
        }
        add("work_seconds", workSeconds)
        add("edge_seconds", edgeSeconds)
        add("polling_seconds", pollingSeconds)
        add("joules", totalJoules)
        add("watts", totalJoules.map { $0 / seconds })
        for (domain, joules) in joules.sorted(by: { $0.key < $1.key }) {
            add("joules \(PlainText.name(domain))", joules)
        }
        return annotations
    }
}

extension Int {
    func annotation(_ name: String) -> Trace.Annotation { Trace.Annotation(name, .integer(self)) }
}
