import ProbeKit
import ProfileFormat
import SystemIO
import TransformerKernels
import Workload

/// Takes whole steps with every instrument on: marks at layers and kernels, and a look at the meter between layers.
///
/// Within a step nothing is made, looked up or summed: moments and counters are appended to storage that was reserved
/// before. What they mean is worked out after the burst: as steps, and where instruments were on by turns as what these
/// cost.
struct StepRecorder {
    let step: any ProfiledStep
    private let clock: any ExperimentClock
    /// `nil` without a meter, and where loads lie between passes.
    let meter: (any EnergyMeter)?
    private let accounts: ThreadCPUClocks?
    let order: [LayerPass]
    let counted: [EnergyDomain]
    /// Of the run.
    let start: MonotonicInstant
    private let mostSteps: Int
    /// When the counters were updated last before the step that is taken next, where that is known.
    var lastUpdate: MonotonicInstant?

    /// A look shows the counter's last update, for which the look before it had settled the accounts. A step's first look has
    /// none before it, so that the last passes of the step before do it; so many last an update of a virtual board, the meter
    /// that this is for.
    private static let passesSettledForNextStep = 3

    private(set) var taken: [Taken] = []
    /// Before and after each pass.
    private(set) var moments: [MonotonicInstant] = []
    /// When the meter was looked at, after which pass (0 is before the first), and what each counter of its total showed.
    private(set) var looks: [(instant: MonotonicInstant, boundary: Int)] = []
    private(set) var counters: [UInt64] = []
    private let everywhere: [Bool]

    struct Taken {
        var sample: StepSample
        var lastUpdate: MonotonicInstant?
        var began: MonotonicInstant
        var ended: MonotonicInstant
        /// Places of the step's kernel marks and looks.
        var spans: Range<Int>
        var looks: Range<Int>
        /// See ``StepRecorder/take(isInstrumented:isSampling:checkpoint:)``.
        var isInstrumented: [Bool]
    }

    /// - Parameters:
    ///   - start: of the run.
    ///   - mostSteps: that are kept; later ones are taken all the same.
    init(
        _ step: any ProfiledStep, clock: any ExperimentClock, meter: (any EnergyMeter)?, start: MonotonicInstant,
        mostSteps: Int = 1
    ) {
        self.step = step
        self.clock = clock
        self.start = start
        self.meter = step.isInterrupted ? nil : meter
        accounts = self.meter?.countsProcessorTime == true ? ThreadCPUClocks() : nil
        counted = self.meter?.tree.counted ?? []
        order = step.passes
        // One more than is kept: a step is forgotten after it was taken.
        let steps = mostSteps + 1
        self.mostSteps = mostSteps
        taken.reserveCapacity(steps)
        moments.reserveCapacity(steps * 2 * order.count)
        looks.reserveCapacity(steps * (order.count + 1))
        counters.reserveCapacity(steps * (order.count + 1) * counted.count)
        everywhere = Array(repeating: true, count: order.count + 1)
        step.timeline.reset()
    }

    /// Runs one step and records it.
    ///
    /// - Parameters:
    ///   - isInstrumented: the passes before which the counters are looked at and whose kernels are marked, and one more
    ///     for the look after the last pass; all unless given.
    ///   - isSampling: whether the counters are looked at in this step.
    mutating func take(isInstrumented: [Bool]? = nil, isSampling: Bool = true, checkpoint: () throws -> Void) throws {
        let isInstrumented = isInstrumented ?? everywhere
        let timeline = step.timeline
        let (firstSpan, firstMoment, firstLook) = (timeline.spans.count, moments.count, looks.count)
        defer { timeline.isRecording = false }
        var loadSeconds = 0.0
        let cpuBefore = clock.cpuSeconds()
        let began = clock.now()
        for (place, pass) in order.enumerated() {
            timeline.isRecording = isInstrumented[place]
            if isSampling && isInstrumented[place] { try look(after: place) }
            if !isSampling && place >= order.count - Self.passesSettledForNextStep { accounts?.flush() }
            if step.needsPreparation(layer: pass.layer) {
                let loading = clock.now()
                try checkpoint()
                try step.prepare(layer: pass.layer)
                loadSeconds += clock.now().seconds(since: loading)
            }
            moments.append(clock.now())
            try step.run(pass)
            moments.append(clock.now())
        }
        if isSampling && isInstrumented[order.count] { try look(after: order.count) }
        let ended = clock.now()
        let sample = StepSample(
            seconds: ended.seconds(since: began) - loadSeconds, cpuSeconds: clock.cpuSeconds() - cpuBefore)
        if taken.count < mostSteps {
            taken.append(
                Taken(
                    sample: sample, lastUpdate: lastUpdate, began: began, ended: ended,
                    spans: firstSpan..<timeline.spans.count,
                    looks: firstLook..<looks.count, isInstrumented: isInstrumented))
        } else {
            timeline.forget(after: firstSpan)
            moments.removeLast(moments.count - firstMoment)
            counters.removeLast((looks.count - firstLook) * counted.count)
            looks.removeLast(looks.count - firstLook)
        }
    }

    private mutating func look(after boundary: Int) throws {
        guard let meter else { return }
        accounts?.flush()
        let instant = try MeterFailure.marking { () throws(KerfError) in try meter.readTotal(into: &counters) }
        looks.append((instant, boundary))
    }
}
