import CKernels
import ModelFiles
import Statistics
import Workload

/// The LoRA pairs of one block, their gradients and their optimizer state, each kind in one piece of memory, so that
/// one call updates them all.
final class BlockAdapters {
    let parameters: AlignedBuffer
    let gradients: AlignedBuffer
    private let firstMoments: AlignedBuffer
    private let secondMoments: AlignedBuffer
    private var steps = 0
    /// By raw value; nil where none of the projections is a target.
    private let groups: [AdapterGroup?]

    init(model: ModelConfig, lora: LoRAConfiguration, memory: BufferAllocator) throws {
        let count = lora.parameterCount(model)
        parameters = try memory.buffer(count, for: "adapters")
        gradients = try memory.buffer(count, for: "adapter gradients")
        firstMoments = try memory.buffer(count, for: "optimizer state")
        secondMoments = try memory.buffer(count, for: "optimizer state")
        let (parameters, gradients) = (parameters, gradients)
        var end = 0
        func next(_ count: Int) -> Range<Int> {
            defer { end += count }
            return end..<end + count
        }
        groups = ProjectionGroup.allCases.map { group in
            let targets = lora.targets(in: group)
            guard !targets.isEmpty else { return nil }
            // First all A, then all B.
            let a = targets.map { next(lora.rank * model.shape(of: $0).columns) }
            let adapters = zip(targets, a).map { target, a in
                let shape = model.shape(of: target)
                let b = next(lora.rank * shape.rows)
                return Adapter(
                    projection: target, rank: lora.rank, inputSize: shape.columns, outputSize: shape.rows,
                    a: parameters.view(a), b: parameters.view(b),
                    gradientA: gradients.view(a), gradientB: gradients.view(b))
            }
            return AdapterGroup(
                adapters: adapters, a: parameters.start + a[0].lowerBound,
                gradientA: gradients.start + a[0].lowerBound)
        }
    }

    subscript(group group: ProjectionGroup) -> AdapterGroup? { groups[group.rawValue] }

    subscript(projection: Projection) -> Adapter? {
        groups.lazy.compactMap(\.self).flatMap(\.adapters).first { $0.projection == projection }
    }

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
        for adapter in groups.compactMap(\.self).flatMap(\.adapters) {
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
