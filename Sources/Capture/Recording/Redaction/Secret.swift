/// A text that identifies a box or its owner, and its replacement.
struct Secret {
    private let word: [UInt8]
    private let replacement: [UInt8]
    private let ignoresCase: Bool

    init(_ word: String, replacement: String = Redactor.removed, ignoresCase: Bool = false) {
        self.word = ignoresCase ? word.utf8.map(\.lowercased) : Array(word.utf8)
        self.replacement = Array(replacement.utf8)
        self.ignoresCase = ignoresCase
    }

    var length: Int { word.count }

    /// Whether all of its words are among these.
    func consists(of words: Set<[UInt8]>) -> Bool { word.words.allSatisfy(words.contains) }

    /// Whether the text, without white space around it, equals the secret.
    func isWhole(_ text: some BidirectionalCollection<UInt8>) -> Bool {
        let text = text.trimmed
        return text.count == word.count && matches(text)
    }

    /// The text with each occurrence replaced that is not part of a longer word: with no letter, digit or underscore next to
    /// it.
    func removed(from text: [UInt8]) -> [UInt8] {
        guard !word.isEmpty, text.count >= word.count else { return text }
        var result: [UInt8] = []
        var start = 0
        var index = 0
        while index + word.count <= text.count {
            let end = index + word.count
            guard matches(text[index..<end]), index == 0 || !text[index - 1].continuesWord,
                end == text.count || !text[end].continuesWord
            else {
                index += 1
                continue
            }
            result += text[start..<index] + replacement
            (start, index) = (end, end)
        }
        return start == 0 ? text : result + text[start...]
    }

    private func matches(_ text: some Collection<UInt8>) -> Bool {
        text.elementsEqual(word) { ignoresCase ? $0.lowercased == $1 : $0 == $1 }
    }
}

extension [Secret] {
    /// Longest first, since one may be a part of another.
    var longestFirst: [Secret] { sorted { $0.length > $1.length } }

    func removed(from text: [UInt8]) -> [UInt8] { reduce(text) { $1.removed(from: $0) } }
}

extension UInt8 {
    var isDecimalDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    var isHexadecimalDigit: Bool { isDecimalDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(lowercased) }

    var isLetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lowercased) || self >= 128 }

    /// Whether it is part of a word: a letter, a digit or an underscore.
    var continuesWord: Bool { isLetter || isDecimalDigit || self == UInt8(ascii: "_") }

    var isBlank: Bool { self == UInt8(ascii: " ") || (9...13).contains(self) }

    /// In lower case, for ASCII.
    var lowercased: UInt8 { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self }
}

extension Sequence<UInt8> {
    /// Words in lower case, divided as in ``Secret/removed(from:)``.
    var words: [[UInt8]] { split { !$0.continuesWord }.map { $0.map(\.lowercased) } }
}

extension BidirectionalCollection<UInt8> {
    /// Without white space at both ends.
    var trimmed: SubSequence {
        let text = drop(while: \.isBlank)
        guard let last = text.lastIndex(where: { !$0.isBlank }) else { return text }
        return text[...last]
    }
}
