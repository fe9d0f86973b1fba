internal import CKernels
internal import ModelFiles
internal import Statistics

/// The LoRA pairs of one block, their gradients and their optimiser state, each kind in one piece of memory, so that
/// one call updates them all.
final class BlockAdapters {
    let parameters: AlignedBuffer
    let gradients: AlignedBuffer
    private let firstMoments: AlignedBuffer
    private let secondMoments: AlignedBuffer
    private var steps = 0
    /// By ``Projection/slot``; nil where the projection is no target.
    private var adapters: [Adapter?]

    init(model: ModelConfig, lora: LoRAConfiguration, memory: BufferAllocator) throws {
        let count = lora.parameterCount(model)
        parameters = try memory.buffer(count, for: "adapters")
        gradients = try memory.buffer(count, for: "adapter gradients")
        firstMoments = try memory.buffer(count, for: "optimiser state")
        secondMoments = try memory.buffer(count, for: "optimiser state")
        adapters = Array(repeating: nil, count: Projection.allCases.count)
        var offset = 0
        for target in lora.targets {
            let shape = model.shape(of: target)
            let a = offset..<offset + lora.rank * shape.columns
            let b = a.upperBound..<a.upperBound + lora.rank * shape.rows
            offset = b.upperBound
            let adapter = Adapter(
                projection: target, rank: lora.rank, inputSize: shape.columns, outputSize: shape.rows,
                a: parameters.view(a), b: parameters.view(b),
                gradientA: gradients.view(a), gradientB: gradients.view(b))
            adapters[target.slot] = adapter
        }
    }

    subscript(projection: Projection) -> Adapter? { adapters[projection.slot] }

    /// One AdamW step on all of the block's pairs.
    func update(_ optimizer: AdamW, team: ThreadTeam) {
        steps += 1
        kerf_adamw_step(
            Int32(team.count), parameters.count, optimizer.step(steps), gradients.start, parameters.start,
            firstMoments.start, secondMoments.start)
    }

    var optimiserByteCount: Int { firstMoments.byteCount + secondMoments.byteCount }

    /// As Hugging Face's PEFT starts them: A uniform in ±1 / sqrt(input) (Kaiming's with a = sqrt(5)), B zero.
    ///
    /// The values depend on the seed, the block and the projection alone, so that a block starts the same whichever
    /// stack it is in.
    func initialise(block: Int, seed: UInt64) {
        for case let adapter? in adapters {
            var mixer = SeededGenerator(seed: seed)
            let stream = mixer.next() &+ UInt64(block * Projection.allCases.count + adapter.projection.slot)
            var generator = SeededGenerator(seed: stream &* 0xD134_2543_DE82_EF95)
            let bound = 1 / Float(adapter.inputSize).squareRoot()
            for index in adapter.a.indices { adapter.a[index] = Float.random(in: -bound...bound, using: &generator) }
            adapter.b.update(repeating: 0)
        }
    }
}

extension Projection {
    /// Its place among the seven.
    var slot: Int {
        switch self {
        case .q: 0
        case .k: 1
        case .v: 2
        case .o: 3
        case .gate: 4
        case .up: 5
        case .down: 6
        }
    }
}
