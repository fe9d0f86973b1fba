import ProfileFormat
import Profiling
import Statistics
import SystemIO
import Workload

/// The step of another program, which runs it when asked and waits in between.
package final class MarkedStep: ProfiledStep {
    package let passes: [LayerPass]
    package let isInterrupted = false
    private let program: MarkedProgram
    private let hello: Hello
    /// Where each of ``passes`` is in the program's list.
    private let places: [Int]
    /// Where the optimizer's pass is in the program's list; `nil` for none.
    private let updatePlace: Int?
    /// The share of the optimizer's time that belongs to each of ``passes``: by the bytes of its adapters.
    private let updateShares: [Double]
    /// The pass that was prepared last; `nil` once steps have run, after which a program prepares it again.
    private var prepared: LayerPass?

    package init(_ program: MarkedProgram, _ hello: Hello) {
        self.program = program
        self.hello = hello
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
        _ = try program.check(try program.ask(.prepare(pass: place(of: pass))))
        prepared = pass
    }

    package func repeated(_ pass: LayerPass, seconds: Double, clock: any ExperimentClock) throws -> Int {
        let request = ServerMessage.repetition(pass: place(of: pass), seconds: seconds)
        let answer = try program.check(try program.ask(request, seconds: seconds))
        guard try times(answer).count == 1 else { throw broken("did not mark begin and end of a repeated pass") }
        return answer.count
    }

    private func place(of pass: LayerPass) -> Int { places[passes.firstIndex(of: pass) ?? 0] }

    package func secondsPerMark(clock: any ExperimentClock) throws -> Double {
        let count = 4096
        let answer = try program.check(try program.ask(.marks(count: count)))
        guard let times = try times(answer).first, times.markCount == count + 2 else {
            throw broken("did not write the \(count) marks that it was asked for")
        }
        return times.seconds / Double(count + 1)
    }

    // MARK: - Whole steps

    package func runUp(seconds: Double, clock: any ExperimentClock, checkpoint: () throws -> Void) throws {
        _ = try steps(in: try askForSteps(marked: false, seconds: seconds, atMost: .max), marked: false)
    }

    package func takePlainSteps(_ burst: Burst) throws -> (cost: Cost, samples: [StepSample]) {
        let (cost, steps) = try take(burst, marked: false)
        return (cost, samples(of: steps, cpuSeconds: cost.cpuSeconds, burst))
    }

    package func takeMarkedSteps(
        _ burst: Burst, isSampling: () -> Bool
    ) throws -> (cost: Cost?, count: Int, record: any BurstRecord) {
        let (cost, steps) = try take(burst, marked: true)
        let samples = samples(of: steps, cpuSeconds: cost.cpuSeconds, burst)
        let record = MarkedRecord(marked: zip(steps, samples).map(instrumented), plainSeconds: [])
        return (cost, steps.count, record.prefix(burst.maximumRecorded))
    }

    package func takeInterleavedSteps(
        _ burst: Burst, isSampling: () -> Bool, using generator: inout SeededGenerator
    ) throws -> (count: Int, record: any BurstRecord) {
        var record = MarkedRecord(marked: [], plainSeconds: [])
        var count = 0
        try burst.repeating {
            let isMarkedFirst = Bool.random(using: &generator)
            for isMarked in [isMarkedFirst, !isMarkedFirst] {
                let cpuBefore = burst.clock.cpuSeconds()
                let answer = try askForSteps(marked: isMarked, seconds: 0, atMost: 1)
                let cpuSeconds = burst.clock.cpuSeconds() - cpuBefore
                let steps = try steps(in: answer, marked: isMarked)
                count += steps.count
                if isMarked {
                    record.marked += zip(steps, samples(of: steps, cpuSeconds: cpuSeconds, burst)).map(instrumented)
                } else {
                    record.plainSeconds += steps.map(\.seconds)
                }
            }
        }
        return (count, record.prefix(burst.maximumRecorded))
    }

    /// Takes steps in a window. Only the work and the two messages around it lie within.
    private func take(_ burst: Burst, marked: Bool) throws -> (cost: Cost, steps: [MarkedTimes]) {
        var answer: MarkedProgram.RawAnswer?
        var cost = try burst.interval.cost { _ in
            answer = try askForSteps(marked: marked, seconds: burst.seconds ?? 0, atMost: burst.maximumCount)
        }
        guard let answer else { return (cost, []) }
        let steps = try steps(in: answer, marked: marked)
        if let first = steps.first, let last = steps.last { cost.seconds = last.ended.seconds(since: first.began) }
        return (cost, steps)
    }

    private func askForSteps(marked: Bool, seconds: Double, atMost: Int) throws -> MarkedProgram.RawAnswer {
        // As many as the shared memory has room for, should each pass begin once a micro-batch.
        let begins = min(max(8, hello.workload.microBatches ?? 1), 1024)
        let marksPerStep = marked ? 2 + begins * hello.passes.count : 2
        let limit = min(atMost, max(1, MarkerMemory.capacity / marksPerStep))
        // What a program does to prepare a pass again is kept out of the pass's window.
        prepared = nil
        let request = ServerMessage.steps(marked: marked, seconds: seconds, atMost: limit)
        return try program.ask(request, seconds: seconds)
    }

    private func steps(in raw: MarkedProgram.RawAnswer, marked: Bool) throws -> [MarkedTimes] {
        let answer = try program.check(raw)
        let steps = try times(answer)
        guard steps.count == answer.count else {
            throw broken("said that it ran \(answer.count) steps, and marked \(steps.count)")
        }
        guard marked else { return steps }
        for step in steps {
            guard let missing = places.indices.first(where: { step.passes[places[$0]] <= 0 }) else { continue }
            throw broken("did not mark \(passes[missing]) in a step")
        }
        return steps
    }

    private func times(_ answer: MarkedProgram.Answer) throws -> [MarkedTimes] {
        let count = hello.passes.count
        switch MarkedTimes.steps(of: answer.marks, passCount: count, from: answer.began, to: answer.ended) {
        case .success(let steps): return steps
        case .failure(let fault): throw broken("wrote \(fault.rawValue)")
        }
    }

    private func broken(_ what: String) -> KerfError {
        KerfError(.programFailed, "the program's client (\(PlainText.shown(hello.client, limit: 60))) \(what)")
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

    func prefix(_ count: Int) -> MarkedRecord {
        MarkedRecord(marked: Array(marked.prefix(count)), plainSeconds: Array(plainSeconds.prefix(count)))
    }

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
