/// What the layers of a model family compute beyond Llama's; the default value is Llama's computation.
///
/// Kernels, costs, memory and the names of tensors follow from these values, never from a family's name.
public struct ModelVariant: Sendable, Hashable {
    /// The function of the gate in the MLP: down(activation(gate) * up).
    public enum Activation: String, Sendable, Hashable, Codable, CaseIterable {
        /// x sigmoid(x); the MLP is SwiGLU.
        case silu
        /// GELU with its approximation by tanh; the MLP is GeGLU.
        case geluTanh = "gelu_tanh"
    }

    /// Whether q, k and v are x Wᵀ + b.
    public var attentionBiases: Bool
    /// Whether each head's q and k have an RMS norm before their rotation, with a weight that all heads share.
    public var queryKeyNorms: Bool
    /// Whether the outputs of attention and of the MLP have an RMS norm before they are added to the residual stream.
    public var postNorms: Bool
    public var activation: Activation
    /// Factor of the embedding's rows; `nil` for 1.
    public var embeddingScale: Double?
    /// Factor of the products of q and k; `nil` for 1 / sqrt(head size).
    public var attentionScale: Double?
    /// c, where attention's scores s become c tanh(s / c); `nil` for none.
    public var attentionSoftCap: Double?
    /// c, where the logits l become c tanh(l / c); `nil` for none.
    public var logitSoftCap: Double?
    /// Elements of a head that are rotated, its first ones; `nil` for all.
    public var rotarySize: Int?
    /// `nil` where all blocks attend to all tokens before.
    public var window: AttentionWindow?
    /// Base of the rotary embedding of blocks with a window, which has no scaling; `nil` where they have that of all blocks.
    public var windowRopeTheta: Double?
    /// Whether transformers' modules compute q, k and v as one projection, and gate and up as another, as the names of tensors
    /// and adapters show. What is computed is the same.
    public var fusedProjections: Bool

    public init(
        attentionBiases: Bool = false, queryKeyNorms: Bool = false, postNorms: Bool = false,
        activation: Activation = .silu, embeddingScale: Double? = nil, attentionScale: Double? = nil,
        attentionSoftCap: Double? = nil, logitSoftCap: Double? = nil, rotarySize: Int? = nil,
        window: AttentionWindow? = nil, windowRopeTheta: Double? = nil, fusedProjections: Bool = false
    ) {
        self.attentionBiases = attentionBiases
        self.queryKeyNorms = queryKeyNorms
        self.postNorms = postNorms
        self.activation = activation
        self.embeddingScale = embeddingScale
        self.attentionScale = attentionScale
        self.attentionSoftCap = attentionSoftCap
        self.logitSoftCap = logitSoftCap
        self.rotarySize = rotarySize
        self.window = window
        self.windowRopeTheta = windowRopeTheta
        self.fusedProjections = fusedProjections
    }
}

/// A sliding window: a token attends to itself and to the tokens just before it.
public struct AttentionWindow: Sendable, Hashable, Codable {
    /// Tokens that a token attends to, itself included.
    public var size: Int
    /// Layers, 1...L, whose blocks attend to all tokens before, in order.
    public var fullLayers: [Int]

    public init(size: Int, fullLayers: [Int] = []) {
        self.size = size
        self.fullLayers = fullLayers
    }
}

/// A file has only what differs from Llama.
extension ModelVariant: Codable {
    private enum CodingKeys: String, CodingKey {
        case attentionBiases, queryKeyNorms, postNorms, activation, embeddingScale, attentionScale, attentionSoftCap
        case logitSoftCap, rotarySize, window, windowRopeTheta, fusedProjections
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            attentionBiases: try fields.decodeIfPresent(Bool.self, forKey: .attentionBiases) ?? false,
            queryKeyNorms: try fields.decodeIfPresent(Bool.self, forKey: .queryKeyNorms) ?? false,
            postNorms: try fields.decodeIfPresent(Bool.self, forKey: .postNorms) ?? false,
            activation: try fields.decodeIfPresent(Activation.self, forKey: .activation) ?? .silu,
            embeddingScale: try fields.decodeIfPresent(Double.self, forKey: .embeddingScale),
            attentionScale: try fields.decodeIfPresent(Double.self, forKey: .attentionScale),
            attentionSoftCap: try fields.decodeIfPresent(Double.self, forKey: .attentionSoftCap),
            logitSoftCap: try fields.decodeIfPresent(Double.self, forKey: .logitSoftCap),
            rotarySize: try fields.decodeIfPresent(Int.self, forKey: .rotarySize),
            window: try fields.decodeIfPresent(AttentionWindow.self, forKey: .window),
            windowRopeTheta: try fields.decodeIfPresent(Double.self, forKey: .windowRopeTheta),
            fusedProjections: try fields.decodeIfPresent(Bool.self, forKey: .fusedProjections) ?? false)
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        if attentionBiases { try fields.encode(true, forKey: .attentionBiases) }
        if queryKeyNorms { try fields.encode(true, forKey: .queryKeyNorms) }
        if postNorms { try fields.encode(true, forKey: .postNorms) }
        if activation != .silu { try fields.encode(activation, forKey: .activation) }
        try fields.encodeIfPresent(embeddingScale, forKey: .embeddingScale)
        try fields.encodeIfPresent(attentionScale, forKey: .attentionScale)
        try fields.encodeIfPresent(attentionSoftCap, forKey: .attentionSoftCap)
        try fields.encodeIfPresent(logitSoftCap, forKey: .logitSoftCap)
        try fields.encodeIfPresent(rotarySize, forKey: .rotarySize)
        try fields.encodeIfPresent(window, forKey: .window)
        try fields.encodeIfPresent(windowRopeTheta, forKey: .windowRopeTheta)
        if fusedProjections { try fields.encode(true, forKey: .fusedProjections) }
    }
}
