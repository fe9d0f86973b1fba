import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

@testable import ModelFiles

/// A tokenizer and what the reference makes of texts, as Reference/make_tokenizers.py writes them.
struct TokenizerCase: Sendable, CustomStringConvertible {
    struct Line: Decodable, Sendable {
        var text: String
        /// Without the special tokens that the tokenizer adds.
        var ids: [Int32]
        /// With them.
        var special: [Int32]
        /// Text of the ids without special tokens.
        var decoded: String?
    }

    let folder: FilePath

    var description: String { folder.lastComponent?.string ?? "" }

    /// The folder of the committed cases.
    static let golden: [TokenizerCase] = cases(
        in: FilePath(#filePath).removingLastComponent().removingLastComponent().appending("Golden/tokenizers"))

    /// The folder of a committed case.
    static func folder(_ name: String) throws -> FilePath {
        try #require(golden.first { $0.description == name }).folder
    }

    /// The tokenizer of a committed case.
    static func tokenizer(_ name: String) throws -> Tokenizer {
        let reference = TokenizerCase(folder: try folder(name))
        return try #require(try reference.tokenizer())
    }

    /// The cases in the folder that `KERF_TOKENIZER_CASES` names, which Scripts/test-tokenizers.sh writes.
    static let environment: [TokenizerCase] =
        ProcessInfo.processInfo.environment["KERF_TOKENIZER_CASES"].map { cases(in: FilePath($0)) } ?? []

    private static func cases(in folder: FilePath) -> [TokenizerCase] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.string)) ?? []
        return names.sorted().map { TokenizerCase(folder: folder.appending($0)) }
    }

    /// The real model's tokenizer is not in its case's folder.
    var needsTestModel: Bool { ["tokenizer.json", "model.gguf", "source.txt"].allSatisfy { bytes($0) == nil } }

    func tokenizer() throws -> Tokenizer? {
        if let source = bytes("source.txt") {
            let path = String(decoding: source, as: UTF8.self).split(separator: "\n").first ?? ""
            return try Tokenizer.open(FilePath(String(path)))
        }
        if needsTestModel { return try TestModel.path.map { try Tokenizer.open($0) } }
        let name = bytes("model.gguf") == nil ? "tokenizer.json" : "model.gguf"
        return try Tokenizer.open(folder.appending(name))
    }

    func lines() throws -> [Line] {
        let decoder = JSONDecoder()
        return try (bytes("expected.jsonl") ?? Data()).split(separator: 0x0A).map {
            try decoder.decode(Line.self, from: $0)
        }
    }

    private func bytes(_ name: String) -> Data? { FileManager.default.contents(atPath: folder.appending(name).string) }
}
