/// An architecture of GGUF files that Kerf reads: what llama.cpp computes for it that no metadata state, and how its
/// converter stores it.
///
/// Source: llama.cpp, `src/llama-model.cpp` (`load_hparams`, the graphs) and `convert_hf_to_gguf.py`; names in gguf-py,
/// `constants.py`.
struct GGUFArchitecture: Sendable, Hashable {
    /// Which blocks have the window of `attention.sliding_window`.
    enum WindowRule: Sendable, Hashable {
        case allBlocks
        /// All but each `period`-th.
        case periodic(period: Int)
        /// None: the key does not occur.
        case never
    }

    /// Value of `general.architecture`, with which the keys begin.
    let name: String
    /// Whether the converter interleaves the rows of q and k (``StoredTensor/RowOrder/interleaved(headSize:)``).
    var interleavesRows = false
    var attentionBiases = false
    var queryKeyNorms = false
    /// Gemma: norms after attention and MLP, GELU, an embedding times sqrt(width). The converter has added 1 to the norms'
    /// weights.
    var isGemma = false
    /// Whether q, k and v are one tensor, and gate and up another.
    var fusesProjections = false
    /// Whether there may be divisors of rotary frequencies for short and for long sequences.
    var hasLongRope = false
    /// Whether `rope.dimension_count` may be less than a head.
    var rotatesPart = false
    var windowRule = WindowRule.never
    /// Tokens of the window where the file states none.
    var windowByDefault: Int?
    /// Blocks of the model that scales attention by 1 / sqrt(width / heads), which no key says.
    var blocksScaledByWidth: Int?
    /// Rotary base of blocks with a window, where `rope.freq_base_swa` does not state it; `nil` for that of all blocks.
    var windowRopeTheta: Double?
    /// Whether scores and logits may have a soft cap, and its value where the file states none.
    var attentionSoftCap: SoftCap = .never
    var logitSoftCap: SoftCap = .never

    enum SoftCap: Sendable, Hashable {
        case never
        case stated(byDefault: Double?)
    }

    static let all = [
        // Mistral's files are of this architecture too.
        GGUFArchitecture(name: "llama", interleavesRows: true, windowRule: .allBlocks),
        GGUFArchitecture(name: "qwen2", attentionBiases: true),
        GGUFArchitecture(name: "qwen3", queryKeyNorms: true),
        GGUFArchitecture(
            name: "phi3", fusesProjections: true, hasLongRope: true, rotatesPart: true, windowRule: .allBlocks),
        GGUFArchitecture(
            name: "gemma2", isGemma: true, windowRule: .periodic(period: 2), windowByDefault: 4096,
            blocksScaledByWidth: 46, attentionSoftCap: .stated(byDefault: 50), logitSoftCap: .stated(byDefault: 30)),
        GGUFArchitecture(
            name: "gemma3", queryKeyNorms: true, isGemma: true, windowRule: .periodic(period: 6),
            blocksScaledByWidth: 62, windowRopeTheta: 10_000, logitSoftCap: .stated(byDefault: nil)),
    ]

    /// Divisors of long and of short sequences.
    static let longRopeNames = ["rope_factors_long.weight", "rope_factors_short.weight"]

    /// Where a file has a role's values.
    func place(of role: TensorRole, in config: ModelConfig) -> TensorPlace {
        TensorPlace(
            role, in: config, name: \.ggufName,
            fusedNames: { ("blk.\($0).attn_qkv.weight", "blk.\($0).ffn_up.weight") })
    }
}
