/// A token that is found in the text itself, before it is split into words.
struct AddedToken: Sendable, Hashable {
    var content: [UInt8]
    var id: Int32
    /// Only between scalars that are not part of a word.
    var isSingleWord = false
    /// Takes the white space before it along.
    var stripsLeft = false
    /// Takes the white space after it along.
    var stripsRight = false
    /// Left out by decoding.
    var isSpecial = true
}

/// A stretch of text, or the added token that was found there.
enum TextPart: Sendable, Hashable {
    case text(Range<Int>)
    case token(Int32)
}

/// Finds added tokens in a text, the longest at the leftmost position.
///
/// A trie over bytes; a search takes time proportional to the text times the longest token.
struct AddedTokens: Sendable {
    private var tokens: [AddedToken] = []
    /// Token that ends at a node; -1 for none. Node 0 is the root.
    private var ends: [Int32] = [-1]
    /// Next node by node and byte.
    private var edges: [UInt64: Int32] = [:]
    /// Whether a token starts with a byte.
    private var starts = [Bool](repeating: false, count: 256)

    /// - Parameter tokens: each with the content to search for; the later one of two that are equal counts.
    init(_ tokens: [AddedToken]) {
        for token in tokens where !token.content.isEmpty {
            var node: Int32 = 0
            for byte in token.content {
                let key = Self.key(node, byte)
                if let next = edges[key] {
                    node = next
                } else {
                    edges[key] = Int32(ends.count)
                    node = Int32(ends.count)
                    ends.append(-1)
                }
            }
            ends[Int(node)] = Int32(self.tokens.count)
            self.tokens.append(token)
            starts[Int(token.content[0])] = true
        }
    }

    private static func key(_ node: Int32, _ byte: UInt8) -> UInt64 { UInt64(node) << 8 | UInt64(byte) }

    /// Cuts a range of a text at the added tokens in it, in order; no part of text is empty.
    func parts(of bytes: UnsafeBufferPointer<UInt8>, in range: Range<Int>) -> [TextPart] {
        var parts: [TextPart] = []
        var textStart = range.lowerBound
        var position = range.lowerBound
        while !tokens.isEmpty, position < range.upperBound {
            guard let match = longest(bytes, at: position, to: range.upperBound) else {
                position += 1
                continue
            }
            let found = position..<match.end
            position = match.end
            let token = tokens[match.token]
            if token.isSingleWord, isInWord(bytes, found, in: range) { continue }
            var (start, end) = (found.lowerBound, found.upperBound)
            if token.stripsLeft { start = max(spaceStart(bytes, before: start, from: range.lowerBound), textStart) }
            if token.stripsRight { end = spaceEnd(bytes, from: end, to: range.upperBound) }
            if textStart < start { parts.append(.text(textStart..<start)) }
            parts.append(.token(token.id))
            textStart = end
        }
        if textStart < range.upperBound { parts.append(.text(textStart..<range.upperBound)) }
        return parts
    }

    private func longest(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int, to end: Int) -> (token: Int, end: Int)? {
        guard starts[Int(bytes[start])] else { return nil }
        var found: (token: Int, end: Int)?
        var node: Int32 = 0
        var position = start
        while position < end, let next = edges[Self.key(node, bytes[position])] {
            node = next
            position += 1
            if ends[Int(node)] >= 0 { found = (Int(ends[Int(node)]), position) }
        }
        return found
    }

    private func isInWord(
        _ bytes: UnsafeBufferPointer<UInt8>, _ found: Range<Int>, in range: Range<Int>
    ) -> Bool {
        func isWord(at position: Int) -> Bool {
            Unicode.Scalar(bytes.scalar(at: position).value).map(ScalarClasses.isWord) ?? false
        }
        let follows = found.upperBound < range.upperBound && isWord(at: found.upperBound)
        return follows || found.lowerBound > range.lowerBound && isWord(at: bytes.start(before: found.lowerBound))
    }

    private func spaceStart(_ bytes: UnsafeBufferPointer<UInt8>, before end: Int, from start: Int) -> Int {
        var position = end
        while position > start {
            let previous = bytes.start(before: position)
            guard ScalarClasses.of(bytes.scalar(at: previous).value).contains(.space) else { break }
            position = previous
        }
        return position
    }

    private func spaceEnd(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int) -> Int {
        var position = start
        while position < end {
            let (value, length) = bytes.scalar(at: position)
            guard ScalarClasses.of(value).contains(.space) else { break }
            position += length
        }
        return position
    }
}
