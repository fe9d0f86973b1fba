import Instrumentation
import ModelFiles
import SystemIO
import TransformerKernels
import Workload

/// The server's layers, on a thread of their own.
///
/// Devices may be cut at different layers: the layers in memory are those of the lowest cut so far.
actor ServerCompute {
    private nonisolated let thread: ComputeThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let source: any WeightSource
    private let activationCheckpointing: Bool
    private let makeEngine: EngineMaker
    private let recorder: ActivityRecorder
    private var settings = TrainingSettings()
    private var side: TrainingSide?
    private var cut = 0
    private var step = 0

    init(
        source: any WeightSource, activationCheckpointing: Bool, recorder: ActivityRecorder,
        engine: @escaping EngineMaker
    ) throws {
        thread = try ComputeThread()
        self.source = source
        self.activationCheckpointing = activationCheckpointing
        self.recorder = recorder
        makeEngine = engine
    }

    deinit { thread.end() }

    private var blockCount: Int { source.config.blockCount }

    /// Makes the layers of a cut ready; none at the last cut.
    ///
    /// - Parameter states: of the blocks after the cut.
    func prepare(cut: Int, settings: TrainingSettings, states: [AdapterState], step: Int) throws {
        self.cut = cut
        self.step = step
        guard cut < blockCount else { return }
        let layers = (cut == 0 ? 0 : cut + 1)...blockCount + 1
        if self.settings != settings || side.map({ $0.stack.layers.lowerBound > layers.lowerBound }) ?? true {
            side = nil
            self.settings = settings
            side = try TrainingSide(
                source: source, settings: settings, layers: layers, engine: makeEngine(settings.format),
                activationCheckpointing: activationCheckpointing)
        }
        side?.select(layers: layers)
        try side?.load(states, step: step)
    }

    /// Runs the server's layers on one micro-batch, forward and, unless it is an evaluation, backward.
    ///
    /// - Parameters:
    ///   - tokens: nil except at cut 0.
    ///   - activation: the smashed data, encoded; empty at cut 0.
    /// - Returns: the loss over `batchTargets`, and the gradient of the smashed data, encoded; empty at cut 0 and in an
    ///   evaluation.
    func run(
        index: Int, tokens: [Int32]?, targets: [Int32], batchTargets: Int, activation: [UInt8], isEvaluation: Bool
    ) throws -> (loss: Double, gradient: [UInt8]) {
        recorder.begin(.computing)
        defer { recorder.end(.computing) }
        let side = try ready()
        let codec = BoundaryCodec(settings: settings, hiddenSize: source.config.hiddenSize)
        try side.stack.setMicroBatch(tokens: tokens, targets: targets, batchTargets: batchTargets)
        if cut > 0 {
            guard let input = side.stack.activation(after: cut) else { throw notReady }
            try codec.activation.decode(activation, into: input)
        }
        let loss = try side.forward()
        if isEvaluation { return (loss, []) }
        try side.backward(isFirst: index == 0, isLast: index == settings.microBatches - 1)
        guard cut > 0 else { return (loss, []) }
        guard let gradient = side.stack.gradient(after: cut) else { throw notReady }
        return (loss, try codec.gradient.encode(gradient))
    }

    /// Squared gradient norms of the server's blocks.
    func squaredNorms() -> [Double] { cut < blockCount ? side?.squaredNorms() ?? [] : [] }

    /// The optimizer's step.
    ///
    /// - Parameter deviceNorms: squared gradient norms of the device's blocks.
    func update(deviceNorms: [Double]) throws {
        recorder.begin(.computing)
        defer { recorder.end(.computing) }
        let side = try ready()
        let factor = GradientClipping.factor(
            squaredNorms: deviceNorms + side.squaredNorms(), maximum: settings.maximumGradientNorm)
        try side.update(factor: factor, step: step)
        step += 1
    }

    /// Adapters and moments of the blocks after the cut.
    func adapterStates() -> [AdapterState] { cut < blockCount ? side?.adapterStates() ?? [] : [] }

    private func ready() throws -> TrainingSide {
        guard let side else { throw notReady }
        return side
    }

    private var notReady: KerfError { KerfError(.internalError, "the server's layers are not ready at cut \(cut)") }
}
