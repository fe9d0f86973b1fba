import CKernels
import ModelFiles
import Statistics
import Workload

/// The LoRA pairs of one block, their gradients and their optimizer state. Each kind is contiguous in memory, so that one
/// call updates all pairs.
final class BlockAdapters {
    let parameters: AlignedBuffer
    let gradients: AlignedBuffer
    private let firstMoments: AlignedBuffer
    private let secondMoments: AlignedBuffer
    private var steps = 0
    /// Indexed by the group's raw value; nil without a target in the group.
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

    var optimizerByteCount: Int { firstMoments.byteCount + secondMoments.byteCount }

    /// Initializes the pairs as Hugging Face's PEFT does: A uniform in ±1 / sqrt(input) (Kaiming with a = sqrt(5)), B zero.
    ///
    /// The values depend on the seed, the block and the projection alone, so that a block starts with the same values in
    /// every stack.
    func initialize(block: Int, seed: UInt64) {
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
    /// Index among the seven projections.
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

/// The LoRA pairs of those projections of a block that share an input. Their A are stacked, so that the input is read,
/// and its gradient written, once for all of them.
struct AdapterGroup {
    /// In the order of their rows in ``a``.
    let adapters: [Adapter]
    /// `[rank, inputSize]`
    let a: UnsafeMutablePointer<Float>
    /// Shape of ``a``.
    let gradientA: UnsafeMutablePointer<Float>

    /// Sum of the pairs' ranks.
    var rank: Int { adapters.count * adapters[0].rank }
    var inputSize: Int { adapters[0].inputSize }

    /// The pairs, each with its first row in ``a``.
    var rows: some Sequence<(adapter: Adapter, first: Int)> {
        adapters.lazy.enumerated().map { ($1, $0 * $1.rank) }
    }
}

/// One LoRA pair and its gradients: views of the stack's memory, valid for the stack's lifetime.
///
/// Writing to `a` or `b` changes the adapter.
package struct Adapter {
    package let projection: Projection
    package let rank: Int
    package let inputSize: Int
    package let outputSize: Int
    /// `[rank, inputSize]`
    package let a: UnsafeMutableBufferPointer<Float>
    /// `[outputSize, rank]`
    package let b: UnsafeMutableBufferPointer<Float>
    /// Shape of `a`; computed by the layer's last backward pass.
    package let gradientA: UnsafeMutableBufferPointer<Float>
    /// Shape of `b`.
    package let gradientB: UnsafeMutableBufferPointer<Float>
}
