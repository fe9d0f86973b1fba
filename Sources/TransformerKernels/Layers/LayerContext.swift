import CKernels
import ModelFiles
import Workload

/// State that all layers of one stack share.
struct LayerContext {
    let model: ModelConfig
    let batch: BatchShape
    let lora: LoRAConfiguration
    /// Format of weights and most activations.
    let format: NumberFormat
    let team: ThreadTeam
    let timeline: KernelTimeline
    let rope: RotaryTable
    /// Of blocks with a window, where they have another one.
    let windowRope: RotaryTable?
    let scratch: Scratch

    var tokenCount: Int { batch.tokenCount }
    var threads: Int32 { Int32(team.count) }

    /// - Parameter window: the block's window.
    func rope(window: Int?) -> RotaryTable { window == nil ? rope : windowRope ?? rope }
}

/// Activation and gradient between two layers. Every boundary has its own memory, so that a layer's forward or backward
/// pass, run alone, overwrites nothing but its own result.
struct Boundary {
    /// Output of the layer before, input of the layer after: `[tokens, hiddenSize]`.
    let activation: AlignedBuffer
    /// Gradient of the loss by the activation.
    let gradient: AlignedBuffer

    /// - Parameter gradient: one that another boundary has too; nil for one of its own.
    init(_ context: LayerContext, sharing gradient: AlignedBuffer?, memory: BufferAllocator) throws {
        activation = try memory.buffer(context.tokenCount, context.model.hiddenSize, for: "activations")
        self.gradient = try gradient ?? Self.gradient(context, memory: memory)
    }

    static func gradient(_ context: LayerContext, memory: BufferAllocator) throws -> AlignedBuffer {
        try memory.buffer(context.tokenCount, context.model.hiddenSize, for: "gradients")
    }
}

extension NumberFormat {
    /// The C kernels' constant for this format.
    var kernel: kerf_format { self == .bf16 ? KERF_BF16 : KERF_F32 }
}
