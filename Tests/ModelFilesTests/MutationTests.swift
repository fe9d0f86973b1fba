import Statistics
import SystemIO
import SystemPackage
import TestSupport
import Testing

@testable import ModelFiles

/// Good files with random damage: each must give an error of this room, or a source that can be read throughout.
@Suite("Damaged files")
struct MutationTests {
    @Test("GGUF", arguments: 0..<4 as Range<UInt64>)
    func gguf(_ seed: UInt64) throws {
        var builder = try TinyModel.gguf()
        builder["tokenizer.ggml.tokens"] = .array(of: 8, [.text("a"), .text("bc")])
        builder["test.nested"] = .array(of: 9, [.array(of: 5, [.uint32(1)])])
        builder.tensors.append(.init(name: "rope_freqs.weight", dimensions: [2], type: 0, data: littleEndian([1, 8])))
        let scratch = try Scratch()
        let path = scratch.folder.appending("damaged.gguf")
        try check(builder.bytes, header: builder.header.count, seed: seed, rounds: 750) { bytes in
            try WeightSources.open(scratch.write(path.lastComponent!.string, bytes))
        }
    }

    @Test("Safetensors", arguments: 0..<4 as Range<UInt64>)
    func safetensors(_ seed: UInt64) throws {
        let scratch = try Scratch()
        let folder = try TinyModel.writeFolder(scratch)
        let builder = try TinyModel.safetensors()
        try check(builder.bytes, header: 8 + builder.header.utf8.count, seed: seed, rounds: 500) { bytes in
            try scratch.write("checkpoint/model.safetensors", bytes)
            return try WeightSources.open(folder)
        }
    }

    @Test("config.json and the index of shards")
    func json() throws {
        let scratch = try Scratch()
        let folder = try TinyModel.writeFolder(scratch)
        let config = Array(TinyModel.configJSON().utf8)
        try check(config, header: config.count, seed: 9, rounds: 600) { bytes in
            try scratch.write("checkpoint/config.json", bytes)
            return try WeightSources.open(folder)
        }
        try scratch.write("checkpoint/config.json", config)
        let entries = TinyModel.config.roles.map { #""\#($0.huggingFaceName)":"weights.safetensors""# }
        let index = Array(#"{"weight_map":{\#(entries.joined(separator: ","))}}"#.utf8)
        try scratch.write("checkpoint/weights.safetensors", TinyModel.safetensors().bytes)
        try Scratch.remove(folder.appending("model.safetensors"))
        try check(index, header: index.count, seed: 10, rounds: 600) { bytes in
            try scratch.write("checkpoint/model.safetensors.index.json", bytes)
            return try WeightSources.open(folder)
        }
    }

    /// - Parameters:
    ///   - header: number of bytes at the start that describe the rest; half of the mutations are among them.
    ///   - open: writes the bytes and opens them.
    private func check(
        _ good: [UInt8], header: Int, seed: UInt64, rounds: Int,
        open: ([UInt8]) throws -> any WeightSource
    ) throws {
        var random = SeededGenerator(seed: seed)
        #expect(throws: Never.self) { try read(open(good)) }
        var refused = 0
        for round in 0..<rounds {
            let bytes = Mutator.seeded.headed(good, header: header, using: &random)
            do {
                try read(open(bytes))
            } catch {
                guard let error = error as? KerfError, !error.description.contains("\n") else {
                    Issue.record("seed \(seed), round \(round): \(error)")
                    continue
                }
                refused += 1
            }
        }
        // Damage to the numbers themselves goes unseen; that to their description must not.
        #expect(refused > rounds / 4)
    }

    private func read(_ source: any WeightSource) throws {
        for role in source.config.roles { _ = try source.values(role) }
    }
}
