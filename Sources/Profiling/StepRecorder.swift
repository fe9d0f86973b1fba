import Calibration
import ProbeKit
import Statistics
import TransformerKernels

/// Takes whole steps with every instrument on: marks at layers and kernels, and a look at the meter between layers.
///
/// Within a step nothing is made, looked up or summed: moments and counters are appended to storage that was reserved
/// before. What they mean is worked out by ``steps(pair:)``, after the burst.
struct StepRecorder {
    private let step: any ProfiledStep
    private let clock: any ExperimentClock
    /// `nil` without a meter, and where loads lie between passes.
    private let meter: (any EnergyMeter)?
    private let accounts: ThreadAccounts?
    private let order: [LayerPass]
    private let counted: [EnergyDomain]
    /// Of the run.
    private let start: MonotonicInstant
    private let mostSteps: Int
    private let lookShare: Double
    private var generator: SeededGenerator

    private var taken: [Taken] = []
    /// Before and after each pass.
    private var moments: [MonotonicInstant] = []
    /// When the meter was looked at, after which pass (0 is before the first), and what each counter of its total showed.
    private var looks: [(instant: MonotonicInstant, boundary: Int)] = []
    private var counters: [UInt64] = []
    /// The boundaries that the next step looks at.
    private var isLook: [Bool]

    private struct Taken {
        var sample: StepSample
        /// Places of the step's kernel marks and looks.
        var spans: Range<Int>
        var looks: Range<Int>
    }

    /// - Parameters:
    ///   - start: of the run.
    ///   - mostSteps: that are kept; later ones are taken all the same.
    ///   - lookShare: of the boundaries between layers, those at which the meter is looked at; drawn anew for every step.
    init(
        _ step: any ProfiledStep, clock: any ExperimentClock, meter: (any EnergyMeter)?, start: MonotonicInstant,
        mostSteps: Int = 1, lookShare: Double = 1, generator: SeededGenerator = SeededGenerator(seed: 0)
    ) {
        self.lookShare = lookShare
        self.generator = generator
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
        isLook = Array(repeating: true, count: order.count + 1)
        step.timeline.reset()
    }

    /// Runs one step and records it.
    mutating func take(checkpoint: () throws -> Void) throws {
        let timeline = step.timeline
        let (firstSpan, firstMoment, firstLook) = (timeline.spans.count, moments.count, looks.count)
        drawLooks()
        timeline.isRecording = true
        defer { timeline.isRecording = false }
        var loadSeconds = 0.0
        let cpuBefore = clock.cpuSeconds()
        let began = clock.now()
        try look(after: 0)
        for (place, pass) in order.enumerated() {
            if step.needsPreparation(layer: pass.layer) {
                let loading = clock.now()
                try checkpoint()
                try step.prepare(layer: pass.layer)
                loadSeconds += clock.now().seconds(since: loading)
            }
            moments.append(clock.now())
            try step.run(pass)
            moments.append(clock.now())
            try look(after: place + 1)
        }
        let seconds = clock.now().seconds(since: began) - loadSeconds
        let sample = StepSample(seconds: seconds, cpuSeconds: clock.cpuSeconds() - cpuBefore)
        if taken.count < mostSteps {
            taken.append(
                Taken(sample: sample, spans: firstSpan..<timeline.spans.count, looks: firstLook..<looks.count))
        } else {
            timeline.forget(after: firstSpan)
            moments.removeLast(moments.count - firstMoment)
            counters.removeLast((looks.count - firstLook) * counted.count)
            looks.removeLast(looks.count - firstLook)
        }
    }

    /// Always before the first pass, which the energy of the others counts from.
    private mutating func drawLooks() {
        guard lookShare < 1 else { return }
        for boundary in isLook.indices.dropFirst() { isLook[boundary] = generator.uniform() < lookShare }
    }

    private mutating func look(after boundary: Int) throws {
        guard let meter, isLook[boundary] else { return }
        accounts?.settle()
        looks.append((try meter.readTotal(into: &counters), boundary))
    }

    /// What was recorded, step by step.
    ///
    /// - Parameter pair: the number of the pair of bursts that the steps belong to.
    func steps(pair: Int) -> [InstrumentedStep] {
        let places = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
        return taken.indices.map { index in
            var kernels = [[Kernel: Double]](repeating: [:], count: order.count)
            for span in step.timeline.spans[taken[index].spans] {
                guard let place = places[LayerPass(layer: Int(span.layer), direction: span.direction)] else { continue }
                kernels[place][span.kernel, default: 0] += Double(span.endNanoseconds - span.startNanoseconds) * 1e-9
            }
            let first = index * 2 * order.count
            var sample = taken[index].sample
            sample.pair = pair
            return InstrumentedStep(
                seconds: order.indices.map { moments[first + 2 * $0 + 1].seconds(since: moments[first + 2 * $0]) },
                kernels: kernels, spanCount: taken[index].spans.count, sample: sample, trace: trace(index))
        }
    }

    /// Time at each boundary and total energy at each look; `nil` without looks, and where a counter allowed no single
    /// answer.
    private func trace(_ index: Int) -> StepTrace? {
        guard let first = taken[index].looks.first else { return nil }
        let (began, firstMoment) = (looks[first].instant, index * 2 * order.count)
        var seconds = [0.0] + order.indices.map { moments[firstMoment + 2 * $0 + 1].seconds(since: began) }
        var joules = [Double?](repeating: nil, count: order.count + 1)
        var drawn = 0.0
        for look in taken[index].looks {
            if look > first {
                guard let more = joulesSinceLook(before: look) else { return nil }
                drawn += more
            }
            seconds[looks[look].boundary] = looks[look].instant.seconds(since: began)
            joules[looks[look].boundary] = drawn
        }
        return StepTrace(startSeconds: began.seconds(since: start), seconds: seconds, joules: joules)
    }

    private func joulesSinceLook(before look: Int) -> Double? {
        let elapsed = looks[look].instant.seconds(since: looks[look - 1].instant)
        var joules = 0.0
        for (place, domain) in counted.enumerated() {
            let here = look * counted.count + place
            guard
                let microjoules = try? domain.microjoules(
                    from: counters[here - counted.count], to: counters[here], elapsedSeconds: elapsed)
            else { return nil }
            joules += Double(microjoules) * 1e-6
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
    /// The whole step, instruments included, loads of weights left out.
    var sample: StepSample
    var trace: StepTrace?
}
