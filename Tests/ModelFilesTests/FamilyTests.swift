import FoundationEssentials
import SystemIO
import SystemPackage
import TestSupport
import Testing

@testable import ModelFiles

/// A small model of a family as transformers writes it: its `config.json`, and the names and shapes of its tensors, with
/// gguf-py's names (`TransformerKernelsTests/Golden/golden_families.py`).
struct FamilyCheckpoint: Decodable, Sendable, CustomTestStringConvertible {
    struct Tensor: Decodable {
        var shape: [Int]
        var gguf: String
    }

    var name: String
    var config: String
    var architecture: String
    var tensors: [String: Tensor]

    var testDescription: String { name }

    static let all: [FamilyCheckpoint] = {
        struct File: Decodable { var cases: [FamilyCheckpoint] }
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let file = tests.appending(path: "TransformerKernelsTests/Golden/families.json")
        return (try? JSONDecoder().decode(File.self, from: Data(contentsOf: file)).cases) ?? []
    }()

    var isGemma: Bool { architecture.hasPrefix("gemma") }

    func model() throws -> ModelConfig {
        let scratch = try Scratch()
        return try HuggingFaceConfig.model(at: scratch.write("config.json", config), name: "m")
    }

    /// The roles whose rows are a tensor's, in the tensor's order.
    func roles(_ name: String, _ model: ModelConfig) throws -> [TensorRole] {
        let block = name.split(separator: ".").lazy.compactMap { Int($0) }.first ?? 0
        func projections(_ names: [Projection]) -> [TensorRole] { names.map { .projection($0, block: block) } }
        if name.hasSuffix("qkv_proj.weight") { return projections([.q, .k, .v]) }
        if name.hasSuffix("gate_up_proj.weight") { return projections([.gate, .up]) }
        return [try #require(model.roles.first { $0.huggingFaceName(postNorms: isGemma) == name }, "\(name)")]
    }

    /// A tensor's numbers from random weights.
    ///
    /// - Parameter offset: what norms have in this file less than their effect.
    func values(_ name: String, _ weights: RandomWeights, offset: Float) throws -> [Float] {
        try roles(name, weights.config).flatMap { role in
            try weights.values(role).map { role.isNorm ? $0 - offset : $0 }
        }
    }
}

@Suite("Families")
struct FamilyTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test("The fixture has every family")
    func fixture() {
        let types = Set(FamilyCheckpoint.all.map(\.architecture))
        #expect(types == ["llama", "qwen2", "qwen3", "phi3", "gemma2", "gemma3"])
    }

