import Glibc
import ModelFiles
import ProfileFormat
import TransformerKernels
import Workload

/// Kerf's own layers, as another program would run them.
final class EngineModel: ClientModel {
    private let stack: LayerStack
    private let blocks: Int
    let passes: [String]
    let hello: String

    init() throws {
        let config = try ModelReference.resolve("smollm2-135m")
        let source = try WeightSources.open(config, weights: nil, seed: 1)
        let engine = try MatrixEngines.default(threadCount: 1)
        let lora = LoRAConfiguration(rank: 8, alpha: 16, targets: [.q, .v])
        let batch = BatchShape(batch: 1, sequence: 64)
        let blocks = config.blockCount
        self.blocks = blocks
        stack = try LayerStack(
            model: config, weights: source, lora: lora, batch: batch, layers: 0...(blocks + 1), engine: engine,
            format: .f32, residency: .shared, seed: 1, timeline: KernelTimeline())
        stack.optimizer.learningRate = 0
        let tokens = (0..<batch.tokenCount).map { Int32($0 % config.vocabularySize) }
        try stack.setTokens(tokens, targets: Array(tokens.dropFirst() + tokens.prefix(1)))

        // AdamW runs at the end of each block's backward pass, so that there is no pass of its own.
        passes = CommonPasses.trained(blocks: blocks)
        let cost = LayerCost(model: config, lora: lora, batch: batch)
        let layers = (0...(blocks + 1)).map { layer in
            let kind = layer == 0 ? "embedding" : layer <= blocks ? "block" : "head"
            let adapters = cost.adapterBytes(layer: layer) / 4
            return """
                {"kind": "\(kind)", "parameters": \(cost.parameterCount(layer: layer) + adapters), \
                "trainable": \(adapters), "output_bytes": \(cost.outputBytes(layer: layer))}
                """
        }
        hello = """
            {"version": 1, "client": "marked-program", "pid": \(getpid()), "runtime": {"name": "kerf", \
            "version": "\(engine.identity.version)", "device": "cpu", \
            "instruction_set": "\(engine.identity.instructionSet)", "dtype": "f32", "threads": 1}, \
            "model": {"name": "\(config.name)", "hidden_size": \(config.hiddenSize), "block_count": \(blocks), \
            "head_count": \(config.headCount), "key_value_head_count": \(config.keyValueHeadCount), \
            "head_size": \(config.headSize), "intermediate_size": \(config.intermediateSize), \
            "vocabulary_size": \(config.vocabularySize), "tied_embeddings": \(config.tiedEmbeddings), \
            "weights": "seed 1"}, "workload": {"batch": 1, "sequence": 64, "lora_rank": 8, "lora_alpha": 16, \
            "lora_targets": ["q", "v"]}, "layers": [\(layers.joined(separator: ", "))], \
            "passes": [\(passes.joined(separator: ", "))], "can": ["repeat"]}
            """
    }

    func run(_ place: Int) throws {
        guard place > blocks + 1 else { return try stack.forward(layer: place) }
        let layer = 2 * blocks + 3 - place
        try stack.backward(layer: layer)
        try stack.update(layer: layer)
    }
}
