import ModelFiles
import Workload

@testable import TransformerKernels

/// A model small enough for finite differences of every element, and a way to run it.
struct Tiny: Sendable, CustomStringConvertible {
    var description: String
    var model: ModelConfig
    var lora: LoRAConfiguration
    var batch: BatchShape

    init(
        _ description: String, heads: Int = 4, keyValueHeads: Int = 2, blocks: Int = 1, tied: Bool = true,
        scaling: RotaryEmbedding.Scaling? = nil, rank: Int = 2, targets: [Projection] = Projection.allCases,
        batch: Int = 2, sequence: Int = 5, variant: ModelVariant = ModelVariant()
    ) {
        self.description = description
        // No two widths alike, and none a multiple of a register: 4 heads of 6, width 22, MLP 19.
        model = ModelConfig(
            name: "tiny", hiddenSize: 22, blockCount: blocks, headCount: heads, keyValueHeadCount: keyValueHeads,
            headSize: 6, intermediateSize: 19, vocabularySize: 37, rmsNormEpsilon: 1e-5,
            rope: RotaryEmbedding(theta: 100, scaling: scaling), tiedEmbeddings: tied, variant: variant)
        lora = LoRAConfiguration(rank: rank, alpha: 3, targets: targets)
        self.batch = BatchShape(batch: batch, sequence: sequence)
    }

    static let configurations = llamas + variants

    static let llamas = [
        Tiny("grouped heads, all targets, two sequences of odd length"),
        Tiny("one key head for all, q and v alone, rank 1", keyValueHeads: 1, rank: 1, targets: [.q, .v], batch: 1),
        Tiny("heads not grouped, o and down, one token", keyValueHeads: 4, targets: [.o, .down], sequence: 1),
        Tiny("llama3 scaling, gate and up", scaling: llama3, rank: 3, targets: [.gate, .up], batch: 1, sequence: 7),
        Tiny("linear scaling, k", scaling: .linear(factor: 4), targets: [.k], batch: 1, sequence: 7),
        Tiny("scaling by frequency, three heads", heads: 3, keyValueHeads: 1, scaling: .perFrequency([1, 2.5, 8])),
    ]

    /// Each part of a variant alone, and all that a family has together.
    static let variants = [
        Tiny("biases", variant: ModelVariant(attentionBiases: true)),
        Tiny("biases, q and o alone", targets: [.q, .o], batch: 1, variant: ModelVariant(attentionBiases: true)),
        Tiny("norms of queries and keys", variant: ModelVariant(queryKeyNorms: true)),
        Tiny(
            "norms of queries and keys, v and up alone", targets: [.v, .up], batch: 1,
            variant: ModelVariant(queryKeyNorms: true)),
        Tiny("window", sequence: 7, variant: ModelVariant(window: AttentionWindow(size: 3))),
        Tiny("part of a head rotated", variant: ModelVariant(rotarySize: 4)),
        Tiny("longrope, a short sequence", scaling: longRope(10), targets: [.q, .k]),
        Tiny("longrope, a long sequence", scaling: longRope(4), targets: [.q, .k]),
        Tiny("norms after attention and MLP", variant: ModelVariant(postNorms: true)),
        Tiny("GELU", variant: ModelVariant(activation: .geluTanh)),
        Tiny("soft cap and scale of attention", variant: ModelVariant(attentionScale: 0.7, attentionSoftCap: 0.8)),
        Tiny("Gemma 2", rank: 1, sequence: 7, variant: gemma2),
        Tiny("Gemma 3", targets: [.q, .k, .o, .down], batch: 1, sequence: 7, variant: gemma3),
    ]

    static func longRope(_ originalContextLength: Int) -> RotaryEmbedding.Scaling {
        .longRope(
            RotaryEmbedding.LongRope(
                short: [1, 1.5, 2], long: [1, 3, 8], originalContextLength: originalContextLength, attentionFactor: 1.2)
        )
    }

    static let gemma2 = ModelVariant(
        postNorms: true, activation: .geluTanh, embeddingScale: 22.0.squareRoot(), attentionScale: 0.6,
        attentionSoftCap: 2, logitSoftCap: 3, window: AttentionWindow(size: 3, fullLayers: [2]))
    static let gemma3 = ModelVariant(
        queryKeyNorms: true, postNorms: true, activation: .geluTanh, embeddingScale: 22.0.squareRoot(),
        window: AttentionWindow(size: 4, fullLayers: [2]), windowRopeTheta: 30)

    /// A context so short that the three frequencies of a head of 6 fall in all three of its ranges.
    static let llama3 = RotaryEmbedding.Scaling.llama3(
        factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 20)

    var weights: SeededWeights { SeededWeights(config: model, seed: 7, scale: 0.8) }
    var lastLayer: Int { model.blockCount + 1 }

    var tokens: [Int32] { Self.tokens(batch.tokenCount, vocabulary: model.vocabularySize) }
    var targets: [Int32] { Self.targets(batch.tokenCount, vocabulary: model.vocabularySize) }

    static func tokens(_ count: Int, vocabulary: Int) -> [Int32] {
        (0..<count).map { index -> Int32 in Int32((index * 13 + 5) % vocabulary) }
    }

    /// One in four has no target.
    static func targets(_ count: Int, vocabulary: Int) -> [Int32] {
        (0..<count).map { index -> Int32 in index % 4 == 2 ? -100 : Int32((index * 7 + 3) % vocabulary) }
    }

    /// Logits come in pieces of 3 rows and are computed again in the backward pass; weights are read in pieces.
    var limits: MemoryLimits {
        MemoryLimits(
            logitsBytes: 3 * 37 * 4, keptLogitsBytes: 0, weightChunkBytes: 1000, memoryBytes: availableMemoryBytes())
    }

    /// A stack whose adapters have no zeros, so that every gradient has something to show.
    func stack(
        layers: ClosedRange<Int>? = nil, engine: String = "onednn", format: NumberFormat = .f32, threads: Int = 2,
        residency: WeightResidency = .resident, slotCount: Int = 1, timeline: KernelTimeline = KernelTimeline(),
        activationCheckpointing: Bool = false, limits: MemoryLimits? = nil, weights: (any WeightSource)? = nil
    ) throws -> LayerStack {
        let stack = try LayerStack(
            model: model, weights: weights ?? self.weights, lora: lora, batch: batch, layers: layers ?? 0...lastLayer,
            engine: MatrixEngines.named(engine, threadCount: threads), format: format, residency: residency,
            slotCount: slotCount, activationCheckpointing: activationCheckpointing, seed: 11, timeline: timeline,
            limits: limits ?? self.limits)
        if stack.layers.contains(0) { try stack.setTokens(tokens) }
        if stack.layers.contains(lastLayer) { try stack.setTargets(targets) }
        for layer in stack.layers {
            for target in lora.targets {
                guard let adapter = stack.adapter(layer: layer, projection: target) else { continue }
                let seed = UInt64(layer * 10 + target.rawValue.utf8.reduce(0) { $0 + Int($1) })
                let values = randomValues(adapter.b.count, seed: seed)
                for index in adapter.b.indices { adapter.b[index] = 0.5 * values[index] }
            }
        }
        return stack
    }
}
