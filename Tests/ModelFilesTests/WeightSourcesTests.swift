import Glibc
import SystemIO
import SystemPackage
import TestSupport
import Testing

@testable import ModelFiles

@Suite("Weight sources")
struct WeightSourcesTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test("The format is known by the content, not by the name")
    func byContent() throws {
        let gguf = try scratch.write("weights.bin", TinyModel.gguf().bytes)
        #expect(try WeightSources.open(gguf).kind == .gguf)
        #expect(try WeightSources.open(TinyModel.writeFolder(scratch, "tiny.gguf")).kind == .safetensors)
        #expect(try WeightSources.open(TinyModel.config, weights: nil, seed: 3).origin == "seed 3")
    }

    @Test("The origin names no folder above the weights")
    func origin() throws {
        let gguf = try scratch.write("private/tiny.gguf", TinyModel.gguf().bytes)
        #expect(try WeightSources.open(gguf).origin == "tiny.gguf")
        let folder = try TinyModel.writeFolder(scratch, "private/checkpoint")
        #expect(try WeightSources.open(folder).origin == "checkpoint")
    }

    @Test("What is neither is refused with what to give")
    func neither() throws {
        let file = try scratch.write("model.safetensors", TinyModel.safetensors().bytes)
        #expect(modelFileError { try WeightSources.open(file) }?.remedy?.description.contains("folder") == true)
        #expect(modelFileError { try WeightSources.open("/no/such/file") }?.code == .noSuchFile)
        #expect(modelFileError { try WeightSources.open(scratch.write("short", [71])) }?.code == .truncated)
    }

    @Test("A pipe is refused and not waited for")
    func pipe() throws {
        let path = scratch.folder.appending("pipe")
        try #require(mkfifo(path.string, 0o600) == 0)
        #expect(modelFileError { try WeightSources.open(path) }?.message == "is not a regular file")
    }

    /// One change for each field that weights and a named model may disagree in.
    static let disagreements: [(String, @Sendable (inout ModelConfig) -> Void)] = [
        ("hidden_size is 8, but 16", { $0.hiddenSize = 16 }),
        ("num_hidden_layers is 2, but 3", { $0.blockCount = 3 }),
        ("num_attention_heads is 2, but 4", { $0.headCount = 4 }),
        ("num_key_value_heads is 1, but 2", { $0.keyValueHeadCount = 2 }),
        ("head_dim is 4, but 8", { $0.headSize = 8 }),
        ("intermediate_size is 12, but 13", { $0.intermediateSize = 13 }),
        ("vocab_size is 5, but 6", { $0.vocabularySize = 6 }),
        ("tie_word_embeddings is false, but true", { $0.tiedEmbeddings = true }),
        ("rms_norm_eps", { $0.rmsNormEpsilon = 1e-6 }),
        ("rope_theta is 10000.0, but 20000.0", { $0.rope.theta = 20_000 }),
    ]

    @Test("Weights of another model are refused by the field", arguments: disagreements.indices)
    func disagree(_ index: Int) throws {
        let (says, change) = Self.disagreements[index]
        var other = TinyModel.config
        change(&other)
        let gguf = try scratch.write("tiny.gguf", TinyModel.gguf().bytes)
        for path in [gguf, try TinyModel.writeFolder(scratch)] {
            let error = try #require(modelFileError { try WeightSources.open(other, weights: path, seed: 0) })
            #expect(error.code == .impossibleShape)
            #expect(error.message.hasPrefix(says), "\(error)")
        }
    }

    @Test("Weights of the named model keep its name; a stretch of frequencies may be written another way")
    func agree() throws {
        var named = TinyModel.config
        named.name = "named"
        named.rope.scaling = HuggingFaceConfigTests.llama3
        let gguf = try scratch.write("tiny.gguf", TinyModel.gguf().bytes)
        #expect(try WeightSources.open(named, weights: gguf, seed: 0).config.name == "named")
    }
}
