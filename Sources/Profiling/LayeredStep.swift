import ProfileFormat
import Statistics
import SystemIO
import TransformerKernels
import Workload

/// A step in this process, which runs layer by layer.
///
/// One step is every layer forward in order, then every layer backward in reverse, each block's AdamW at the end of its
/// backward pass.
package protocol LayeredStep: ProfiledStep {
    /// L + 2 for a model of L blocks; 1 in the self-test.
    var layerCount: Int { get }
    var timeline: KernelTimeline { get }

    /// Whether the layer's weights have to be loaded before it runs.
    func needsPreparation(layer: Int) -> Bool
    /// Loads the layer's weights. Kept out of every window: a side of a split has its weights loaded.
    func prepare(layer: Int) throws
    /// Runs one pass. Repeating a pass gives the same result.
    func run(layer: Int, _ direction: Direction) throws
}

extension LayeredStep {
    /// The embedding is frozen, so nothing runs backward through it.
    package var passes: [LayerPass] {
        (0..<layerCount).map { LayerPass(layer: $0, direction: .forward) }
            + (1..<layerCount).reversed().map { LayerPass(layer: $0, direction: .backward) }
    }

    package func run(_ pass: LayerPass) throws {
        try run(layer: pass.layer, pass.direction)
    }

    package var isInterrupted: Bool { passes.contains { needsPreparation(layer: $0.layer) } }

    package func prepare(_ pass: LayerPass) throws {
        if needsPreparation(layer: pass.layer) { try prepare(layer: pass.layer) }
    }

    package func repeated(_ pass: LayerPass, seconds: Double, clock: any ExperimentClock) throws -> Int {
        let began = clock.now()
        var iterations = 0
        repeat {
            try run(pass)
            iterations += 1
        } while clock.now().seconds(since: began) < seconds
        return iterations
    }

    package func secondsPerMark(clock: any ExperimentClock) throws -> Double {
        let count = 4096
        let timeline = KernelTimeline(capacity: count)
        timeline.isRecording = true
        let began = clock.now()
        for _ in 0..<count { timeline.measure(.gradientConversion) {} }
        return clock.now().seconds(since: began) / Double(count)
    }

    // MARK: - Whole steps

    package func runUp(seconds: Double, clock: any ExperimentClock, checkpoint: () throws -> Void) throws {
        let began = clock.now()
        repeat {
            try checkpoint()
            for pass in passes {
                try prepare(pass)
                try run(pass)
            }
        } while clock.now().seconds(since: began) < seconds
    }

    package func takePlainSteps(_ burst: Burst) throws -> (cost: Cost, samples: [StepSample]) {
        if isInterrupted {
            let began = burst.clock.now().seconds(since: burst.start)
            let cost = try costOfInterruptedStep(burst)
            let sample = StepSample(
                seconds: cost.seconds, cpuSeconds: cost.cpuSeconds, pair: burst.pair, startSeconds: began)
            return (cost, [sample])
        }
        var samples: [StepSample] = []
        samples.reserveCapacity(burst.maximumRecorded)
        let order = passes
        let cost = try burst.interval.cost { _ in
            try burst.repeating { samples.append(try timeOfWholeStep(order, burst)) }
        }
        return (cost, samples)
    }

    package func takeMarkedSteps(
        _ burst: Burst, isSampling: () -> Bool
    ) throws -> (cost: Cost?, count: Int, record: any BurstRecord) {
        var recorder = StepRecorder(self, burst, maximumSteps: burst.maximumRecorded)
        if isInterrupted {
            // Weights are loaded within the step, so there is no window around it.
            try recorder.take(isSampling: false, checkpoint: burst.checkpoint)
            return (nil, 1, recorder.recorded)
        }
        var count = 0
        let cost = try burst.interval.cost { opening in
            recorder.lastUpdate = opening
            try burst.repeating {
                // The first step of a burst begins right after an update, and all updates within it come at about
                // the same places: not at moments like any other.
                let isAligned = burst.seconds != nil && count == 0
                try recorder.take(isSampling: !isAligned && isSampling(), checkpoint: burst.checkpoint)
                recorder.lastUpdate = nil
                count += 1
            }
        }
        return (cost, count, recorder.recorded)
    }

    package func takeInterleavedSteps(
        _ burst: Burst, isSampling: () -> Bool, using generator: inout SeededGenerator
    ) throws -> (count: Int, record: any BurstRecord) {
        var recorder = StepRecorder(self, burst, maximumSteps: 2 * burst.maximumRecorded)
        var count = 0
        try burst.repeating {
            try recorder.runInterleaved(isSampling: isSampling(), using: &generator, checkpoint: burst.checkpoint)
            count += 2
        }
        return (count, recorder.recorded)
    }

    /// Cost of one whole step without loading weights. The passes between two loads are one interval, which begins and
    /// ends at updates of the counters, since loading draws another power than computing.
    private func costOfInterruptedStep(_ burst: Burst) throws -> Cost {
        var total = Cost()
        var pending = passes[...]
        while let next = pending.first {
            try burst.checkpoint()
            try prepare(next)
            total += try burst.interval.cost { _ in
                repeat {
                    try run(pending.removeFirst())
                } while pending.first.map { !needsPreparation(layer: $0.layer) } ?? false
            }
        }
        return total
    }

    /// Time of one whole step with all weights in memory.
    ///
    /// - Parameter order: the step's passes.
    private func timeOfWholeStep(_ order: [LayerPass], _ burst: Burst) throws -> StepSample {
        let cpuBefore = burst.clock.cpuSeconds()
        let began = burst.clock.now()
        for pass in order { try run(pass) }
        let ended = burst.clock.now()
        return StepSample(
            seconds: ended.seconds(since: began), cpuSeconds: burst.clock.cpuSeconds() - cpuBefore, pair: burst.pair,
            startSeconds: began.seconds(since: burst.start))
    }
}

/// The step that `kerf profile` measures: all layers of a model.
extension LayerStack: LayeredStep {
    package var layerCount: Int { layers.count }

    package func needsPreparation(layer: Int) -> Bool { !isPrepared(layer: layer) }

    package func run(layer: Int, _ direction: Direction) throws {
        switch direction {
        case .forward:
            try forward(layer: layer)
        case .backward:
            try backward(layer: layer)
            try update(layer: layer)
        }
    }
}
