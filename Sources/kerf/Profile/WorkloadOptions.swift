import ArgumentParser
import ModelFiles
import Statistics
import TransformerKernels

/// The training step that is run, and on what.
struct WorkloadOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Sequences in a batch.", valueName: "number"))
    var batch = 1

    @Option(help: ArgumentHelp("Tokens in a sequence.", valueName: "number"))
    var seq = 128

    @Option(help: ArgumentHelp("Rank of the LoRA adapters.", valueName: "number"))
    var rank = 8

    @Option(help: ArgumentHelp("Projections with adapters: q, k, v, o, gate, up, down, or all.", valueName: "list"))
    var targets = "q,v"

    @Option(help: ArgumentHelp("Threads of the kernels. (default: one a processor)", valueName: "number"))
    var threads: Int?

    @Flag(help: "Bind each thread to a processor of its own.")
    var pin = false

    @Option(help: ArgumentHelp("Linear algebra library: onednn or openblas.", valueName: "name"))
    var engine: String?

    @Option(
        help: ArgumentHelp("Number format of weights and activations; sums are f32.", valueName: "f32|bf16"))
    var dtype = FormatChoice.f32

    @Option(
        help: ArgumentHelp(
            "Keep all weights in memory, or one block at a time. auto keeps all when they take up to 1.5 GiB.",
            valueName: "auto|all|one"))
    var residency = ResidencyChoice.auto

    func validate() throws {
        for (name, value) in [("--batch", batch), ("--seq", seq), ("--rank", rank)] {
            guard (1...1_000_000).contains(value) else {
                throw ValidationError("\(name) must be between 1 and 1000000, not \(value)")
            }
        }
        if let threads, !(1...MatrixEngines.processorCount).contains(threads) {
            throw ValidationError("--threads must be between 1 and \(MatrixEngines.processorCount), not \(threads)")
        }
        if let engine, !MatrixEngines.names.contains(engine) {
            throw ValidationError("--engine must be \(MatrixEngines.names.joined(separator: " or ")), not '\(engine)'")
        }
        _ = try projections()
    }

    func projections() throws -> [Projection] {
        if targets == "all" { return Projection.allCases }
        return try targets.split(separator: ",", omittingEmptySubsequences: false).map { name in
            guard let projection = Projection(rawValue: String(name)) else {
                let known = Projection.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--targets: '\(name)' is none of \(known); example: --targets q,v")
            }
            return projection
        }
    }

    /// LoRA with alpha twice the rank, the usual choice; it scales numbers and costs nothing.
    func lora() throws -> LoRAConfiguration {
        LoRAConfiguration(rank: rank, alpha: Double(2 * rank), targets: try projections())
    }

    /// The engine, and its threads bound where that is asked.
    ///
    /// - Parameter processors: those to run on, a thread for each at most; `nil` for all.
    func matrixEngine(on processors: [Int]? = nil) throws -> any MatrixEngine {
        let count = processors.map { min(threads ?? .max, $0.count) } ?? threads
        let chosen =
            try engine.map { try MatrixEngines.named($0, threadCount: count) }
            ?? MatrixEngines.default(threadCount: count)
        try chosen.check(dtype.format)
        if let processors, !ThreadTeam(count: chosen.threadCount).bind(to: processors) {
            throw KerfFailure(
                .unavailable, "threads cannot be bound to the processors \(DoctorFormat.ranges(processors))")
        }
        if pin, !ThreadTeam(count: chosen.threadCount).pin() {
            throw KerfFailure(
                .unavailable, "--pin: \(chosen.threadCount) threads cannot be bound to processors; leave out --pin")
        }
        return chosen
    }

    /// All layers of the model, ready to run on random tokens.
    func stack(source: any WeightSource, engine: any MatrixEngine, seed: UInt64) throws -> LayerStack {
        let model = source.config
        let shape = BatchShape(batch: batch, sequence: seq)
        let stack = try LayerStack(
            model: model, weights: source, lora: try lora(), batch: shape, layers: 0...(model.blockCount + 1),
            engine: engine, format: dtype.format,
            residency: residency.residency(for: source, format: dtype.format), seed: seed,
            timeline: KernelTimeline())
        // Looping a layer's backward pass repeats its update. At learning rate 0 that costs the same and moves nothing,
        // so that the last repetition computes what the first did.
        stack.optimizer.learningRate = 0
        stack.isPinned = pin
        var generator = SeededGenerator(seed: seed)
        let tokens = (0..<shape.tokenCount).map { _ in
            Int32.random(in: 0..<Int32(model.vocabularySize), using: &generator)
        }
        try stack.setTokens(tokens, targets: Array(tokens.dropFirst() + tokens.prefix(1)))
        return stack
    }

    /// The model's first block alone, with random numbers as its input and its output's gradient.
    func block(source: any WeightSource, engine: any MatrixEngine) throws -> LayerStack {
        let stack = try LayerStack(
            model: source.config, weights: source, lora: try lora(), batch: BatchShape(batch: batch, sequence: seq),
            layers: 1...1, engine: engine, format: dtype.format, residency: .resident, seed: 1,
            timeline: KernelTimeline())
        stack.isPinned = pin
        var generator = SeededGenerator(seed: 1)
        for buffer in [stack.input, stack.outputGradient].compactMap(\.self) {
            for index in buffer.indices { buffer[index] = Float.random(in: -1...1, using: &generator) }
        }
        return stack
    }
}

/// Whether all weights stay in memory.
enum ResidencyChoice: String, ExpressibleByArgument, CaseIterable {
    case auto, all, one

    /// Above this, `auto` keeps one block at a time.
    static let automaticLimitBytes = 3 << 29

    /// Random weights need no reading again: one block stands for all, which costs the same.
    func residency(for source: any WeightSource, format: NumberFormat) -> WeightResidency {
        let one: WeightResidency = source.kind == "random" ? .shared : .streaming
        switch self {
        case .all: return .resident
        case .one: return one
        case .auto:
            return format.byteCount * source.config.parameterCount <= Self.automaticLimitBytes ? .resident : one
        }
    }
}

/// The formats by the names that the command line gives them.
enum FormatChoice: String, ExpressibleByArgument, CaseIterable {
    case f32, bf16

    var format: NumberFormat { self == .bf16 ? .bf16 : .f32 }
}
