import SystemIO
import SystemPackage
import TestSupport
import Testing

@testable import ModelFiles

/// Files that must be refused: what is changed in a good one, and how the refusal reads.
struct GGUFRefusal: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var code: KerfError.Code
    /// A part of the message.
    var says: String
    var change: @Sendable (inout GGUFBuilder) -> Void

    init(
        _ description: String, _ code: KerfError.Code, _ says: String,
        _ change: @escaping @Sendable (inout GGUFBuilder) -> Void
    ) {
        testDescription = description
        self.code = code
        self.says = says
        self.change = change
    }

    static let unsupported: [GGUFRefusal] = [
        .init("version 2", .unsupported, "version 2") { $0.version = 2 },
        .init("version 1", .unsupported, "version 1") { $0.version = 1 },
        .init("big-endian", .unsupported, "big-endian") { $0.version = 3 << 24 },
        .init("architecture", .unsupported, "\"gemma\"") { $0["general.architecture"] = .text("gemma") },
        .init("hostile architecture", .unsupported, "\"a?b\"") { $0["general.architecture"] = .text("a\nb") },
        .init("split", .unsupported, "one of 3 parts") { $0["split.count"] = .uint32(3) },
        .init("experts", .unsupported, "8 experts") { $0["llama.expert_count"] = .uint32(8) },
        .init("pattern of windows", .unsupported, "sliding_window_pattern") {
            $0["llama.attention.sliding_window"] = .uint32(4096)
            $0["llama.attention.sliding_window_pattern"] = .uint32(2)
        },
        .init("soft cap", .unsupported, "final_logit_softcapping is 30.0") {
            $0["llama.final_logit_softcapping"] = .float32(30)
        },
        .init("partial rotation", .unsupported, "dimension_count is 2") {
            $0["llama.rope.dimension_count"] = .uint32(2)
        },
        .init("yarn", .unsupported, "\"yarn\"") { $0["llama.rope.scaling.type"] = .text("yarn") },
        .init("value length", .unsupported, "values 8") {
            $0["llama.attention.key_length"] = .uint32(4)
            $0["llama.attention.value_length"] = .uint32(8)
        },
        .init("bias", .unsupported, "blk.0.attn_q.bias") {
            $0.tensors.append(
                .init(name: "blk.0.attn_q.bias", dimensions: [8], type: 0, data: [UInt8](repeating: 0, count: 32)))
        },
        .init("bias of the head", .unsupported, "output.bias") {
            $0.tensors.append(
                .init(name: "output.bias", dimensions: [5], type: 0, data: [UInt8](repeating: 0, count: 20)))
        },
        .init("divisors for long texts", .unsupported, "rope_factors_long.weight") {
            $0.tensors.append(
                .init(name: "rope_factors_long.weight", dimensions: [2], type: 0, data: littleEndian([1, 2])))
        },
        .init("adapter", .unsupported, "holds no model: general.type is \"adapter\"") {
            $0["general.type"] = .text("adapter")
        },
        .init("tensor type", .unsupported, "has type Q5_K; Kerf reads F32, F16") {
            $0.changeTensor("blk.1.ffn_up.weight") { $0.type = 13 }
        },
    ]

    static let damaged: [GGUFRefusal] = [
        .init("no architecture", .malformed, "general.architecture is missing") { $0["general.architecture"] = nil },
        .init("no epsilon", .malformed, "rms_epsilon is missing") {
            $0["llama.attention.layer_norm_rms_epsilon"] = nil
        },
        .init("text for a count", .malformed, "block_count is not a count") { $0["llama.block_count"] = .text("2") },
        .init("negative count", .malformed, "is not a count") {
            $0["llama.block_count"] = .init(type: 5, bytes: littleEndian(Int32(-1)))
        },
        .init("value type", .malformed, "value type 13") { $0["x"] = .init(type: 13, bytes: [0]) },
        .init("boolean", .malformed, "is 2") { $0["x"] = .bool(2) },
        .init("doubled key", .malformed, "appears twice") { $0.metadata.append(("llama.block_count", .uint32(2))) },
        .init("doubled tensor", .malformed, "appears twice") { $0.tensors.append($0.tensors[0]) },
        .init("five dimensions", .malformed, "5 dimensions") {
            $0.changeTensor("output.weight") { $0.dimensions = [1, 1, 1, 1, 1] }
        },
        .init("long name", .malformed, "claims 65 bytes") {
            $0.tensors[0].name = String(repeating: "x", count: 65)
        },
        .init("misaligned", .malformed, "not a multiple of 32") { $0.changeTensor("output.weight") { $0.offset = 4 } },
        .init("missing tensor", .missingTensor, "blk.1.attn_v.weight is missing") {
            $0.tensors.removeAll { $0.name == "blk.1.attn_v.weight" }
        },
        .init("missing embedding", .missingTensor, "token_embd.weight") {
            $0.tensors.removeAll { $0.name == "token_embd.weight" }
        },
        .init("more blocks than tensors", .missingTensor, "blk.2.") { $0["llama.block_count"] = .uint32(3) },
        .init("more tensors than blocks", .impossibleShape, "\"blk.1.attn_k.weight\", but llama.block_count is 1") {
            $0["llama.block_count"] = .uint32(1)
        },
        .init("wrong shape", .impossibleShape, "blk.0.ffn_gate.weight is 8 x 12, but the model needs 12 x 8") {
            $0.changeTensor("blk.0.ffn_gate.weight") { $0.dimensions = [12, 8] }
        },
        .init("vocabulary", .impossibleShape, "vocab_size is 6") { $0["llama.vocab_size"] = .uint32(6) },
        .init("vector for a matrix", .impossibleShape, "token_embd.weight is not a matrix") {
            $0.changeTensor("token_embd.weight") { $0.dimensions = [40] }
        },
        .init("heads", .impossibleShape, "llama.attention.head_count") {
            $0["llama.attention.head_count"] = .uint32(3)
        },
        .init("no heads", .impossibleShape, "head_count_kv is 0") { $0["llama.attention.head_count_kv"] = .uint32(0) },
    ]

    static let hostile: [GGUFRefusal] = [
        .init("2^64 - 1 tensors", .malformed, "claims 18446744073709551615 tensors") { $0.claimedTensors = .max },
        .init("2^64 - 1 metadata", .malformed, "claims 18446744073709551615 metadata") { $0.claimedMetadata = .max },
        .init("more tensors than there are", .truncated, "ends at byte") {
            $0.tensors = []
            $0.claimedTensors = 60_000
        },
        .init("2^64 - 1 letters", .truncated, "18446744073709551615 bytes") {
            $0["x"] = .init(type: 8, bytes: littleEndian(UInt64.max))
        },
        .init("2^64 - 1 elements", .truncated, "claims 18446744073709551615 elements") {
            $0["x"] = .init(type: 9, bytes: littleEndian(UInt32(12)) + littleEndian(UInt64.max))
        },
        .init("2^62 doubles", .truncated, "claims") {
            $0["x"] = .init(type: 9, bytes: littleEndian(UInt32(12)) + littleEndian(UInt64(1) << 62))
        },
        .init("arrays in arrays without end", .malformed, "nested") {
            let level = littleEndian(UInt32(9)) + littleEndian(UInt64(1))
            $0["x"] = .init(type: 9, bytes: (0..<10_000).flatMap { _ in level })
        },
        .init("dimensions that overflow", .impossibleShape, "more elements than can be counted") {
            $0.changeTensor("output.weight") { $0.dimensions = [1 << 40, 1 << 40] }
        },
        .init("a dimension of 2^64 - 1", .impossibleShape, "more elements than can be counted") {
            $0.changeTensor("output.weight") { $0.dimensions = [.max] }
        },
        .init("a dimension of 0", .impossibleShape, "token_embd.weight") {
            $0["llama.embedding_length"] = .uint32(8)
            $0.changeTensor("token_embd.weight") { $0.dimensions = [0, 5] }
        },
        .init("an offset that overflows", .truncated, "beyond the file's end") {
            $0.changeTensor("output.weight") { $0.offset = .max - 31 }
        },
        .init("an offset behind the end", .truncated, "beyond the file's end") {
            $0.changeTensor("output.weight") { $0.offset = 1 << 20 }
        },
        .init("hidden size 2^32 - 1", .impossibleShape, "embedding_length is 4294967295") {
            $0["llama.embedding_length"] = .uint32(.max)
            $0["llama.attention.key_length"] = .uint32(4)
        },
        .init("a vocabulary of 2^40", .impossibleShape, "vocab_size is 1099511627776") {
            $0.changeTensor("token_embd.weight") { $0.dimensions = [8, 1 << 40] }
        },
        .init("frequencies without end", .truncated, "rope_freqs.weight") {
            $0.tensors.append(.init(name: "rope_freqs.weight", dimensions: [1 << 40], type: 0, data: []))
        },
    ]
}

