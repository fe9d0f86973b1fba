import ProfileFormat
import Workload

/// Times of one whole step with every instrument on.
struct InstrumentedStep {
    /// Of every pass, in the step's order.
    var seconds: [Double]
    /// Seconds by kernel within each pass.
    var kernels: [[Kernel: Double]]
    var spanCount: Int
    var sampleCount: Int
    /// The whole step, instruments included, loads of weights left out.
    var sample: StepSample
    var trace: StepTrace?
}
