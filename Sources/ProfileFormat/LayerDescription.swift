import ModelFiles
import Workload

/// A layer's place and size, from the shapes alone.
public struct LayerDescription: Codable, Sendable, Hashable {
    public enum Kind: String, Codable, Sendable, Hashable {
        case embedding, block, head
    }

    /// 0 the embedding, 1...L the blocks, L + 1 the head.
    public var index: Int
    public var kind: Kind
    public var parameterCount: Int
    /// Trainable LoRA parameters, in bytes as they are sent over the link (f32).
    public var adapterBytes: Int
    /// Floating-point operations of one pass over the whole batch; a multiply and an add are two.
    public var forwardFlops: Double
    public var backwardFlops: Double
    /// Activations that leave the layer, f32, whole batch: the smashed data of a cut behind it.
    public var outputBytes: Int
    /// Formats of its weight matrices that are quantized in memory, by their names: `q`, ..., `embedding`, `head`; `nil`
    /// without one.
    public var weightFormats: [String: QuantizedFormat]?
    /// Memory that the layer needs; `nil` in older files.
    public var memory: LayerMemory?
    /// Operations and bytes of its kernels; `nil` in older files.
    public var kernels: [KernelCost]?

    public init(
        index: Int, kind: Kind, parameterCount: Int, adapterBytes: Int, forwardFlops: Double, backwardFlops: Double,
        outputBytes: Int, weightFormats: [String: QuantizedFormat]? = nil, memory: LayerMemory? = nil,
        kernels: [KernelCost]? = nil
    ) {
        self.index = index
        self.kind = kind
        self.parameterCount = parameterCount
        self.adapterBytes = adapterBytes
        self.forwardFlops = forwardFlops
        self.backwardFlops = backwardFlops
        self.outputBytes = outputBytes
        self.weightFormats = weightFormats
        self.memory = memory
        self.kernels = kernels
    }
}

/// Bytes that a side of a split needs for one of its layers, at the workload's batch and sequence.
///
/// All but scratch add up over a side's layers. Blocks share one scratch memory, the head has its own. A tied model may
/// have one matrix for embedding and head, which is counted with both.
public struct LayerMemory: Codable, Sendable, Hashable {
    /// Frozen weights as the engine lays them out.
    public var weightBytes: Int
    /// LoRA pairs and their gradients.
    public var adapterBytes: Int
    /// AdamW's two moments.
    public var optimizerBytes: Int
    /// The layer's output, its gradient, and the activations that are kept for the backward pass. With activation
    /// checkpointing those of a block are part of its scratch memory.
    public var activationBytes: Int
    /// Memory that is released after the layer's pass.
    public var scratchBytes: Int

    public init(
        weightBytes: Int, adapterBytes: Int, optimizerBytes: Int, activationBytes: Int, scratchBytes: Int
    ) {
        self.weightBytes = weightBytes
        self.adapterBytes = adapterBytes
        self.optimizerBytes = optimizerBytes
        self.activationBytes = activationBytes
        self.scratchBytes = scratchBytes
    }
}

/// Operations and bytes of a kernel in one pass of a layer, computed from the shapes.
public struct KernelCost: Codable, Sendable, Hashable {
    public var kernel: String
    public var direction: Direction
    /// Floating-point operations; a multiply and an add are two.
    public var flops: Double
    /// Bytes between memory and processor, each operand once.
    public var bytes: Double

    public init(kernel: String, direction: Direction, flops: Double, bytes: Double) {
        self.kernel = kernel
        self.direction = direction
        self.flops = flops
        self.bytes = bytes
    }
}

extension LayerDescription {
    /// The formats of its quantized matrices in words, such as `down Q6_K, q Q4_K`; empty without one.
    package var weightFormatText: String {
        (weightFormats ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.rawValue)" }.joined(
            separator: ", ")
    }

    /// From the shapes alone.
    package static func all(_ cost: LayerCost) -> [LayerDescription] {
        let blocks = cost.model.blockCount
        return (0...(blocks + 1)).map { index in
            LayerDescription(
                index: index, kind: index == 0 ? .embedding : index <= blocks ? .block : .head,
                parameterCount: cost.parameterCount(layer: index), adapterBytes: cost.adapterBytes(layer: index),
                forwardFlops: cost.flops(layer: index, direction: .forward),
                backwardFlops: cost.flops(layer: index, direction: .backward),
                outputBytes: cost.outputBytes(layer: index),
                weightFormats: weightFormats(of: index, cost.model, cost.matrixFormats))
        }
    }

    private static func weightFormats(
        of index: Int, _ model: ModelConfig, _ formats: MatrixFormats
    ) -> [String: QuantizedFormat]? {
        let named = matrices(of: index, model).compactMap { name, role in formats[role].map { (name, $0) } }
        return named.isEmpty ? nil : Dictionary(uniqueKeysWithValues: named)
    }

    /// The matrices of a layer, with the names that files give them. A tied head has the embedding's.
    fileprivate static func matrices(of index: Int, _ model: ModelConfig) -> [(name: String, role: TensorRole)] {
        if index == 0 { return [("embedding", .embedding)] }
        if index == model.blockCount + 1 { return [("head", model.stored(.lmHead))] }
        return Projection.allCases.map { ($0.rawValue, .projection($0, block: index - 1)) }
    }
}

extension MatrixFormats {
    /// Those that a file's layers have.
    package init(_ layers: [LayerDescription], model: ModelConfig) {
        self.init(
            layers.reduce(into: [:]) { formats, layer in
                for (name, role) in LayerDescription.matrices(of: layer.index, model) {
                    formats[role] = layer.weightFormats?[name]
                }
            })
    }
}

extension LayerMemory {
    package init(_ use: MemoryUse) {
        self.init(
            weightBytes: use.weights, adapterBytes: use.adapters, optimizerBytes: use.optimizer,
            activationBytes: use.activations + use.gradients, scratchBytes: use.scratch)
    }
}

extension LayerPass {
    /// Both directions of every layer, in the layers' order.
    package static func all(of layers: [LayerDescription]) -> [LayerPass] {
        layers.flatMap { layer in Direction.allCases.map { LayerPass(layer: layer.index, direction: $0) } }
    }

    /// Passes of a step in their order, without those that compute nothing: forward through all layers, then backward.
    ///
    /// - Parameter layers: at least two.
    package static func inStepOrder(of layers: [LayerDescription]) -> [LayerPass] {
        let last = layers.count - 1
        return (0...last).map { LayerPass(layer: $0, direction: .forward) }
            + (1...last).reversed().map { LayerPass(layer: $0, direction: .backward) }
            .filter { !$0.isIdle(in: layers) }
    }

    /// Whether the pass computes nothing: no gradient goes into the frozen embedding, and none into any layer where the step
    /// is a forward pass alone.
    package func isIdle(in layers: [LayerDescription]) -> Bool {
        direction == .backward && layers[layer].backwardFlops == 0
    }
}

extension LayerTimes {
    package var pass: LayerPass { LayerPass(layer: layer, direction: direction) }
}