    @Test("A checkpoint of transformers gives back every tensor", arguments: FamilyCheckpoint.all)
    func safetensors(_ family: FamilyCheckpoint) throws {
        let weights = RandomWeights(try family.model(), seed: 7)
        var builder = SafetensorsBuilder()
        for (name, tensor) in family.tensors.sorted(by: { $0.key < $1.key }) {
            let values = try family.values(name, weights, offset: family.isGemma ? 1 : 0)
            try #require(values.count == tensor.shape.reduce(1, *), "\(name)")
            builder.tensors.append(.init(name: name, shape: tensor.shape, data: littleEndian(values)))
        }
        try scratch.write("m/config.json", family.config)
        try scratch.write("m/model.safetensors", builder.bytes)
        let source = try SafetensorsWeights(scratch.folder.appending("m"))
        #expect(source.config == weights.config)
        for role in weights.config.roles { #expect(try source.values(role) == weights.values(role), "\(role)") }

        // Any other tensor of a block is part of the computation.
        builder.tensors.append(.init(name: "model.layers.0.self_attn.o_proj.bias", shape: [1], data: [0, 0, 0, 0]))
        try scratch.write("m/model.safetensors", builder.bytes)
        #expect(modelFileError { try SafetensorsWeights(scratch.folder.appending("m")) }?.code == .unsupported)
    }

    @Test(
        "A GGUF file gives back every tensor, q and k as its architecture orders them", arguments: FamilyCheckpoint.all)
    func gguf(_ family: FamilyCheckpoint) throws {
        let weights = RandomWeights(try family.model(), seed: 7)
        let builder = try builder(family, weights)
        let source = try GGUFWeights(scratch.write("m.gguf", builder.bytes))
        var expected = weights.config
        expected.rmsNormEpsilon = Double(Float(expected.rmsNormEpsilon))
        // A file has this number as f32.
        if case .longRope(var rope) = expected.rope.scaling {
            rope.attentionFactor = Double(Float(rope.attentionFactor))
            expected.rope.scaling = .longRope(rope)
        }
        // No key tells these.
        expected.variant.attentionScale = nil
        if family.architecture == "qwen2" { expected.variant.window = nil }
        #expect(source.config == expected)
        for role in weights.config.roles { #expect(try source.values(role) == weights.values(role), "\(role)") }
        // The file is this model's, up to what no key tells.
        if weights.config.variant == expected.variant {
            _ = try GGUFWeights(scratch.folder.appending("m.gguf"), expecting: weights.config)
        } else {
            let error = modelFileError {
                try GGUFWeights(scratch.folder.appending("m.gguf"), expecting: weights.config)
            }
            #expect(error?.code == .impossibleShape)
        }
    }

    @Test("Gemma's largest models scale attention by the width of a head's share")
    func scaleByWidth() throws {
        let family = try #require(FamilyCheckpoint.all.first { $0.architecture == "gemma2" })
        var config = try family.model()
        config.blockCount = 46
        let weights = RandomWeights(config, seed: 7)
        var builder = try builder(family, weights)
        builder.tensors = try config.roles.filter { $0 != .lmHead }.map { role in
            let (rows, columns) = config.shape(of: role)
            return GGUFBuilder.Tensor(
                name: role.ggufName, dimensions: rows == 1 ? [UInt64(columns)] : [UInt64(columns), UInt64(rows)],
                type: 0,
                data: littleEndian(try weights.values(role)))
        }
        let scale = try GGUFWeights(scratch.write("m.gguf", builder.bytes)).config.variant.attentionScale
        #expect(scale == 1 / 6.0.squareRoot())
    }

    @Test("Weights of another variant are refused in words")
    func otherVariant() throws {
        let family = try #require(FamilyCheckpoint.all.first { $0.architecture == "qwen3" })
        let weights = RandomWeights(try family.model(), seed: 7)
        let path = try scratch.write("m.gguf", builder(family, weights).bytes)
        var llama = weights.config
        llama.variant = ModelVariant()
        let error = modelFileError { try GGUFWeights(path, expecting: llama) }
        #expect(error?.message == "norms of queries and keys: true, but false in \"m\"")
    }

    private func builder(_ family: FamilyCheckpoint, _ weights: RandomWeights) throws -> GGUFBuilder {
        let (model, prefix) = (weights.config, family.architecture)
        var builder = GGUFBuilder()
        let counts = [
            "block_count": model.blockCount, "embedding_length": model.hiddenSize,
            "feed_forward_length": model.intermediateSize, "attention.head_count": model.headCount,
            "attention.head_count_kv": model.keyValueHeadCount, "attention.key_length": model.headSize,
            "attention.value_length": model.headSize, "rope.dimension_count": model.rotarySize,
        ]
        builder.metadata = [("general.architecture", .text(prefix))]
        builder.metadata += counts.sorted { $0.key < $1.key }.map { ("\(prefix).\($0.key)", .uint32(UInt32($0.value))) }
        builder["\(prefix).attention.layer_norm_rms_epsilon"] = .float32(Float(model.rmsNormEpsilon))
        builder["\(prefix).rope.freq_base"] = .float32(Float(model.rope.theta))
        if case .linear(let factor) = model.rope.scaling {
            builder["\(prefix).rope.scaling.type"] = .text("linear")
            builder["\(prefix).rope.scaling.factor"] = .float32(Float(factor))
        }
        if case .longRope(let rope) = model.rope.scaling {
            builder["\(prefix).rope.scaling.original_context_length"] = .uint32(UInt32(rope.originalContextLength))
            builder["\(prefix).rope.scaling.attn_factor"] = .float32(Float(rope.attentionFactor))
            for (name, divisors) in [("long", rope.long), ("short", rope.short)] {
                builder.tensors.append(
                    GGUFBuilder.Tensor(
                        name: "rope_factors_\(name).weight", dimensions: [UInt64(divisors.count)], type: 0,
                        data: littleEndian(divisors)))
            }
        }
        if let window = model.variant.window, prefix != "qwen2" {
            builder["\(prefix).attention.sliding_window"] = .uint32(UInt32(window.size))
            if let first = window.fullLayers.first {
                builder["\(prefix).attention.sliding_window_pattern"] = .uint32(UInt32(first))
            }
        }
        for (key, value) in [
            ("attn_logit_softcapping", model.variant.attentionSoftCap),
            ("final_logit_softcapping", model.variant.logitSoftCap),
            ("rope.freq_base_swa", model.variant.windowRopeTheta),
        ] {
            if let value { builder["\(prefix).\(key)"] = .float32(Float(value)) }
        }
        for (name, tensor) in family.tensors.sorted(by: { $0.key < $1.key }) {
            var values = try family.values(name, weights, offset: 0)
            if prefix == "llama", name.contains(".q_proj.") || name.contains(".k_proj.") {
                values = TinyModel.interleaved(values, model.hiddenSize, model.headSize)
            }
            builder.tensors.append(
                GGUFBuilder.Tensor(
                    name: tensor.gguf, dimensions: tensor.shape.reversed().map { UInt64($0) }, type: 0,
                    data: littleEndian(values)))
        }
        return builder
    }
}
