import ProbeKit
import ProfileFormat
import Statistics
import SystemIO
import TransformerKernels
import Workload

/// Takes whole steps with every instrument on: marks at layers and kernels, and a reading of the meter between layers.
///
/// Within a step nothing is allocated, looked up or summed: times and counters are appended to storage that was reserved
/// before. What they mean is computed after the burst, see ``RecordedSteps``.
struct StepRecorder {
    private let step: any LayeredStep
    private let clock: any ExperimentClock
    /// `nil` without a meter, and where weights are loaded between passes.
    private let meter: (any EnergyMeter)?
    private let cpuClocks: ThreadCPUClocks?
    private let maximumSteps: Int
    private let everywhere: [Bool]
    /// When the counters were updated last before the next step, where that is known.
    var lastUpdate: MonotonicInstant?
    private var storage: StepStorage

    /// A reading shows the counter's last update, for which the reading before it had flushed the CPU time of all
    /// threads. The first reading of a step has none before it, so the last passes of the step before flush it. On a
    /// virtual board, the meter that needs this, an update takes so many passes.
    private static let flushingPasses = 3

    /// - Parameter maximumSteps: that are recorded. Later ones are taken all the same.
    init(_ step: any LayeredStep, _ burst: Burst, maximumSteps: Int) {
        self.step = step
        self.clock = burst.clock
        self.maximumSteps = maximumSteps
        self.meter = step.isInterrupted ? nil : burst.interval.meter
        cpuClocks = self.meter?.countsProcessorTime == true ? clock.threadCPUClocks() : nil
        // One more than is recorded: a step is removed after it was taken.
        storage = StepStorage(
            order: step.passes, counted: self.meter?.tree.counted ?? [], isMetered: self.meter != nil,
            start: burst.start, capacity: maximumSteps + 1)
        everywhere = Array(repeating: true, count: storage.order.count + 1)
        step.timeline.reset()
    }

    var recorded: RecordedSteps { RecordedSteps(storage: storage, spans: step.timeline.spans) }

    /// Runs one step and records it.
    ///
    /// - Parameters:
    ///   - isInstrumented: the passes before which the meter is read and whose kernels are marked, and one more for the
    ///     reading after the last pass; all unless given.
    ///   - isSampling: whether the meter is read in this step.
    mutating func take(isInstrumented: [Bool]? = nil, isSampling: Bool = true, checkpoint: () throws -> Void) throws {
        let isInstrumented = isInstrumented ?? everywhere
        let (timeline, count) = (step.timeline, storage.order.count)
        let (firstSpan, firstTime, firstSample) = (timeline.spans.count, storage.times.count, storage.samples.count)
        defer { timeline.isRecording = false }
        var loadSeconds = 0.0
        let cpuBefore = clock.cpuSeconds()
        let began = clock.now()
        for (place, pass) in storage.order.enumerated() {
            timeline.isRecording = isInstrumented[place]
            if isSampling && isInstrumented[place] { try sample(at: place) }
            if !isSampling && place >= count - Self.flushingPasses { cpuClocks?.flush() }
            if step.needsPreparation(layer: pass.layer) {
                let loading = clock.now()
                try checkpoint()
                try step.prepare(pass)
                loadSeconds += clock.now().seconds(since: loading)
            }
            storage.times.append(clock.now())
            try step.run(pass)
            storage.times.append(clock.now())
        }
        if isSampling && isInstrumented[count] { try sample(at: count) }
        let ended = clock.now()
        let sample = StepSample(
            seconds: ended.seconds(since: began) - loadSeconds, cpuSeconds: clock.cpuSeconds() - cpuBefore,
            startSeconds: began.seconds(since: storage.start))
        if storage.steps.count < maximumSteps {
            storage.steps.append(
                StepStorage.Step(
                    sample: sample, lastUpdate: lastUpdate, began: began, ended: ended,
                    spans: firstSpan..<timeline.spans.count, samples: firstSample..<storage.samples.count,
                    isInstrumented: isInstrumented))
        } else {
            timeline.forget(after: firstSpan)
            storage.removeAll(afterTime: firstTime, sample: firstSample)
        }
    }

    /// Runs two steps. In the first a coin decides for every pass whether instruments are on; in the second they are on
    /// where they were off. See ``InstrumentationOverheadEstimate``.
    mutating func runInterleaved(
        isSampling: Bool, using generator: inout SeededGenerator, checkpoint: () throws -> Void
    ) throws {
        let heads = (0...storage.order.count).map { _ in Bool.random(using: &generator) }
        try take(isInstrumented: heads, isSampling: isSampling, checkpoint: checkpoint)
        try take(isInstrumented: heads.map { !$0 }, isSampling: isSampling, checkpoint: checkpoint)
    }

    private mutating func sample(at boundary: Int) throws {
        guard let meter else { return }
        cpuClocks?.flush()
        let instant = try MeterFailure.marking { () throws(KerfError) in
            try meter.readTotal(into: &storage.counters)
        }
        storage.samples.append((instant, boundary))
    }
}

/// What a recorder appends while steps run.
struct StepStorage {
    struct Step {
        var sample: StepSample
        var lastUpdate: MonotonicInstant?
        var began: MonotonicInstant
        var ended: MonotonicInstant
        /// Places of the step's kernel marks and of its readings.
        var spans: Range<Int>
        var samples: Range<Int>
        /// See ``StepRecorder/take(isInstrumented:isSampling:checkpoint:)``.
        var isInstrumented: [Bool]
    }

    let order: [LayerPass]
    /// The domains of the meter's total.
    let counted: [EnergyDomain]
    let isMetered: Bool
    /// Start of the run.
    let start: MonotonicInstant
    var steps: [Step] = []
    /// Before and after each pass.
    var times: [MonotonicInstant] = []
    /// When the meter was read and after how many passes.
    var samples: [(instant: MonotonicInstant, boundary: Int)] = []
    /// What each counter of the total showed at every reading.
    var counters: [UInt64] = []

    /// - Parameter capacity: steps that fit without allocation.
    init(order: [LayerPass], counted: [EnergyDomain], isMetered: Bool, start: MonotonicInstant, capacity: Int) {
        self.order = order
        self.counted = counted
        self.isMetered = isMetered
        self.start = start
        steps.reserveCapacity(capacity)
        times.reserveCapacity(capacity * 2 * order.count)
        samples.reserveCapacity(capacity * (order.count + 1))
        counters.reserveCapacity(capacity * (order.count + 1) * counted.count)
    }

    mutating func removeAll(afterTime time: Int, sample: Int) {
        times.removeLast(times.count - time)
        counters.removeLast((samples.count - sample) * counted.count)
        samples.removeLast(samples.count - sample)
    }
}
