/// A text that names a box or its owner, and what is recorded in its place.
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

    /// Whether nothing of it is outside of these words.
    func consists(of words: Set<[UInt8]>) -> Bool { word.words.allSatisfy(words.contains) }

    /// Whether the text is the secret and nothing else.
    func isWhole(_ text: some BidirectionalCollection<UInt8>) -> Bool {
        let text = text.trimmed
        return text.count == word.count && matches(text)
    }

    /// The text with the replacement wherever the secret stands as words: where no letter or digit goes on before or
    /// behind it.
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
    /// Longer ones first, since one may be a part of another.
    var ordered: [Secret] { sorted { $0.length > $1.length } }

    func removed(from text: [UInt8]) -> [UInt8] { reduce(text) { $1.removed(from: $0) } }
}
