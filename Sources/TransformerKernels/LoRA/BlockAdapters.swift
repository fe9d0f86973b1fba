import CKernels
import ModelFiles
import Workload

/// The LoRA pairs of one block, their gradients and their optimizer state. Each kind is contiguous in memory, so that one
/// call updates all pairs.
final class BlockAdapters {
    let parameters: AlignedBuffer
    let gradients: AlignedBuffer
    let firstMoments: AlignedBuffer
    let secondMoments: AlignedBuffer
    /// Updates so far, by which AdamW corrects the moments' bias.
    var updateCount = 0
    /// Indexed by the group's raw value; nil without a target in the group.
    private let groups: [AdapterGroup?]

    init(model: ModelConfig, lora: LoRAConfiguration, memory: BufferAllocator) throws {
        let layout = AdapterLayout(model: model, lora: lora)
        parameters = try memory.buffer(layout.count, for: "adapters")
        gradients = try memory.buffer(layout.count, for: "adapter gradients")
        firstMoments = try memory.buffer(layout.count, for: "optimizer state")
        secondMoments = try memory.buffer(layout.count, for: "optimizer state")
        let (parameters, gradients) = (parameters, gradients)
        groups = ProjectionGroup.allCases.map { group in
            let pairs = layout.pairs.filter { group.projections.contains($0.projection) }
            guard let first = pairs.first else { return nil }
            let adapters = pairs.map { pair in
                let shape = model.shape(of: pair.projection)
                return Adapter(
                    projection: pair.projection, rank: lora.rank, inputSize: shape.columns, outputSize: shape.rows,
                    a: parameters.view(pair.a), b: parameters.view(pair.b),
                    gradientA: gradients.view(pair.a), gradientB: gradients.view(pair.b))
            }
            return AdapterGroup(
                adapters: adapters, a: parameters.start + first.a.lowerBound,
                gradientA: gradients.start + first.a.lowerBound)
        }
    }

    subscript(group group: ProjectionGroup) -> AdapterGroup? { groups[group.rawValue] }

    subscript(projection: Projection) -> Adapter? {
        groups.lazy.compactMap(\.self).flatMap(\.adapters).first { $0.projection == projection }
    }

    /// One AdamW step on all of the block's pairs.
    func update(_ optimizer: AdamW, team: ThreadTeam) {
        updateCount += 1
        kerf_adamw_step(
            Int32(team.count), parameters.count, optimizer.step(updateCount), gradients.start, parameters.start,
            firstMoments.start, secondMoments.start)
    }

    var optimizerByteCount: Int { firstMoments.byteCount + secondMoments.byteCount }

    /// Sets the pairs to ``InitialAdapters``.
    func initialize(block: Int, seed: UInt64) {
        for adapter in groups.compactMap(\.self).flatMap(\.adapters) {
            InitialAdapters.fill(
                a: adapter.a, inputSize: adapter.inputSize, block: block, projection: adapter.projection, seed: seed)
            adapter.b.update(repeating: 0)
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
