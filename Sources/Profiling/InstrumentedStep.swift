import ProbeKit
import TransformerKernels

/// Times of one instrumented step: every pass, and every kernel within it.
struct InstrumentedStep {
    struct PassTime {
        var seconds: Double
        var kernels: [Kernel: Double]
    }

    var passes: [LayerPass: PassTime]
    var spanCount: Int

    /// Runs one step with marks at every layer and kernel.
    static func run(
        _ step: some ProfiledStep, clock: any ExperimentClock, checkpoint: () throws -> Void
    ) throws -> InstrumentedStep {
        step.timeline.reset()
        step.timeline.isRecording = true
        defer { step.timeline.isRecording = false }
        var times: [LayerPass: PassTime] = [:]
        for pass in step.passes {
            if step.needsPreparation(layer: pass.layer) {
                try checkpoint()
                try step.prepare(layer: pass.layer)
            }
            let start = clock.now()
            try step.run(pass)
            times[pass] = PassTime(seconds: clock.now().seconds(since: start), kernels: [:])
        }
        for span in step.timeline.spans {
            let pass = LayerPass(layer: Int(span.layer), direction: span.direction)
            let seconds = Double(span.endNanoseconds - span.startNanoseconds) * 1e-9
            times[pass]?.kernels[span.kernel, default: 0] += seconds
        }
        return InstrumentedStep(passes: times, spanCount: step.timeline.spans.count)
    }
}
