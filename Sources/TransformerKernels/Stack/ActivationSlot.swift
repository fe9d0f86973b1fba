import ModelFiles
import Workload

/// What one micro-batch's forward pass leaves for its backward pass, and the gradients between its layers.
struct ActivationSlot {
    /// One for each block of the range. The adapters are the stack's, the saved activations this slot's or shared by all.
    let blocks: [DecoderBlock]
    /// Bytes of the saved activations that are this slot's.
    private let savedByteCount: Int
    /// From the boundary before the first layer, or after the embedding, to the one after the last block.
    let boundaries: [Boundary]
    /// Gradients that the boundaries use in turns; empty where each has its own.
    private let gradients: [AlignedBuffer]
    /// The boundary whose gradient each of ``gradients`` has.
    private var holders: [Int?]
    /// `[batch, sequence]`; empty until set.
    var tokens: [Int32] = []
    /// Target token of each position; negative for none. Empty until set.
    var targets: [Int32] = []
    /// Layers whose forward pass has run, so that their backward pass has its inputs.
    var computed: Set<Int> = []

    /// - Parameters:
    ///   - shared: what all blocks of all slots save to; nil where each has memory of its own.
    ///   - sharesGradients: whether two gradients serve all boundaries: a backward pass reads one and writes the other.
    init(
        context: LayerContext, adapters: [BlockAdapters], boundaries: ClosedRange<Int>, shared: BlockActivations?,
        sharesGradients: Bool, memory: BufferAllocator
    ) throws {
        // The boundary before the first block has its number, from 0.
        blocks = try zip(boundaries, adapters).map { block, adapters in
            DecoderBlock(
                context: context, saved: try shared ?? BlockActivations(context, memory: memory), adapters: adapters,
                window: context.model.window(block: block))
        }
        savedByteCount = shared == nil ? blocks.reduce(0) { $0 + $1.saved.byteCount } : 0
        let gradients =
            sharesGradients
            ? try (0..<min(2, boundaries.count)).map { _ in try Boundary.gradient(context, memory: memory) } : []
        self.gradients = gradients
        holders = gradients.map { _ in nil }
        self.boundaries = try boundaries.map { boundary in
            try Boundary(
                context, sharing: gradients.isEmpty ? nil : gradients[boundary % gradients.count], memory: memory)
        }
    }

    /// Notes that a boundary's gradient is written, which ends that of the boundary that shares its memory.
    mutating func holdGradient(after layer: Int) {
        if !gradients.isEmpty { holders[layer % gradients.count] = layer }
    }

    /// Whether a boundary's gradient is in its memory, and not another boundary's.
    func holdsGradient(after layer: Int) -> Bool {
        gradients.isEmpty || holders[layer % gradients.count] == layer
    }

    var activationByteCount: Int {
        savedByteCount + boundaries.reduce(0) { $0 + $1.activation.byteCount }
    }

    /// Bytes of the gradients that are memory of the layers; the second of two that are shared is scratch memory.
    var gradientByteCount: Int {
        gradients.first?.byteCount ?? boundaries.reduce(0) { $0 + $1.gradient.byteCount }
    }

    var scratchByteCount: Int { gradients.dropFirst().reduce(0) { $0 + $1.byteCount } }
}
