import Glibc
import SystemIO
import SystemPackage
import TestSupport
import Testing

@testable import ModelFiles

@Suite("config.json")
struct HuggingFaceConfigTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// The smallest file that is complete: each field with its value as JSON.
    static let minimal = [
        "model_type": #""llama""#, "hidden_size": "64", "num_hidden_layers": "3", "num_attention_heads": "4",
        "intermediate_size": "96", "vocab_size": "100",
    ]

    /// The minimal file with some fields added or replaced.
    static func json(_ changes: [String: String] = [:]) -> String {
        "{" + minimal.merging(changes) { $1 }.map { "\"\($0)\": \($1)" }.joined(separator: ", ") + "}"
    }

    func model(_ changes: [String: String] = [:]) throws -> ModelConfig {
        try HuggingFaceConfig.model(at: scratch.write("config.json", Self.json(changes)), name: "m")
    }

    @Test("Fields that a file may leave out have transformers' defaults")
    func defaults() throws {
        #expect(
            try model()
                == ModelConfig(
                    name: "m", hiddenSize: 64, blockCount: 3, headCount: 4, keyValueHeadCount: 4, headSize: 16,
                    intermediateSize: 96, vocabularySize: 100, rmsNormEpsilon: 1e-6,
                    rope: RotaryEmbedding(theta: 10_000), tiedEmbeddings: false))
    }

    @Test("Stated fields are read")
    func stated() throws {
        let model = try model([
            "head_dim": "32", "num_key_value_heads": "2", "rms_norm_eps": "1e-05", "rope_theta": "500000",
            "tie_word_embeddings": "true", "rope_scaling": "null", "architectures": #"["LlamaForCausalLM"]"#,
        ])
        #expect(model.headSize == 32)
        #expect(model.keyValueHeadCount == 2)
        #expect(model.querySize == 128)
        #expect(model.rmsNormEpsilon == 1e-5)
        #expect(model.rope == RotaryEmbedding(theta: 500_000))
        #expect(model.tiedEmbeddings)
    }

    static let mistralFields = [
        "model_type": #""mistral""#, "architectures": #"["MistralForCausalLM"]"#, "num_attention_heads": "16",
        "sliding_window": "null",
    ]

    @Test("Mistral without a window is Llama's computation, with Mistral's defaults")
    func mistral() throws {
        let llama = try model(["num_attention_heads": "16", "num_key_value_heads": "8"])
        #expect(try model(Self.mistralFields) == llama)
        // A stated null is not the family's default but as many as query heads.
        #expect(try model(Self.mistralFields.merging(["num_key_value_heads": "null"]) { $1 }).keyValueHeadCount == 16)
        #expect(try model(Self.mistralFields.merging(["num_key_value_heads": "2"]) { $1 }).keyValueHeadCount == 2)
        // The class alone names the family too.
        #expect(try model(Self.mistralFields.merging(["model_type": "null"]) { $1 }) == llama)
        #expect(try model(["num_key_value_heads": "null"]).keyValueHeadCount == 4)
    }

    @Test("A sliding window is stated or Mistral's default", arguments: ["model_type", "architectures"])
    func slidingWindow(_ onlyName: String) throws {
        var fields = Self.mistralFields
        fields["sliding_window"] = nil
        fields["model_type"] = onlyName == "model_type" ? fields["model_type"] : "null"
        fields["architectures"] = onlyName == "architectures" ? fields["architectures"] : "null"
        #expect(try model(fields).variant == ModelVariant(window: AttentionWindow(size: 4096)))
        fields["sliding_window"] = "1024"
        #expect(try model(fields).variant == ModelVariant(window: AttentionWindow(size: 1024)))
        fields["layer_types"] = #"["sliding_attention", "full_attention", "sliding_attention"]"#
        #expect(modelFileError { try model(fields) }?.message == #"layer_types holds "full_attention""#)
    }

    /// The minimal file of a family, whose head size fits 16 heads.
    func model(_ family: HuggingFaceFamily, _ changes: [String: String] = [:]) throws -> ModelConfig {
        let fields = ["model_type": "\"\(family.type)\"", "num_attention_heads": "32"]
        return try model(fields.merging(changes) { $1 })
    }

    @Test("Defaults of every family that is read", arguments: HuggingFaceFamily.all)
    func familyDefaults(_ family: HuggingFaceFamily) throws {
        let model = try model(family)
        #expect(model.keyValueHeadCount == family.keyValueHeadCount ?? 32)
        #expect(model.headSize == family.headSize ?? 2 && model.rmsNormEpsilon == family.rmsNormEpsilon)
        #expect(model.rope == RotaryEmbedding(theta: family.ropeTheta) && model.tiedEmbeddings == family.tiedEmbeddings)
        let variant = model.variant
        #expect(variant.attentionBiases == family.attentionBiases && variant.queryKeyNorms == family.queryKeyNorms)
        #expect(variant.postNorms == family.postNorms && variant.windowRopeTheta == family.windowRopeTheta)
        #expect(variant.attentionSoftCap == family.attentionSoftCap && variant.logitSoftCap == family.logitSoftCap)
        #expect(variant.rotarySize == nil && variant.attentionScale == nil)
        #expect(variant.embeddingScale == (family.scalesEmbedding ? 8 : nil))
        #expect(variant.activation == (family.activation == "silu" ? .silu : .geluTanh))
    }

    static func family(_ type: String) throws -> HuggingFaceFamily {
        try #require(HuggingFaceFamily.all.first { $0.type == type })
    }

    @Test("Qwen has a window only where it is used, from a layer on or by a list", arguments: ["qwen2", "qwen3"])
    func windowsOfQwen(_ type: String) throws {
        let family = try Self.family(type)
        #expect(try model(family, ["sliding_window": "8"]).variant.window == nil)
        let used = ["use_sliding_window": "true", "sliding_window": "8", "max_window_layers": "1"]
        #expect(try model(family, used).variant.window == AttentionWindow(size: 8, fullLayers: [1]))
        let listed = used.merging(["layer_types": #"["full_attention", "full_attention", "sliding_attention"]"#]) { $1 }
        #expect(try model(family, listed).variant.window == AttentionWindow(size: 8, fullLayers: [1, 2]))
        // By default the window starts at layer 28, beyond this model.
        #expect(try model(family, ["use_sliding_window": "true"]).variant.window == nil)
        let error = modelFileError {
            try model(family, ["layer_types": #"["full_attention", "full_attention", "sliding_attention"]"#])
        }
        #expect(error?.code == .unsupported && error?.message.contains("there is no sliding_window") == true)
    }

    @Test("Gemma's windows, scales and caps")
    func gemma() throws {
        let (two, three) = (try Self.family("gemma2"), try Self.family("gemma3_text"))
        #expect(try model(two).variant.window == AttentionWindow(size: 4096, fullLayers: [2]))
        let changed = try model(
            two,
            [
                "query_pre_attn_scalar": "64", "attn_logit_softcapping": "null", "final_logit_softcapping": "20",
                "sliding_window": "16", "layer_types": #"["full_attention", "sliding_attention", "full_attention"]"#,
            ]
        ).variant
        #expect(changed.attentionScale == 0.125 && changed.attentionSoftCap == nil && changed.logitSoftCap == 20)
        #expect(changed.window == AttentionWindow(size: 16, fullLayers: [1, 3]))
        let older = try model(
            three,
            [
                "num_hidden_layers": "7", "sliding_window": "16", "sliding_window_pattern": "3", "rope_theta": "5e5",
                "rope_local_base_freq": "2e4", "rope_scaling": #"{"rope_type": "linear", "factor": 8.0}"#,
            ])
        #expect(older.variant.window == AttentionWindow(size: 16, fullLayers: [3, 6]))
        #expect(older.rope == RotaryEmbedding(theta: 5e5, scaling: .linear(factor: 8)))
        #expect(older.windowRope == RotaryEmbedding(theta: 2e4))
        let newer = try model(
            three,
            [
                "rope_parameters":
                    #"{"full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 5e5}, "sliding_attention": {"rope_type": "default", "rope_theta": 2e4}}"#
            ])
        #expect(newer.rope == older.rope && newer.windowRope == older.windowRope)
        let activation = modelFileError { try model(two, ["hidden_activation": #""gelu""#]) }
        #expect(activation?.message == #"hidden_activation is "gelu""#)
    }

    @Test("Phi-3 rotates a part of each head, with divisors for long sequences")
    func phi3() throws {
        let phi = try Self.family("phi3")
        let fields = ["num_attention_heads": "4", "sliding_window": "12", "partial_rotary_factor": "0.5"]
        #expect(
            try model(phi, fields).variant
                == ModelVariant(rotarySize: 8, window: AttentionWindow(size: 12), fusedProjections: true))
        let factors = #""short_factor": [1, 1, 1, 2], "long_factor": [1, 2, 4, 8]"#
        for kind in ["longrope", "su"] {
            let scaled = fields.merging([
                "rope_scaling": #"{"type": "\#(kind)", \#(factors)}"#, "max_position_embeddings": "131072",
            ]) { $1 }
            #expect(
                try model(phi, scaled).rope.scaling
                    == .longRope(
                        RotaryEmbedding.LongRope(
                            short: [1, 1, 1, 2], long: [1, 2, 4, 8], originalContextLength: 4096,
                            attentionFactor: (1 + log(32) / log(4096)).squareRoot())))
        }
        let few = #"{"type": "longrope", "short_factor": [1], "long_factor": [1]}"#
        let error = modelFileError { try model(phi, fields.merging(["rope_scaling": few]) { $1 }) }
        #expect(error?.message.contains("1 divisors for 4 frequencies") == true)
        let llama = modelFileError { try model(["rope_scaling": #"{"type": "longrope", \#(factors)}"#]) }
        #expect(llama?.message == #"the rotary embedding's rope_type is "longrope""#)
        #expect(modelFileError { try model(phi, ["resid_pdrop": "0.1"]) }?.message == "resid_pdrop is 0.1")
        let odd = modelFileError { try model(phi, fields.merging(["partial_rotary_factor": "0.2"]) { $1 }) }
        #expect(
            odd?.code == .impossibleShape && odd?.message.hasPrefix("partial_rotary_factor rotates 3 of 16") == true)
    }

    @Test(
        "A family that is not read is refused by its name",
        arguments: [
            "qwen2_moe", "qwen3_moe", "gemma", "gemma3", "phi", "mixtral", "ministral", "olmo", "smollm3", "",
        ])
    func otherFamilies(_ type: String) throws {
        let error = modelFileError { try model(["model_type": "\"\(type)\""]) }
        #expect(error?.message == "model_type is \"\(type)\"" && error?.code == .unsupported)
    }

    @Test(
        "A quantized checkpoint is refused by its method",
        arguments: [
            ("quantization_config", #"{"bits": 4, "quant_method": "gptq"}"#, #"says "gptq", 4 bits"#),
            ("quantization_config", #"{"quant_method": "awq", "bits": 4, "version": "gemm"}"#, #"says "awq", 4 bits"#),
            ("quantization_config", #"{"load_in_4bit": true, "quant_method": "bitsandbytes"}"#, #""bitsandbytes""#),
            ("quantization_config", #"{"quant_method": "compressed-tensors"}"#, #"says "compressed-tensors""#),
            ("quantization_config", #"{"quant_method": "fp8"}"#, #"says "fp8""#),
            ("compression_config", "{}", "compression_config is set"),
            ("quantization", #"{"group_size": 64, "bits": 4}"#, "quantization says 4 bits"),
        ])
    func quantized(_ field: String, _ value: String, says: String) throws {
        let error = modelFileError { try model([field: value]) }
        #expect(error?.code == .unsupported)
        #expect(error?.message.hasPrefix("the checkpoint is quantized: ") == true)
        #expect(error?.message.contains(says) == true, "\(error as Any)")
        #expect(throws: Never.self) { try model([field: "null"]) }
    }

    static let llama3 = RotaryEmbedding.Scaling.llama3(
        factor: 32, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 8192)
    static let llama3Fields =
        #""factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192"#

    @Test("Both forms of rotary parameters are read")
    func rope() throws {
        #expect(
            try model(["rope_scaling": #"{"rope_type": "llama3", \#(Self.llama3Fields)}"#]).rope.scaling == Self.llama3)
        let joined = #"{"rope_type": "llama3", "rope_theta": 500000.0, \#(Self.llama3Fields)}"#
        #expect(
            try model(["rope_parameters": joined]).rope == RotaryEmbedding(theta: 500_000, scaling: Self.llama3))
        #expect(
            try model(["rope_parameters": #"{"rope_type": "default", "rope_theta": 3e4}"#]).rope
                == RotaryEmbedding(theta: 30_000))
        #expect(
            try model(["rope_scaling": #"{"type": "linear", "factor": 2}"#]).rope.scaling == .linear(factor: 2))
        let both = try model([
            "rope_scaling": #"{"type": "linear", "factor": 2}"#, "rope_theta": "3e4", "attention_dropout": "0.0",
            "rope_parameters": #"{"rope_type": "linear", "factor": 2.0, "rope_theta": 30000}"#,
        ])
        #expect(both.rope == RotaryEmbedding(theta: 30_000, scaling: .linear(factor: 2)))
    }

    static let refusals: [([String: String], KerfError.Code, String)] = [
        (["model_type": #""gemma""#], .unsupported, #"model_type is "gemma"; Kerf reads model_type llama"#),
        (
            ["architectures": #"["GemmaForCausalLM"]"#], .unsupported,
            #"model_type is "llama", but architectures holds "GemmaForCausalLM"; Kerf reads"#
        ),
        (
            ["model_type": "null", "architectures": #"["GemmaForCausalLM"]"#], .unsupported,
            #": architectures holds "GemmaForCausalLM"; Kerf reads"#
        ),
        (
            ["model_type": #""gemma""#, "architectures": #"["GemmaForCausalLM"]"#], .unsupported,
            #": model_type is "gemma"; Kerf reads"#
        ),
        (["architectures": "[1]"], .malformed, "architectures[0] is not a valid string"),
        (["architectures": #""LlamaForCausalLM""#], .malformed, "architectures is not an array"),
        (["model_type": #""bert""#, "hidden_size": "{}"], .unsupported, "bert"),
        (["model_type": "null"], .malformed, "has neither model_type nor architectures"),
        (
            ["architectures": #"["MistralForCausalLM"]"#], .malformed,
            #"model_type is "llama", but architectures holds "MistralForCausalLM"; the two have different defaults"#
        ),
        (
            ["architectures": #"["LlamaForCausalLM", "MistralForCausalLM"]"#], .malformed,
            #"model_type is "llama", but architectures holds "MistralForCausalLM""#
        ),
        (
            ["model_type": #""mistral""#, "architectures": #"["LlamaForCausalLM"]"#, "sliding_window": "null"],
            .malformed, #"model_type is "mistral", but architectures holds "LlamaForCausalLM""#
        ),
        (
            ["model_type": #""gemma""#, "architectures": #"["LlamaForCausalLM"]"#], .malformed,
            #"model_type is "gemma", but architectures holds "LlamaForCausalLM""#
        ),
        (
            ["model_type": "null", "architectures": #"["LlamaForCausalLM", "MistralForCausalLM"]"#], .malformed,
            #"architectures holds "LlamaForCausalLM" and "MistralForCausalLM""#
        ),
        (["sliding_window": "128"], .unsupported, "sliding_window is 128; llama has none"),
        (
            ["layer_types": #"["full_attention", "sliding_attention", "full_attention"]"#], .unsupported,
            #"holds "sliding_attention""#
        ),
        (["layer_types": #"["full_attention", "full_attention"]"#], .malformed, "layer_types has 2 entries"),
        (["layer_types": #"["chunked_attention"]"#], .unsupported, #"holds "chunked_attention""#),
        (
            ["final_logit_softcapping": "30"], .unsupported,
            "final_logit_softcapping is 30.0; Kerf supports none in llama"
        ),
        (["use_bidirectional_attention": "true"], .unsupported, "use_bidirectional_attention is true"),
        (["rope_parameters": #"{"full_attention": {"rope_theta": 1e4}}"#], .unsupported, "by the kind of attention"),
        (["rope_parameters": #"{"partial_rotary_factor": 0.5}"#], .unsupported, "partial_rotary_factor is 0.5"),
        (["attention_bias": "true"], .unsupported, "attention_bias"),
        (["mlp_bias": "true"], .unsupported, "mlp_bias"),
        (["hidden_act": #""gelu""#], .unsupported, "hidden_act"),
        (["partial_rotary_factor": "0.5"], .unsupported, "partial_rotary_factor"),
        (["rope_scaling": #"{"rope_type": "yarn", "factor": 2}"#], .unsupported, "yarn"),
        (["rope_scaling": #"{"rope_type": "llama3", "factor": 2}"#], .malformed, "is missing"),
        (["rope_scaling": #"{"type": "linear", "factor": 0}"#], .impossibleShape, "rope_scaling"),
        (
            ["rope_scaling": #"{"type": "linear", "factor": true}"#], .malformed,
            "rope_scaling.factor is not a finite number"
        ),
        (["rope_scaling": "2"], .malformed, "rope_scaling is not a valid object"),
        (["rope_scaling": #"{"factor": 8}"#], .malformed, "has a factor, but no rope_type"),
        (
            [
                "rope_scaling": #"{"type": "linear", "factor": 2}"#, "rope_parameters": #"{"rope_type": "default"}"#,
            ], .malformed, "state the scaling differently"
        ),
        (
            ["rope_theta": "1e4", "rope_parameters": #"{"rope_type": "default", "rope_theta": 3e4}"#], .malformed,
            "state rope_theta differently"
        ),
        (["attention_dropout": "0.1"], .unsupported, "attention_dropout is 0.1; Kerf trains without dropout"),
        (["hidden_size": "null"], .malformed, "hidden_size is missing"),
        (["hidden_size": #""64""#], .malformed, "hidden_size is not a 64-bit integer"),
        (["hidden_size": "64.5"], .malformed, "hidden_size is not a 64-bit integer"),
        (["hidden_size": "9223372036854775808"], .malformed, "hidden_size is not a 64-bit integer"),
        (["tie_word_embeddings": "1"], .malformed, "tie_word_embeddings is not true or false"),
        (["hidden_act": "7"], .malformed, "hidden_act is not a valid string"),
        (["rope_theta": "1e400"], .malformed, "rope_theta is not a finite number"),
        (["rope_theta": "NaN"], .malformed, "not valid JSON"),
        (["hidden_size": "66"], .impossibleShape, "hidden_size 66 is not a multiple of num_attention_heads 4"),
        (["hidden_size": "0"], .impossibleShape, "hidden_size is 0"),
        (["hidden_size": "65540", "head_dim": "64"], .impossibleShape, "hidden_size is 65540"),
        (["num_hidden_layers": "1025"], .impossibleShape, "num_hidden_layers"),
        (["num_hidden_layers": "-1"], .impossibleShape, "num_hidden_layers"),
        (["num_attention_heads": "0"], .impossibleShape, "num_attention_heads"),
        (["num_key_value_heads": "3"], .impossibleShape, "num_key_value_heads 3"),
        (["num_key_value_heads": "0"], .impossibleShape, "num_key_value_heads is 0"),
        (["head_dim": "15"], .impossibleShape, "head_dim is 15"),
        (["head_dim": "9223372036854775807"], .impossibleShape, "head_dim"),
        (["vocab_size": "9223372036854775807"], .impossibleShape, "vocab_size"),
        (["vocab_size": "1e300"], .malformed, "vocab_size"),
        (["intermediate_size": "0"], .impossibleShape, "intermediate_size"),
        (["rms_norm_eps": "0"], .impossibleShape, "rms_norm_eps"),
        (["rms_norm_eps": "1"], .impossibleShape, "rms_norm_eps"),
        (["rope_theta": "0.5"], .impossibleShape, "rope_theta"),
        (
            ["hidden_size": "65536", "num_hidden_layers": "1024", "head_dim": "64", "intermediate_size": "1048576"],
            .impossibleShape,
            "parameters, more than 10^12"
        ),
    ]

    @Test("A refusal names the field", arguments: refusals.indices)
    func refuses(_ index: Int) throws {
        let (changes, code, says) = Self.refusals[index]
        let error = try #require(modelFileError { try model(changes) })
        #expect(error.code == code, "\(error)")
        #expect(error.description.contains(says), "\(error)")
        #expect(!error.description.contains("\n"))
    }

    @Test("Files that are not a config.json")
    func otherFiles() throws {
        let large = try scratch.write("large.json", [UInt8](repeating: 0x20, count: (1 << 20) + 1))
        #expect(modelFileError { try HuggingFaceConfig.model(at: large) }?.message.contains("1048577 bytes") == true)
        let gguf = try scratch.write("model.gguf", TinyModel.gguf().bytes)
        #expect(modelFileError { try HuggingFaceConfig.model(at: gguf) }?.remedy == "give it as the weights")
        let absent = scratch.folder.appending("absent.json")
        #expect(modelFileError { try HuggingFaceConfig.model(at: absent) }?.code == .noSuchFile)
        #expect(modelFileError { try HuggingFaceConfig.model(at: "/dev/zero") }?.message == "is not a regular file")
        #expect(modelFileError { try HuggingFaceConfig.model(at: scratch.folder) }?.message == "is a directory")
    }

    @Test("A model is called after its file, or its folder for config.json")
    func names() throws {
        let inFolder = try scratch.write("My-Model-1.5B/config.json", Self.json())
        #expect(try HuggingFaceConfig.model(at: inFolder).name == "My-Model-1.5B")
        #expect(try HuggingFaceConfig.model(at: scratch.write("other-2.1.json", Self.json())).name == "other-2.1")
    }
}
