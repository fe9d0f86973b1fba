import ModelFiles
import Statistics
import SystemIO
import TransformerKernels
import Workload

/// The training step that a run measures, and the threads and library that run it.
package struct TrainingWorkload: Sendable {
    package var batch: BatchShape
    package var lora: LoRAConfiguration
    package var format: NumberFormat
    /// Threads of the kernels; `nil` for one per processor.
    package var threads: Int?
    /// Whether each thread is bound to its own processor.
    package var isPinned: Bool
    /// Linear algebra library by name; `nil` for the best that is installed.
    package var engineName: String?
    /// Which blocks' weights stay in memory; `nil` decides by their size.
    package var residency: ResidencyRequest
    /// Whether a block's backward pass recomputes its forward pass.
    package var activationCheckpointing: Bool

    package init(
        batch: BatchShape, lora: LoRAConfiguration, format: NumberFormat = .f32, threads: Int? = nil,
        isPinned: Bool = false, engineName: String? = nil, residency: ResidencyRequest = .automatic,
        activationCheckpointing: Bool = false
    ) {
        self.batch = batch
        self.lora = lora
        self.format = format
        self.threads = threads
        self.isPinned = isPinned
        self.engineName = engineName
        self.residency = residency
        self.activationCheckpointing = activationCheckpointing
    }

    /// Whether all weights stay in memory.
    package enum ResidencyRequest: Sendable, Hashable {
        /// All of them when they take up to ``automaticLimitBytes``.
        case automatic
        case all
        /// One block at a time.
        case one

        package static let automaticLimitBytes = 3 << 29

        /// Random weights need not be read again: one block is used for all, at the same cost.
        func residency(for source: any WeightSource, format: NumberFormat) -> WeightResidency {
            let one: WeightResidency = source.kind == .random ? .shared : .streaming
            switch self {
            case .all: return .resident
            case .one: return one
            case .automatic:
                let (model, formats) = (source.config, MatrixFormats(source))
                let bytes = model.roles.filter(\.isMatrix).reduce(0) {
                    $0 + formats.byteCount(of: $1, model: model, format: format)
                }
                // Blocks of different formats cannot take turns in one memory.
                let areAlike = formats.areAlike(blocks: 0..<model.blockCount)
                return bytes <= Self.automaticLimitBytes || !areAlike ? .resident : one
            }
        }
    }

    /// The engine, with its threads bound where requested.
    ///
    /// - Parameters:
    ///   - quantized: whether weights are quantized in memory.
    ///   - processors: those to run on, with at most one thread each; `nil` for all.
    package func matrixEngine(quantized: Bool, on processors: [Int]? = nil) throws -> any MatrixEngine {
        let count = processors.map { min(threads ?? .max, $0.count) } ?? threads
        let engine =
            try engineName.map { try MatrixEngines.named($0, threadCount: count) }
            ?? MatrixEngines.default(for: format, quantized: quantized, threadCount: count)
        try engine.check(format)
        if let processors, !ThreadTeam(count: engine.threadCount).bind(to: processors) {
            throw KerfError(
                .unavailable, "threads cannot be bound to the processors \(CPUList.text(of: processors))")
        }
        if isPinned, !ThreadTeam(count: engine.threadCount).pin() {
            throw KerfError(
                .unavailable, "\(engine.threadCount) threads cannot be bound to a processor each",
                remedy: .withoutPinning)
        }
        return engine
    }

    /// All layers of the model, ready to run on random tokens.
    package func stack(
        source: any WeightSource, engine: any MatrixEngine, seed: UInt64
    ) throws -> LayerStack {
        let model = source.config
        let stack = try LayerStack(
            model: model, weights: source, lora: lora, batch: batch, layers: 0...(model.blockCount + 1),
            engine: engine, format: format, residency: residency.residency(for: source, format: format),
            activationCheckpointing: activationCheckpointing, seed: seed, timeline: KernelTimeline())
        // A layer's backward pass is repeated with its update. A learning rate of 0 costs the same and moves nothing, so
        // that the last repetition computes what the first did.
        stack.optimizer.learningRate = 0
        stack.isPinned = isPinned
        var generator = SeededGenerator(seed: seed)
        let tokens = (0..<batch.tokenCount).map { _ in
            Int32.random(in: 0..<Int32(model.vocabularySize), using: &generator)
        }
        try stack.setTokens(tokens, targets: Array(tokens.dropFirst() + tokens.prefix(1)))
        return stack
    }

    /// The model's first block alone, with random numbers as its input and its output's gradient.
    package func block(source: any WeightSource, engine: any MatrixEngine) throws -> LayerStack {
        let stack = try LayerStack(
            model: source.config, weights: source, lora: lora, batch: batch, layers: 1...1, engine: engine,
            format: format, residency: .resident, activationCheckpointing: activationCheckpointing, seed: 1,
            timeline: KernelTimeline())
        stack.isPinned = isPinned
        var generator = SeededGenerator(seed: 1)
        for buffer in [stack.input, stack.outputGradient].compactMap(\.self) {
            for index in buffer.indices { buffer[index] = Float.random(in: -1...1, using: &generator) }
        }
        return stack
    }
}
