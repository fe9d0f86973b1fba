import ProfileFormat
import Profiling
import Statistics
import SystemIO
import Workload

/// The training step of another program, which runs it when asked and waits in between.
package final class MarkedStep: ProfiledStep {
    package let passes: [LayerPass]
    package let isInterrupted = false
    private let program: MarkedProgram
    private let hello: Hello
    private let shouldStop: () -> Bool
    /// Where each of ``passes`` is in the program's list.
    private let places: [Int]
    /// Where the optimizer's pass is in the program's list; `nil` for none.
    private let updatePlace: Int?
    /// The share of the optimizer's time that belongs to each of ``passes``: by the bytes of its adapters.
    private let updateShares: [Double]
    /// The pass that was prepared last; `nil` once steps have run, after which a program prepares it again.
    private var prepared: LayerPass?

    /// - Parameter shouldStop: asked while the program works; `true` ends the run with ``KerfError/Code/interrupted``.
    package init(_ program: MarkedProgram, _ hello: Hello, shouldStop: @escaping () -> Bool = { false }) {
        self.program = program
        self.hello = hello
        self.shouldStop = shouldStop
        var (passes, places): ([LayerPass], [Int]) = ([], [])
        for (place, pass) in hello.passes.enumerated() {
            switch pass {
            case .forward(let layer): passes.append(LayerPass(layer: layer, direction: .forward))
            case .backward(let layer): passes.append(LayerPass(layer: layer, direction: .backward))
            case .update: continue
            }
            places.append(place)
        }
        self.passes = passes
        self.places = places
        updatePlace = hello.passes.firstIndex(of: .update)
        let trainable = passes.map { $0.direction == .backward ? Double(hello.layers[$0.layer].trainable) : 0 }
        let sum = trainable.reduce(0, +)
        // Without trainable parameters in any of them the optimizer belongs to the last pass.
        updateShares = sum > 0 ? trainable.map { $0 / sum } : passes.indices.map { $0 == passes.count - 1 ? 1 : 0 }
    }

    /// Whether the program can run one pass alone.
    package var canRepeat: Bool { hello.can.contains("repeat") }

    // MARK: - One pass

    package func prepare(_ pass: LayerPass) throws {
        guard pass != prepared else { return }
        _ = try program.ask(.prepare(pass: place(of: pass)), checkpoint: checkpoint)
        prepared = pass
    }

    package func repeated(_ pass: LayerPass, seconds: Double, clock: any ExperimentClock) throws -> Int {
        let request = ServerMessage.repetition(pass: place(of: pass), seconds: seconds)
        let answer = try program.ask(request, seconds: seconds, checkpoint: checkpoint)
        _ = try times(answer)
        return answer.count
    }

    private func place(of pass: LayerPass) -> Int { places[passes.firstIndex(of: pass) ?? 0] }

    package func secondsPerMark(clock: any ExperimentClock) throws -> Double {
        let count = 4096
        let answer = try program.ask(.marks(count: count), checkpoint: checkpoint)
        guard let times = try times(answer).first, times.markCount > 2 else { return 0 }
        return times.seconds / Double(times.markCount - 1)
    }

    // MARK: - Whole steps

    package func runUp(seconds: Double, clock: any ExperimentClock, checkpoint: () throws -> Void) throws {
        _ = try steps(marked: false, seconds: seconds, atMost: .max)
    }

    package func takePlainSteps(_ burst: Burst) throws -> (cost: Cost, samples: [StepSample]) {
        var steps: [MarkedTimes] = []
        let cost = try burst.interval.cost { _ in
            steps = try self.steps(marked: false, seconds: burst.seconds ?? 0, atMost: burst.maximumCount)
        }
        return (cost, samples(of: steps, cpuSeconds: cost.cpuSeconds, burst))
    }

    package func takeMarkedSteps(
        _ burst: Burst, isSampling: () -> Bool
    ) throws -> (cost: Cost?, count: Int, record: any BurstRecord) {
        var steps: [MarkedTimes] = []
        let cost = try burst.interval.cost { _ in
            steps = try self.steps(marked: true, seconds: burst.seconds ?? 0, atMost: burst.maximumCount)
        }
        let samples = samples(of: steps, cpuSeconds: cost.cpuSeconds, burst)
        let recorded = zip(steps, samples).prefix(burst.maximumRecorded).map(instrumented)
        return (cost, steps.count, MarkedRecord(marked: Array(recorded), plainSeconds: []))
    }

    package func takeInterleavedSteps(
        _ burst: Burst, isSampling: () -> Bool, using generator: inout SeededGenerator
    ) throws -> (count: Int, record: any BurstRecord) {
        var record = MarkedRecord(marked: [], plainSeconds: [])
        var count = 0
        let began = burst.clock.now()
        repeat {
            let isMarkedFirst = Bool.random(using: &generator)
            for isMarked in [isMarkedFirst, !isMarkedFirst] {
                let cpuBefore = burst.clock.cpuSeconds()
                guard let step = try steps(marked: isMarked, seconds: 0, atMost: 1).first else { continue }
                if isMarked {
                    let cpuSeconds = burst.clock.cpuSeconds() - cpuBefore
                    let samples = samples(of: [step], cpuSeconds: cpuSeconds, burst)
                    record.marked.append(instrumented(step, samples[0]))
                } else {
                    record.plainSeconds.append(step.seconds)
                }
                count += 1
            }
        } while record.marked.count < burst.maximumRecorded
            && burst.clock.now().seconds(since: began) < burst.seconds ?? 0
        return (count, record)
    }

    private func steps(marked: Bool, seconds: Double, atMost: Int) throws -> [MarkedTimes] {
        // As many as the shared memory has room for, should each pass begin several times.
        let marksPerStep = marked ? 2 + 8 * hello.passes.count : 2
        let limit = min(atMost, max(1, MarkerMemory.capacity / marksPerStep))
        // What a program does to prepare a pass again is kept out of the pass's window.
        prepared = nil
        let request = ServerMessage.steps(marked: marked, seconds: seconds, atMost: limit)
        let answer = try program.ask(request, seconds: seconds, checkpoint: checkpoint)
        let steps = try times(answer)
        guard steps.count == answer.count else {
            throw broken("said that it ran \(answer.count) steps, and marked \(steps.count)")
        }
        if marked, let bare = steps.first(where: { $0.markCount <= 2 }) {
            throw broken("ran a step without marks that was to have them (\(bare.markCount) of them)")
        }
        return steps
    }

    private func times(
        _ answer: (count: Int, marks: [Mark], began: MonotonicInstant, ended: MonotonicInstant)
    ) throws -> [MarkedTimes] {
        let count = hello.passes.count
        switch MarkedTimes.steps(of: answer.marks, passCount: count, from: answer.began, to: answer.ended) {
        case .success(let steps): return steps
        case .failure(let fault): throw broken("wrote \(fault.rawValue)")
        }
    }

    private func broken(_ what: String) -> KerfError {
        KerfError(.programFailed, "the program's client (\(PlainText.shown(hello.client, limit: 60))) \(what)")
    }

    private func checkpoint() throws {
        if shouldStop() { throw KerfError(.interrupted, "interrupted; nothing was written") }
    }

    /// The processor time of a burst is known as a whole, and divided evenly.
    private func samples(of steps: [MarkedTimes], cpuSeconds: Double, _ burst: Burst) -> [StepSample] {
        steps.map {
            StepSample(
                seconds: $0.seconds, cpuSeconds: cpuSeconds / Double(steps.count), pair: burst.pair,
                startSeconds: $0.began.seconds(since: burst.start))
        }
    }

    private func instrumented(_ step: MarkedTimes, _ sample: StepSample) -> InstrumentedStep {
        var seconds = places.map { step.passes[$0] }
        var kernels = [[Kernel: Double]](repeating: [:], count: seconds.count)
        if let updatePlace {
            for place in seconds.indices where updateShares[place] > 0 {
                let share = updateShares[place] * step.passes[updatePlace]
                seconds[place] += share
                kernels[place][.adamW] = share
            }
        }
        return InstrumentedStep(seconds: seconds, kernels: kernels, markCount: step.markCount, sample: sample)
    }
}

/// The marked steps of a burst, and the plain ones beside them where it was interleaved.
private struct MarkedRecord: BurstRecord {
    var marked: [InstrumentedStep]
    var plainSeconds: [Double]

    let samplingTimes: [Double] = []

    func steps(pair: Int) -> [InstrumentedStep] {
        marked.map { step in
            var step = step
            step.sample.pair = pair
            return step
        }
    }

    func interleavedSteps(pair: Int) -> [InstrumentedStep] { steps(pair: pair) }

    func instrumentationOverheadPairs() -> [InstrumentationOverheadPair] {
        zip(marked, plainSeconds).map { marked, plain in
            InstrumentationOverheadPair(
                instrumentedSeconds: [marked.sample.seconds], plainSeconds: [plain], samplingSeconds: 0)
        }
    }
}
