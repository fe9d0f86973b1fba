import ModelFiles
import SystemIO
import TransformerKernels

/// The whole training in one process, on a thread of its own.
package actor UnsplitRun {
    private nonisolated let thread: ComputeThread
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let source: any WeightSource
    private let settings: TrainingSettings
    private let activationCheckpointing: Bool
    private let makeEngine: EngineMaker

    package init(
        source: any WeightSource, settings: TrainingSettings, activationCheckpointing: Bool = false,
        engine: @escaping EngineMaker
    ) throws {
        thread = try ComputeThread()
        self.source = source
        self.settings = settings
        self.activationCheckpointing = activationCheckpointing
        makeEngine = engine
    }

    deinit { thread.end() }

    /// - Returns: all steps as one turn, and the parameters of all blocks.
    /// - Throws: ``KerfError``; `CancellationError` between two steps.
    package func run(
        steps: Int, validation: [StepBatch], batch: @Sendable (Int) -> StepBatch,
        report: @Sendable (DeviceSession.Event) -> Void
    ) throws -> (turn: DeviceSession.Turn, parameters: [[Float]]) {
        let blockCount = source.config.blockCount
        let side = try TrainingSide(
            source: source, settings: settings, layers: 0...blockCount + 1, engine: makeEngine(settings.format),
            activationCheckpointing: activationCheckpointing)
        let trainer = UnsplitTrainer(side: side)
        var turn = DeviceSession.Turn()
        turn.cut = blockCount
        turn.number = 1
        turn.validationBefore = try loss(validation, trainer)
        let clock = ContinuousClock()
        for step in 0..<steps {
            try Task.checkCancellation()
            let start = clock.now
            turn.losses.append(try trainer.train(batch(step)))
            turn.stepSeconds.append(start.duration(to: clock.now) / .seconds(1))
            report(.step(step + 1, loss: turn.losses[step], seconds: turn.stepSeconds[step]))
        }
        turn.validationAfter = try loss(validation, trainer)
        return (turn, side.adapterStates().map(\.parameters))
    }

    private func loss(_ validation: [StepBatch], _ trainer: UnsplitTrainer) throws -> Double? {
        guard !validation.isEmpty else { return nil }
        let count = validation.reduce(0) { $0 + $1.targetCount }
        return try validation.reduce(0) { sum, batch in
            try Task.checkCancellation()
            return try sum + trainer.evaluate(batch) * Double(batch.targetCount)
        } / Double(count)
    }
}
