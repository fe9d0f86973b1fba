import Statistics
import Testing

@testable import ModelFiles

@Suite("Tokenizer")
struct TokenizerTests {
    @Test("Text comes back from its tokens", arguments: ["llama3-json", "sentencepiece-gguf"])
    func roundTrip(_ name: String) throws {
        let tokenizer = try TokenizerCase.tokenizer(name)
        var random = SeededGenerator(seed: 1)
        for _ in 0..<300 {
            let scalars = (0..<1 + random.next() % 20).compactMap { _ in
                Unicode.Scalar(UInt32(random.next() % [0x80, 0x3000, 0x110000][Int(random.next() % 3)]))
            }
            let text = String(String.UnicodeScalarView(scalars))
            // SentencePiece's mark comes back as a space.
            if text.unicodeScalars.contains("\u{2581}") { continue }
            let ids = tokenizer.encode(text, addSpecialTokens: false)
            #expect(Array(tokenizer.decode(ids, skipsSpecialTokens: false).utf8) == Array(text.utf8))
            #expect(ids.allSatisfy { $0 >= 0 && $0 < tokenizer.vocabularySize })
        }
    }

    @Test("Bytes that are not UTF-8 become U+FFFD")
    func invalidBytes() throws {
        let bytes = try TokenizerCase.tokenizer("llama3-json")
        // The alphabet is the first of the vocabulary after three special tokens; é is two bytes.
        let ids = bytes.encode("é", addSpecialTokens: false)
        #expect(ids.count == 2)
        #expect(bytes.decode([ids[0]]) == "\u{FFFD}")
        let pieces = try TokenizerCase.tokenizer("sentencepiece-json")
        let fallback = pieces.encode("\u{1F60F}", addSpecialTokens: false)
        #expect(fallback.count == 5)
        #expect(pieces.decode(Array(fallback.dropLast())) == "\u{FFFD}\u{FFFD}\u{FFFD}")
    }

    @Test("A continuation has no space in front of it", arguments: ["sentencepiece-json", "metaspace-first-json"])
    func continuation(_ name: String) throws {
        let tokenizer = try TokenizerCase.tokenizer(name)
        let start = tokenizer.encode("the", addSpecialTokens: false)
        for rest in ["1", " 1", "<s>1"] {
            let whole = tokenizer.encode("the" + rest, addSpecialTokens: false)
            #expect(start + tokenizer.encode(rest, addSpecialTokens: false, isContinuation: true) == whole)
        }
        let whole = tokenizer.encode("the1", addSpecialTokens: false)
        #expect(start + tokenizer.encode("1", addSpecialTokens: false) != whole)
    }

    @Test("Special tokens are added before and after, and left out of the text")
    func specialTokens() throws {
        let tokenizer = try TokenizerCase.tokenizer("llama3-json")
        let plain = tokenizer.encode("a", addSpecialTokens: false)
        #expect(tokenizer.encode("a") == [0] + plain + [2])
        #expect(tokenizer.bosToken == 0)
        #expect(tokenizer.eosToken == 2)
        #expect(tokenizer.decode(tokenizer.encode("a")) == "a")
        #expect(tokenizer.decode(tokenizer.encode("a"), skipsSpecialTokens: false) == "<|endoftext|>a<|im_end|>")
    }

    @Test("Added tokens: the longest, single words, white space taken along")
    func addedTokens() {
        func token(_ content: String, _ id: Int32, _ change: (inout AddedToken) -> Void = { _ in }) -> AddedToken {
            var token = AddedToken(content: Array(content.utf8), id: id)
            change(&token)
            return token
        }
        let tokens = AddedTokens([
            token("<a>", 1), token("<a><b>", 2), token("word", 3) { $0.isSingleWord = true },
            token("<l>", 4) { $0.stripsLeft = true }, token("<r>", 5) { $0.stripsRight = true }, token("", 6),
        ])
        func parts(_ text: String) -> [TextPart] {
            var text = text
            return text.withUTF8 { tokens.parts(of: $0, in: 0..<$0.count) }
        }
        #expect(parts("<a><a><b><a") == [.token(1), .token(2), .text(9..<11)])
        #expect(parts("word sword word") == [.token(3), .text(4..<11), .token(3)])
        #expect(parts("x \n<l> <r>  y") == [.text(0..<1), .token(4), .text(6..<7), .token(5), .text(12..<13)])
        #expect(parts("<r>  <l>") == [.token(5), .token(4)])
        #expect(parts("") == [])
    }
}