@Suite("GGUF refusals")
struct GGUFRefusalTests {
    @Test("A file is refused in one line that says why", arguments: GGUFRefusal.unsupported + GGUFRefusal.damaged)
    func refuses(_ refusal: GGUFRefusal) throws { try check(refusal) }

    @Test("A hostile file is refused without allocating what it claims", arguments: GGUFRefusal.hostile)
    func refusesHostile(_ refusal: GGUFRefusal) throws { try check(refusal) }

    @Test("Another magic, an empty file, a folder")
    func notGGUF() throws {
        let scratch = try Scratch()
        let other = try scratch.write("a", [UInt8](repeating: 65, count: 100))
        #expect(modelFileError { try GGUFWeights(other) }?.message == "does not start with GGUF")
        let empty = try scratch.write("b", [])
        #expect(modelFileError { try GGUFWeights(empty) }?.code == .truncated)
        #expect(modelFileError { try GGUFWeights(scratch.folder) }?.message == "is a directory")
        let key = Array("GGUF".utf8) + littleEndian(UInt32(3)) + littleEndian(UInt64(0)) + littleEndian(UInt64(1))
        let endlessKey = try scratch.write("c", key + littleEndian(UInt64.max))
        #expect(modelFileError { try GGUFWeights(endlessKey) }?.message.contains("claims 18446744073709551615") == true)
    }

    private func check(_ refusal: GGUFRefusal) throws {
        var builder = try TinyModel.gguf()
        refusal.change(&builder)
        let scratch = try Scratch()
        let path = try scratch.write("tiny.gguf", builder.bytes)
        let error = try #require(modelFileError { try GGUFWeights(path) })
        #expect(error.code == refusal.code, "\(error)")
        #expect(error.description.contains(refusal.says), "\(error)")
        #expect(!error.description.contains("\n"))
        #expect(error.location == path.string)
    }
}
