import Calibration
import ProbeKit
import TransformerKernels

/// Times of one instrumented step: every pass, every kernel within it, and the counters after each pass.
struct InstrumentedStep {
    struct PassTime {
        var seconds: Double
        var kernels: [Kernel: Double]
    }

    var passes: [LayerPass: PassTime]
    var spanCount: Int
    /// The whole step, instruments included, loads of weights left out.
    var sample: StepSample
    /// `nil` without a meter, and where loads lie between passes.
    var trace: StepTrace?

    /// Runs one step with marks at every layer and kernel, and a look at the meter between layers.
    ///
    /// - Parameter start: of the run.
    static func run(
        _ step: any ProfiledStep, clock: any ExperimentClock, meter: (any EnergyMeter)?, start: MonotonicInstant,
        checkpoint: () throws -> Void
    ) throws -> InstrumentedStep {
        step.timeline.reset()
        step.timeline.isRecording = true
        defer { step.timeline.isRecording = false }
        let order = step.passes
        let isTraced = meter != nil && !step.isInterrupted
        var times: [LayerPass: PassTime] = [:]
        times.reserveCapacity(order.count)
        var looks: [EnergyReading] = []
        looks.reserveCapacity(order.count + 1)
        var loadSeconds = 0.0
        let cpuBefore = clock.cpuSeconds()
        let began = clock.now()
        // Asking for processor time makes the kernel account this thread up to now: see EnergyMeter/updateEdge.
        func look() throws {
            guard isTraced, let meter else { return }
            _ = clock.cpuSeconds()
            looks.append(try meter.read())
        }
        try look()
        for pass in order {
            if step.needsPreparation(layer: pass.layer) {
                let loading = clock.now()
                try checkpoint()
                try step.prepare(layer: pass.layer)
                loadSeconds += clock.now().seconds(since: loading)
            }
            let start = clock.now()
            try step.run(pass)
            times[pass] = PassTime(seconds: clock.now().seconds(since: start), kernels: [:])
            try look()
        }
        let seconds = clock.now().seconds(since: began) - loadSeconds
        let cpuSeconds = clock.cpuSeconds() - cpuBefore
        for span in step.timeline.spans {
            let pass = LayerPass(layer: Int(span.layer), direction: span.direction)
            let seconds = Double(span.endNanoseconds - span.startNanoseconds) * 1e-9
            times[pass]?.kernels[span.kernel, default: 0] += seconds
        }
        return InstrumentedStep(
            passes: times, spanCount: step.timeline.spans.count,
            sample: StepSample(seconds: seconds, cpuSeconds: cpuSeconds),
            trace: meter.flatMap { StepTrace(looks, meter: $0, start: start) })
    }
}

extension StepTrace {
    /// Time and total energy at each look; `nil` without looks, and where a counter allowed no single answer.
    init?(_ looks: [EnergyReading], meter: any EnergyMeter, start: MonotonicInstant) {
        guard let first = looks.first else { return nil }
        var joules = [0.0]
        for (before, after) in zip(looks, looks.dropFirst()) {
            guard let step = try? meter.joules(from: before, to: after) else { return nil }
            joules.append(joules[joules.count - 1] + meter.total(of: step))
        }
        self.init(
            startSeconds: first.instant.seconds(since: start),
            seconds: looks.map { $0.instant.seconds(since: first.instant) }, joules: joules)
    }
}
