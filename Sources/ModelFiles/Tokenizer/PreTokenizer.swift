/// A step that cuts a text into words, within which tokens are merged.
enum PreTokenizerStep: Sendable, Hashable {
    /// Each match of a pattern is a word.
    case split(SplitPattern)
    /// Numerals are words: each one, or each run.
    case digits(individual: Bool)
    /// A space in front of each word that does not start with one.
    case prefixSpace
    /// Spaces become a replacement, in front of which the text is cut if `splits`.
    case metaspace(replacement: [UInt8], prepends: Prepending, splits: Bool)

    /// Where ``metaspace(replacement:prepends:splits:)`` puts a replacement in front of a text.
    enum Prepending: String, Sendable {
        case first, never, always
    }
}

/// The steps that cut a text into words, in order.
struct PreTokenizer: Sendable {
    var steps: [PreTokenizerStep] = []

    /// - Parameters:
    ///   - range: a range of valid UTF-8 that is not empty.
    ///   - isFirst: whether the range is the start of the whole text.
    ///   - body: called for each word in order; the words' bytes are valid during the call.
    func forEachWord(
        _ bytes: UnsafeBufferPointer<UInt8>, in range: Range<Int>, isFirst: Bool,
        _ body: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        cut(bytes, range, step: 0, isFirst: isFirst, body)
    }

    private func cut(
        _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, step: Int, isFirst: Bool,
        _ body: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        guard step < steps.count else { return body(UnsafeBufferPointer(rebasing: bytes[range])) }
        switch steps[step] {
        case .split(let pattern):
            var position = range.lowerBound
            while position < range.upperBound {
                let end = pattern.matchEnd(bytes, from: position, to: range.upperBound)
                cut(bytes, position..<end, step: step + 1, isFirst: isFirst, body)
                position = end
            }
        case .digits(let individual):
            var position = range.lowerBound
            while position < range.upperBound {
                let end = Self.digitsEnd(bytes, from: position, to: range.upperBound, individual: individual)
                cut(bytes, position..<end, step: step + 1, isFirst: isFirst, body)
                position = end
            }
        case .prefixSpace:
            guard bytes[range.lowerBound] != 0x20 else {
                return cut(bytes, range, step: step + 1, isFirst: isFirst, body)
            }
            ([0x20] + bytes[range]).withUnsafeBufferPointer {
                cut($0, 0..<$0.count, step: step + 1, isFirst: isFirst, body)
            }
        case .metaspace(let replacement, let prepends, let splits):
            var text = Array(bytes[range]).replacing([0x20], by: replacement)
            let isWanted = prepends == .always || prepends == .first && isFirst
            if isWanted, !text.starts(with: replacement) { text = replacement + text }
            text.withUnsafeBufferPointer { text in
                for word in splits ? Self.words(text, startingWith: replacement) : [0..<text.count] {
                    cut(text, word, step: step + 1, isFirst: isFirst, body)
                }
            }
        }
    }

    /// End of the next run without numerals, or of the next numerals.
    private static func digitsEnd(
        _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int, individual: Bool
    ) -> Int {
        var position = start
        var wasNumeric: Bool?
        while position < end {
            let (value, length) = bytes.scalar(at: position)
            let isNumeric = ScalarClasses.of(value).contains(.numeric)
            if let wasNumeric, wasNumeric != isNumeric || individual && isNumeric { break }
            wasNumeric = isNumeric
            position += length
        }
        return position
    }

    /// The ranges between the starts of a mark.
    private static func words(
        _ text: UnsafeBufferPointer<UInt8>, startingWith mark: [UInt8]
    ) -> [Range<Int>] {
        var words: [Range<Int>] = []
        var start = 0
        var position = 0
        while position < text.count {
            if text[position] == mark[0], text[position...].starts(with: mark) {
                if position > start { words.append(start..<position) }
                start = position
                position += mark.count
            } else {
                position += 1
            }
        }
        if start < text.count { words.append(start..<text.count) }
        return words
    }
}
