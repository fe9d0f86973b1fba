import Statistics
import Testing

@testable import ModelFiles

@Suite("Patterns that split text into words")
struct SplitPatternTests {
    private static let gpt2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
    private static let llama3 =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"#
        + #"\s+(?!\S)|\s+"#
    private static let qwen2 =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    private func words(_ text: String, _ pattern: SplitPattern) -> [String] {
        var text = text
        return text.withUTF8 { bytes in
            var words: [String] = []
            var start = 0
            while start < bytes.count {
                let end = pattern.matchEnd(bytes, from: start, to: bytes.count)
                words.append(String(decoding: bytes[start..<end], as: UTF8.self))
                start = end
            }
            return words
        }
    }

    /// Swift's regular expressions are another implementation; without U+017F, which Oniguruma folds to an s and Swift does
    /// not. Strings are compared by their scalars, since the first word
    /// may end between those of one character.
    @Test("Words are those of Swift's regular expressions", arguments: [gpt2, llama3, qwen2])
    func regularExpressions(_ expression: String) throws {
        let pattern = try #require(SplitPattern(regularExpression: expression))
        let regex = try Regex(expression).matchingSemantics(.unicodeScalar)
        var random = SeededGenerator(seed: 1)
        let characters: [Unicode.Scalar] =
            Array("''sStTrReEvVmMlLdD abñ層ا0129²Ⅷ٣.,-_?!\t\n\r ".unicodeScalars)
            + ["\u{0}", "\u{85}", "\u{A0}", "\u{301}", "\u{3000}", "\u{200D}", "\u{1F600}", "\u{E000}"]
        for _ in 0..<1500 {
            let scalars = (0..<random.next() % 14).map { _ in characters[Int(random.next() % UInt64(characters.count))]
            }
            let text = String(String.UnicodeScalarView(scalars))
            let expected = text.matches(of: regex).map { text.unicodeScalars[$0.range].map(\.value) }
            #expect(words(text, pattern).map { $0.unicodeScalars.map(\.value) } == expected, "\(text.debugDescription)")
        }
    }

    @Test(
        "Words, by hand",
        arguments: [
            (SplitPattern.gpt2, "I've 1234  cats\n\n x", ["I", "'ve", " 1234", " ", " cats", "\n\n", " x"]),
            (
                .tiktoken(maximumDigits: 3), "I'VE 1234  cats!!\n\n x",
                ["I", "'VE", " ", "123", "4", " ", " cats", "!!\n\n", " x"]
            ),
            (.tiktoken(maximumDigits: 3), "'\u{17F}a", ["'\u{17F}", "a"]),
            (.tiktoken(maximumDigits: 1), "12\u{301}a \r\n  b", ["1", "2", "\u{301}a", " \r\n", " ", " b"]),
        ])
    func examples(_ pattern: SplitPattern, _ text: String, _ expected: [String]) {
        #expect(words(text, pattern) == expected)
    }

    @Test("Another expression is not taken for one of these")
    func others() {
        #expect(SplitPattern(regularExpression: Self.llama3 + "|x") == nil)
        #expect(SplitPattern(regularExpression: "") == nil)
    }

    @Test("Letters and numbers that are newer than the reference's tables are neither")
    func ages() {
        // Unicode 17: U+11DE0, a digit of Tolong Siki; U+323B0, an ideograph.
        #expect(ScalarClasses.of(0x11DE0) == .numeric)
        #expect(ScalarClasses.of(0x323B0) == [])
        #expect(ScalarClasses.of(0x31350) == .letter)
        #expect(ScalarClasses.of(0x10FFFF) == [])
    }
}
