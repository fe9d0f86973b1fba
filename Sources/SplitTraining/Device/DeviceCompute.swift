import Instrumentation
import ModelFiles
import SystemIO
import TransformerKernels
import Workload

/// The device's layers, on a thread of their own.
actor DeviceCompute {
    private nonisolated let thread: ComputeThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let source: any WeightSource
    private let settings: TrainingSettings
    private let activationCheckpointing: Bool
    private let makeEngine: EngineMaker
    private let recorder: ActivityRecorder
    private let codec: BoundaryCodec
    private var side: TrainingSide?
    private var cut = 0
    private var slotCount = 0
    private var step = 0

    init(
        source: any WeightSource, settings: TrainingSettings, activationCheckpointing: Bool,
        recorder: ActivityRecorder, engine: @escaping EngineMaker
    ) throws {
        thread = try ComputeThread()
        self.source = source
        self.settings = settings
        self.activationCheckpointing = activationCheckpointing
        makeEngine = engine
        self.recorder = recorder
        codec = BoundaryCodec(settings: settings, hiddenSize: source.config.hiddenSize)
    }

    deinit { thread.end() }

    /// Makes the layers of a cut ready; none at cut 0.
    ///
    /// - Parameter states: of the blocks 1...cut.
    func prepare(cut: Int, states: [AdapterState], step: Int) throws {
        self.cut = cut
        self.step = step
        guard cut > 0 else {
            side = nil
            return
        }
        let isWhole = cut == source.config.blockCount
        let layers = 0...(isWhole ? cut + 1 : cut)
        // The whole model runs one micro-batch after the other.
        let slotCount = isWhole ? 1 : settings.microBatches
        // A side that has more layers is kept: the cut may change with every turn.
        if side.map({ $0.stack.layers.upperBound < layers.upperBound || self.slotCount < slotCount }) ?? true {
            // The old layers are released before the new ones are allocated.
            side = nil
            side = try TrainingSide(
                source: source, settings: settings, layers: layers, engine: makeEngine(settings.format),
                slotCount: slotCount, activationCheckpointing: activationCheckpointing)
            self.slotCount = slotCount
        }
        side?.select(layers: layers)
        try side?.load(states, step: step)
    }

    /// Runs the device's layers on one micro-batch.
    ///
    /// - Returns: the smashed data, encoded.
    func forward(_ part: StepBatch, index: Int, batchTargets: Int) throws -> [UInt8] {
        recorder.begin(.computing)
        defer { recorder.end(.computing) }
        let side = try ready()
        side.stack.select(slot: index)
        try side.stack.setMicroBatch(tokens: part.inputs, targets: nil, batchTargets: batchTargets)
        try side.forward(slot: index)
        guard let output = side.stack.activation(after: cut) else { throw notReady }
        return try codec.activation.encode(output)
    }

    /// - Parameter gradient: of the smashed data, encoded.
    func backward(index: Int, gradient: [UInt8]) throws {
        recorder.begin(.computing)
        defer { recorder.end(.computing) }
        let side = try ready()
        side.stack.select(slot: index)
        guard let target = side.stack.gradient(after: cut) else { throw notReady }
        try codec.gradient.decode(gradient, into: target)
        try side.backward(slot: index, isFirst: index == 0, isLast: index == settings.microBatches - 1)
    }

    /// Squared gradient norms of the device's blocks.
    func squaredNorms() -> [Double] { side?.squaredNorms() ?? [] }

    /// The optimizer's step.
    ///
    /// - Parameter squaredNorms: of all blocks of the model.
    func update(squaredNorms: [Double]) throws {
        defer { step += 1 }
        guard let side else { return }
        recorder.begin(.computing)
        defer { recorder.end(.computing) }
        let factor = GradientClipping.factor(squaredNorms: squaredNorms, maximum: settings.maximumGradientNorm)
        try side.update(factor: factor, step: step)
    }

    /// A whole step at the last cut.
    func train(_ batch: StepBatch) throws -> Double {
        recorder.begin(.computing)
        defer { recorder.end(.computing) }
        let trainer = UnsplitTrainer(side: try ready(), step: step)
        let loss = try trainer.train(batch)
        step = trainer.step
        return loss
    }

    /// The loss of a batch at the last cut.
    func evaluate(_ batch: StepBatch) throws -> Double { try UnsplitTrainer(side: try ready()).evaluate(batch) }

    func adapterStates() -> [AdapterState] { side?.adapterStates() ?? [] }

    private func ready() throws -> TrainingSide {
        guard let side else { throw notReady }
        return side
    }

    private var notReady: KerfError { KerfError(.internalError, "the device's layers are not ready at cut \(cut)") }
}
