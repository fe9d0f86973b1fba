import ProfileFormat
import Statistics
import SystemIO
import Workload

/// A training step that an experiment measures: run as a whole, or one pass of it over and over, in this process or in
/// another one.
///
/// Layers are numbered 0 the embedding, 1...L the blocks, L + 1 the head.
package protocol ProfiledStep: AnyObject {
    /// The passes of one step, in order.
    var passes: [LayerPass] { get }
    /// Whether weights have to be loaded in the middle of a step, so that no window holds a whole one.
    var isInterrupted: Bool { get }

    /// Makes a pass ready to be repeated. Kept out of every window.
    func prepare(_ pass: LayerPass) throws
    /// Runs a prepared pass until the time is over, at least once. Repeating gives the same result.
    ///
    /// - Returns: how often it ran.
    func repeated(_ pass: LayerPass, seconds: Double, clock: any ExperimentClock) throws -> Int

    /// Runs whole steps that are not recorded, one at least, until the time is over.
    func runUp(seconds: Double, clock: any ExperimentClock, checkpoint: () throws -> Void) throws
    /// Takes whole steps without instruments.
    func takePlainSteps(_ burst: Burst) throws -> (cost: Cost, samples: [StepSample])
    /// Takes whole steps with every instrument on.
    ///
    /// - Parameter isSampling: whether the next step reads the meter between its passes, where that is possible.
    /// - Returns: the steps, also those beyond the burst's maximum, which are not recorded; their cost, where a window can
    ///   hold them.
    func takeMarkedSteps(_ burst: Burst, isSampling: () -> Bool) throws -> (
        cost: Cost?, count: Int, record: any BurstRecord
    )
    /// Takes pairs of steps in which a coin decides where instruments are on; in the second they are on where they were
    /// off in the first. See ``InstrumentationOverheadEstimate``.
    func takeInterleavedSteps(
        _ burst: Burst, isSampling: () -> Bool, using generator: inout SeededGenerator
    ) throws -> (count: Int, record: any BurstRecord)

    /// Seconds of one mark at the border of two parts, from many empty ones.
    func secondsPerMark(clock: any ExperimentClock) throws -> Double
}

/// Steps that are taken together: one, or as many short ones as fill a window.
package struct Burst {
    package let clock: any ExperimentClock
    /// Clock and meter around the steps.
    package let interval: MeteredInterval
    /// Start of the run.
    package let start: MonotonicInstant
    /// Number of the pair of bursts.
    package let pair: Int
    /// `nil` for a single step.
    package let seconds: Double?
    /// Steps, or pairs of interleaved ones, that are recorded.
    package let maximumRecorded: Int
    /// Asked between steps and before weights are loaded; throws where the run is to end.
    package let checkpoint: () throws -> Void

    /// Steps that are taken at most. With a meter only the time ends a burst, so that its window is full.
    package var maximumCount: Int { seconds == nil ? 1 : interval.meter == nil ? maximumRecorded : .max }

    /// Runs `body` once, or until the burst's time is over.
    package func repeating(_ body: () throws -> Void) throws {
        let began = clock.now()
        var count = 0
        repeat {
            try checkpoint()
            try body()
            count += 1
        } while count < maximumCount && clock.now().seconds(since: began) < seconds ?? 0
    }
}

/// What was recorded of a burst of steps with instruments. What it means is computed when it is asked for, after the burst.
package protocol BurstRecord {
    /// Seconds of each reading of the meter within the steps.
    var samplingTimes: [Double] { get }
    /// Steps with all instruments on.
    ///
    /// - Parameter pair: the number of the pair of bursts that they belong to.
    func steps(pair: Int) -> [InstrumentedStep]
    /// One instrumented step from each pair of interleaved steps.
    ///
    /// - Parameter pair: a number that no other steps have.
    func interleavedSteps(pair: Int) -> [InstrumentedStep]
    func instrumentationOverheadPairs() -> [InstrumentationOverheadPair]
}

/// Times of one whole step with every instrument on.
package struct InstrumentedStep {
    /// Seconds of each pass, in the step's order.
    package var seconds: [Double]
    /// Seconds by kernel within each pass.
    package var kernels: [[Kernel: Double]]
    package var markCount: Int
    package var sampleCount: Int
    /// The whole step, instruments included, loading of weights left out.
    package var sample: StepSample
    /// `nil` without readings of the meter between the passes.
    package var trace: StepTrace?

    package init(
        seconds: [Double], kernels: [[Kernel: Double]], markCount: Int, sampleCount: Int = 0, sample: StepSample,
        trace: StepTrace? = nil
    ) {
        self.seconds = seconds
        self.kernels = kernels
        self.markCount = markCount
        self.sampleCount = sampleCount
        self.sample = sample
        self.trace = trace
    }
}
