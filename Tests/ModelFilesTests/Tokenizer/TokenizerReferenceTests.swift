import SystemPackage
import TestSupport
import Testing

@testable import ModelFiles

@Suite("Tokenizers, against tokenizers and sentencepiece")
struct TokenizerReferenceTests {
    @Test("Small tokenizers of every kind", arguments: TokenizerCase.golden.filter { !$0.needsTestModel })
    func golden(_ reference: TokenizerCase) throws {
        #expect(try differences(reference) == [])
    }

    @Test("All kinds are there")
    func complete() {
        #expect(TokenizerCase.golden.count == 11)
    }

    @Test("SmolLM2's", .enabled(if: TestModel.path != nil, "\(TestModel.absence)"))
    func smolLM2() throws {
        let reference = try #require(TokenizerCase.golden.first { $0.needsTestModel })
        #expect(try differences(reference) == [])
        let tokenizer = try #require(try reference.tokenizer())
        #expect(tokenizer.vocabularySize == 49_152)
        #expect(tokenizer.bosToken == 1)
        #expect(tokenizer.eosToken == 2)
    }

    @Test(
        "The cases of Scripts/test-tokenizers.sh",
        .enabled(if: !TokenizerCase.environment.isEmpty, "needs the cases that Scripts/test-tokenizers.sh writes"),
        arguments: TokenizerCase.environment)
    func environment(_ reference: TokenizerCase) throws {
        let lines = try reference.lines().count
        let different = try differences(reference)
        #expect(lines > 0)
        #expect(different == [])
        print("\(reference): \(lines) lines, \(different.count) differ")
    }

    /// The texts whose ids, or whose ids' text, are not the reference's.
    private func differences(_ reference: TokenizerCase) throws -> [String] {
        let tokenizer = try #require(try reference.tokenizer())
        return try reference.lines().compactMap { line in
            let isRight =
                tokenizer.encode(line.text, addSpecialTokens: false) == line.ids
                && tokenizer.encode(line.text) == line.special
                // Compared by bytes: strings that are canonically equivalent are equal.
                && line.decoded.map { Array($0.utf8) == Array(tokenizer.decode(line.ids).utf8) } ?? true
            return isRight ? nil : line.text.debugDescription
        }
    }
}
