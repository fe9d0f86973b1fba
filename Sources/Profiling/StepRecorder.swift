import Calibration
import ProbeKit
import Statistics
import TransformerKernels

/// Takes whole steps with every instrument on: marks at layers and kernels, and a look at the meter between layers.
///
/// Within a step nothing is made, looked up or summed: moments and counters are appended to storage that was reserved
/// before. What they mean is worked out by ``steps(pair:)`` and ``ownCostPairs()``, after the burst.
struct StepRecorder {
    let step: any ProfiledStep
    private let clock: any ExperimentClock
    /// `nil` without a meter, and where loads lie between passes.
    let meter: (any EnergyMeter)?
    private let accounts: ThreadAccounts?
    let order: [LayerPass]
    private let counted: [EnergyDomain]
    /// Of the run.
    private let start: MonotonicInstant
    private let mostSteps: Int
    /// When the counters were updated last before the step that is taken next, where that is known.
    var lastUpdate: MonotonicInstant?

    private(set) var taken: [Taken] = []
    /// Before and after each pass.
    private(set) var moments: [MonotonicInstant] = []
    /// When the meter was looked at, after which pass (0 is before the first), and what each counter of its total showed.
    private var looks: [(instant: MonotonicInstant, boundary: Int)] = []
    private var counters: [UInt64] = []
    private let everywhere: [Bool]

    struct Taken {
        var sample: StepSample
        var lastUpdate: MonotonicInstant?
        var began: MonotonicInstant
        var ended: MonotonicInstant
        /// Places of the step's kernel marks and looks.
        var spans: Range<Int>
        var looks: Range<Int>
        /// See ``StepRecorder/take(isInstrumented:isLooking:checkpoint:)``.
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
        accounts = self.meter?.countsProcessorTime == true ? ThreadAccounts() : nil
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
    ///   - isLooking: whether the counters are looked at in this step.
    mutating func take(isInstrumented: [Bool]? = nil, isLooking: Bool = true, checkpoint: () throws -> Void) throws {
        let isInstrumented = isInstrumented ?? everywhere
        let timeline = step.timeline
        let (firstSpan, firstMoment, firstLook) = (timeline.spans.count, moments.count, looks.count)
        defer { timeline.isRecording = false }
        var loadSeconds = 0.0
        let cpuBefore = clock.cpuSeconds()
        let began = clock.now()
        for (place, pass) in order.enumerated() {
            timeline.isRecording = isInstrumented[place]
            if isLooking && isInstrumented[place] { try look(after: place) }
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
        if isLooking && isInstrumented[order.count] { try look(after: order.count) }
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
        accounts?.settle()
        looks.append((try meter.readTotal(into: &counters), boundary))
    }

    /// What each look took, where the layers had had the caches to themselves.
    var secondsOfLooks: [Double] {
        taken.enumerated().flatMap { index, step in
            step.looks.map { secondsBefore(pass: looks[$0].boundary, step: index) }
        }
    }

    /// Between a pass and the one before it, or the step's start or end: a look or nothing, and loads of weights.
    ///
    /// - Parameters:
    ///   - pass: its place; the number of passes for what comes after the last.
    ///   - step: the place of a recorded step.
    func secondsBefore(pass: Int, step: Int) -> Double {
        let first = step * 2 * order.count
        let begin = pass == 0 ? taken[step].began : moments[first + 2 * pass - 1]
        let end = pass == order.count ? taken[step].ended : moments[first + 2 * pass]
        return end.seconds(since: begin)
    }

    /// What a pass took, by its place.
    func seconds(of pass: Int, step: Int) -> Double {
        let first = step * 2 * order.count + 2 * pass
        return moments[first + 1].seconds(since: moments[first])
    }

    /// What was recorded, step by step.
    ///
    /// - Parameter pair: the number of the pair of bursts that the steps belong to.
    func steps(pair: Int) -> [InstrumentedStep] {
        taken.indices.map { index in
            var sample = taken[index].sample
            sample.pair = pair
            return InstrumentedStep(
                seconds: order.indices.map { seconds(of: $0, step: index) }, kernels: kernels(ofSteps: [index]),
                spanCount: taken[index].spans.count, lookCount: taken[index].looks.count, sample: sample,
                trace: trace(index, pair: pair))
        }
    }

    /// Seconds by kernel within each pass, of steps in which different passes were marked.
    func kernels(ofSteps steps: [Int]) -> [[Kernel: Double]] {
        let places = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
        var kernels = [[Kernel: Double]](repeating: [:], count: order.count)
        for span in steps.flatMap({ step.timeline.spans[taken[$0].spans] }) {
            guard let place = places[LayerPass(layer: Int(span.layer), direction: span.direction)] else { continue }
            kernels[place][span.kernel, default: 0] += Double(span.endNanoseconds - span.startNanoseconds) * 1e-9
        }
        return kernels
    }

    /// Time at each boundary and energy at each look; `nil` without looks, and where a counter allowed no single answer.
    private func trace(_ index: Int, pair: Int) -> StepTrace? {
        guard let first = taken[index].looks.first else { return nil }
        let (began, firstMoment) = (looks[first].instant, index * 2 * order.count)
        var seconds = [0.0] + order.indices.map { moments[firstMoment + 2 * $0 + 1].seconds(since: began) }
        for look in taken[index].looks { seconds[looks[look].boundary] = looks[look].instant.seconds(since: began) }
        var joules: [String: [Double?]] = [:]
        for (place, domain) in counted.enumerated() {
            guard let shown = self.joules(of: domain, at: place, looks: taken[index].looks) else { return nil }
            joules[domain.identifier] = shown
        }
        return StepTrace(
            startSeconds: began.seconds(since: start), pair: pair,
            staleSeconds: taken[index].lastUpdate.map(began.seconds(since:)), seconds: seconds, joules: joules)
    }

    /// What a counter showed at each boundary since the first look.
    private func joules(of domain: EnergyDomain, at place: Int, looks range: Range<Int>) -> [Double?]? {
        var joules = [Double?](repeating: nil, count: order.count + 1)
        var drawn = 0.0
        for look in range {
            if look > range.lowerBound {
                let here = look * counted.count + place
                let elapsed = looks[look].instant.seconds(since: looks[look - 1].instant)
                guard
                    let microjoules = try? domain.microjoules(
                        from: counters[here - counted.count], to: counters[here], elapsedSeconds: elapsed)
                else { return nil }
                drawn += Double(microjoules) * 1e-6
            }
            joules[looks[look].boundary] = drawn
        }
        return joules
    }
}

/// Times of one whole step with every instrument on.
struct InstrumentedStep {
    /// Of every pass, in the step's order.
    var seconds: [Double]
    /// Seconds by kernel within each pass.
    var kernels: [[Kernel: Double]]
    var spanCount: Int
    var lookCount: Int
    /// The whole step, instruments included, loads of weights left out.
    var sample: StepSample
    var trace: StepTrace?
}
