import Statistics
import SystemIO
import SystemPackage
import TestSupport
import Testing

@testable import ModelFiles

@Suite("Tokenizers that are refused")
struct TokenizerRefusalTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// A `tokenizer.json` of three tokens.
    private func json(model: String = "", _ rest: String = "") -> String {
        #"{"added_tokens": [], \#(rest) "model": {"type": "BPE", \#(model) "vocab": {"a": 0, "b": 1, "ab": 2}, "#
            + #""merges": ["a b"]}}"#
    }

    private func error(_ text: String) throws -> KerfError? {
        let path = try scratch.write("tokenizer.json", text)
        return modelFileError { try Tokenizer.open(path) }
    }

    @Test("The file that the others are variants of is read")
    func sound() throws {
        let tokenizer = try Tokenizer.open(scratch.write("tokenizer.json", json()))
        #expect(tokenizer.encode("aab") == [0, 2])
        #expect(tokenizer.decode([0, 2, 99]) == "a ab")
        #expect(tokenizer.vocabularySize == 3)
    }

    @Test(
        "What Kerf does not support is named with its value",
        arguments: [
            (#""normalizer": {"type": "Lowercase"},"#, #"normalizer.type is "Lowercase""#),
            (
                #""normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Strip"}]},"#,
                #"normalizer.normalizers[1].type is "Strip""#
            ),
            (
                #""normalizer": {"type": "Replace", "pattern": {"Regex": "a+"}, "content": "b"},"#,
                #"normalizer.pattern.Regex is "a+""#
            ),
            (#""pre_tokenizer": {"type": "Whitespace"},"#, #"pre_tokenizer.type is "Whitespace""#),
            (
                #""pre_tokenizer": {"type": "Split", "pattern": {"Regex": "\\d"}, "behavior": "Isolated", "invert": false},"#,
                #"pre_tokenizer.pattern.Regex is "\d""#
            ),
            (
                #""pre_tokenizer": {"type": "Split", "pattern": {"String": " "}, "behavior": "Isolated"},"#,
                #"pre_tokenizer.pattern.String is " ""#
            ),
            (
                #""pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "ByteLevel"}, {"type": "Digits"}]},"#,
                #"pre_tokenizer.pretokenizers[1].type is "Digits""#
            ),
            (#""post_processor": {"type": "BertProcessing"},"#, #"post_processor.type is "BertProcessing""#),
            (#""decoder": {"type": "WordPiece"},"#, #"decoder.type is "WordPiece""#),
        ])
    func unsupported(_ field: String, _ message: String) throws {
        let error = try #require(try error(json(field)))
        #expect(error.code == .unsupported)
        #expect(error.message == message)
        #expect(error.remedy != nil)
    }

    @Test(
        "A model that Kerf does not support",
        arguments: [
            (#""dropout": 0.1,"#, "model.dropout is 0.1"),
            (#""end_of_word_suffix": "</w>","#, #"model.end_of_word_suffix is "</w>""#),
            (#""continuing_subword_prefix": "@","#, #"model.continuing_subword_prefix is "@""#),
        ])
    func unsupportedModel(_ field: String, _ message: String) throws {
        #expect(try error(json(model: field))?.message == message)
        #expect(try error(#"{"model": {"type": "Unigram"}}"#)?.message == #"model.type is "Unigram""#)
    }

    @Test(
        "Damaged files",
        arguments: [
            ("{", "is not valid JSON, or is cut off, at line 1"),
            ("[]", "the JSON is not an object"),
            ("{}", "model is missing"),
            (#"{"model": {"vocab": {"a": 0}}}"#, "model.merges is missing"),
            (#"{"model": {"vocab": {"a": "0"}, "merges": []}}"#, #"model.vocab."a" is not an integer"#),
            (#"{"model": {"vocab": {"a": -1}, "merges": []}}"#, "the token id -1 is not within 0 to 4194303"),
            (#"{"model": {"vocab": {"a": 4194304}, "merges": []}}"#, "the token id 4194304 is not within 0 to 4194303"),
            (#"{"model": {"vocab": {"a": 0, "b": 0}, "merges": []}}"#, "the token id 0 appears twice"),
            (
                #"{"model": {"vocab": {"a": 0, "b": 1}, "merges": ["a b"]}}"#,
                "model.merges[0] is not a pair of tokens that make a token"
            ),
            (
                #"{"model": {"vocab": {"a": 0}, "merges": [["a"]]}}"#,
                "model.merges[0] is not a pair of tokens that make a token"
            ),
            (
                #"{"model": {"vocab": {"a": 0}, "merges": [], "unk_token": "?"}}"#,
                "model.unk_token is not a token of model.vocab"
            ),
            (
                #"{"added_tokens": [{"id": 7, "content": "x"}], "model": {"vocab": {"a": 0}, "merges": []}}"#,
                #"added_tokens[0] has the id 7, but "x" has 1"#
            ),
        ])
    func damaged(_ text: String, _ message: String) throws {
        let error = try #require(try error(text))
        #expect(error.code == .malformed)
        #expect(error.message == message)
    }

    @Test("A file that would make a text many times as long, and endless added tokens")
    func hostile() throws {
        let doubling = #"{"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}"#
        let doublings = [String](repeating: doubling, count: 40).joined(separator: ", ")
        let normalizer = #""normalizer": {"type": "Sequence", "normalizers": [\#(doublings)]},"#
        #expect(
            try error(json(normalizer))?.message
                == "normalizer is not a normalizer that makes a text at most 64 times as long")
        let empty = #""normalizer": {"type": "Replace", "pattern": {"String": ""}, "content": "a"},"#
        #expect(try error(json(empty))?.message == "normalizer.pattern.String is not a text that is not empty")
        let long = String(repeating: "x", count: 1025)
        let added = #"{"added_tokens": [{"id": 1, "content": "\#(long)"}], "model": {"vocab": {"a": 0}, "merges": []}}"#
        #expect(try error(added)?.message == "the added token 1 has more than 1024 bytes")
    }

    @Test("The start and end tokens of the files beside it")
    func specialTokens() throws {
        let path = try scratch.write("tokenizer.json", json())
        try scratch.write("config.json", #"{"bos_token_id": 1, "eos_token_id": [2, 0]}"#)
        var tokenizer = try Tokenizer.open(scratch.folder)
        #expect(tokenizer.bosToken == 1)
        #expect(tokenizer.eosToken == 2)
        try scratch.write("tokenizer_config.json", #"{"bos_token": null, "eos_token": {"content": "a"}}"#)
        tokenizer = try Tokenizer.open(path)
        #expect(tokenizer.bosToken == 1)
        #expect(tokenizer.eosToken == 0)
        try scratch.write("tokenizer_config.json", #"{"eos_token": "</s>"}"#)
        #expect(
            modelFileError { try Tokenizer.open(path) }?.message == #"eos_token is "</s>", which is not a token"#)
    }

    // MARK: - GGUF

    private func gguf(_ change: (inout GGUFBuilder) -> Void) throws -> KerfError? {
        var builder = try TinyModel.gguf()
        builder["tokenizer.ggml.model"] = .text("llama")
        builder["tokenizer.ggml.tokens"] = .array(of: 8, ["<unk>", "a", "b", "ab", "\u{2581}"].map { .text($0) })
        builder["tokenizer.ggml.token_type"] = .array(of: 5, [2, 1, 1, 1, 1].map { .uint32($0) })
        builder["tokenizer.ggml.scores"] = .array(of: 6, [0, -3, -4, -1, -2].map { .float32($0) })
        builder["tokenizer.ggml.unknown_token_id"] = .uint32(0)
        change(&builder)
        let path = try scratch.write("model.gguf", builder.bytes)
        return modelFileError {
            let tokenizer = try Tokenizer.open(path)
            #expect(tokenizer.encode("ab") == [4, 3])
        }
    }

    @Test("GGUF metadata")
    func metadata() throws {
        #expect(try gguf { _ in } == nil)
        #expect(
            try gguf { $0["tokenizer.ggml.model"] = nil }?.message
                == "has no tokenizer: tokenizer.ggml.model is missing")
        #expect(
            try gguf { $0["tokenizer.ggml.model"] = .text("bert") }?.message == #"tokenizer.ggml.model is "bert""#)
        #expect(
            try gguf {
                $0["tokenizer.ggml.model"] = .text("gpt2")
                $0["tokenizer.ggml.pre"] = .text("tekken")
            }?.message == #"tokenizer.ggml.pre is "tekken""#)
        #expect(
            try gguf { $0["tokenizer.ggml.scores"] = nil }?.message
                == "tokenizer.ggml.scores, one for each token, is missing or of another type")
        #expect(
            try gguf { $0["tokenizer.ggml.token_type"] = .array(of: 5, [.uint32(9)]) }?.message
                == "tokenizer.ggml.token_type, one for each token, is missing or of another type")
        #expect(
            try gguf { $0["tokenizer.ggml.tokens"] = .array(of: 4, [.uint32(1)]) }?.message
                == "tokenizer.ggml.tokens is not an array of texts")
        #expect(
            try gguf { $0["tokenizer.ggml.scores"] = .array(of: 6, (0..<5).map { _ in .float32(.nan) }) }?.message
                == "tokenizer.ggml.scores has a value that is not a number")
        #expect(
            try gguf { $0["tokenizer.ggml.eos_token_id"] = .uint32(5) }?.message
                == "tokenizer.ggml.eos_token_id is 5, which is not a token")
        #expect(
            try gguf { $0["tokenizer.ggml.remove_extra_whitespaces"] = .bool(1) }?.message
                == #"tokenizer.ggml.remove_extra_whitespaces is "true""#)
        #expect(
            try gguf {
                $0["tokenizer.ggml.precompiled_charsmap"] = .array(of: 0, [GGUFBuilder.Value(type: 0, bytes: [1])])
            }?.message == #"tokenizer.ggml.precompiled_charsmap is "set""#)
    }

    @Test("Random damage gives an error of this room, or a tokenizer that works", arguments: 0..<4 as Range<UInt64>)
    func mutations(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for name in ["llama3-json", "sentencepiece-json", "qwen2-gguf", "sentencepiece-gguf"] {
            let folder = try TokenizerCase.folder(name)
            let file = folder.appending(name.hasSuffix("gguf") ? "model.gguf" : "tokenizer.json")
            let good = try FileBytes.read(file.string, limit: 1 << 20)
            var refused = 0
            for round in 0..<40 {
                let bytes = Mutator.seeded.headed(good, header: good.count, using: &random)
                let path = try scratch.write("damaged", bytes)
                do throws(KerfError) {
                    let tokenizer = try Tokenizer.open(path)
                    _ = tokenizer.decode(tokenizer.encode("Some text, 123 é <s> \u{1F600}"))
                } catch {
                    #expect(!error.description.contains("\n"), "\(name), round \(round)")
                    refused += 1
                }
            }
            #expect(refused > 0, "\(name)")
        }
    }
}
