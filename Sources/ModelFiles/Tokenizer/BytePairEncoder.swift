/// Encodes words by a ``BytePairModel``, and remembers short ones.
///
/// A word of n characters takes time proportional to n log n.
struct BytePairEncoder {
    /// Longer words are cut here, which bounds memory to some 40 times as many bytes.
    static let wordLimit = 1 << 24
    private static let rememberedWordLimit = 64
    private static let rememberedWords = 1 << 17

    private let model: BytePairModel
    private var remembered = ByteStringTable()
    /// End in `rememberedTokens` of each remembered word.
    private var rememberedEnds: [Int] = []
    private var rememberedTokens: [Int32] = []

    // The word's symbols: a list linked both ways, whose merged elements have the token -1.
    private var tokens: [Int32] = []
    private var previous: [Int32] = []
    private var next: [Int32] = []
    private var queue = MergeQueue()

    init(_ model: BytePairModel) { self.model = model }

    /// Appends the tokens of a word, which is valid UTF-8.
    mutating func append(_ word: UnsafeBufferPointer<UInt8>, to ids: inout [Int32]) {
        guard model.canBeCut, word.count > Self.rememberedWordLimit else {
            return appendPieces(word, to: &ids)
        }
        var start = 0
        var position = word.scalar(at: 0).length
        var left = word.scalar(at: 0).value
        while position < word.count {
            let (value, length) = word.scalar(at: position)
            if model.isIndependent(left, value) {
                appendPieces(UnsafeBufferPointer(rebasing: word[start..<position]), to: &ids)
                start = position
            }
            left = value
            position += length
        }
        appendPieces(UnsafeBufferPointer(rebasing: word[start...]), to: &ids)
    }

    private mutating func appendPieces(_ word: UnsafeBufferPointer<UInt8>, to ids: inout [Int32]) {
        var start = 0
        while word.count - start > Self.wordLimit {
            let end = word.start(before: start + Self.wordLimit + 1)
            appendWord(UnsafeBufferPointer(rebasing: word[start..<end]), to: &ids)
            start = end
        }
        appendWord(UnsafeBufferPointer(rebasing: word[start...]), to: &ids)
    }

    private mutating func appendWord(_ word: UnsafeBufferPointer<UInt8>, to ids: inout [Int32]) {
        if let id = model.wholeWord(word) { return ids.append(id) }
        guard word.count <= Self.rememberedWordLimit else { return merge(word, into: &ids) }
        if let number = remembered.number(of: word) {
            let start = number == 0 ? 0 : rememberedEnds[number - 1]
            ids.append(contentsOf: rememberedTokens[start..<rememberedEnds[number]])
            return
        }
        let first = ids.count
        merge(word, into: &ids)
        guard remembered.count < Self.rememberedWords else { return }
        _ = remembered.insert(word)
        rememberedTokens.append(contentsOf: ids[first...])
        rememberedEnds.append(rememberedTokens.count)
    }

    private mutating func merge(_ word: UnsafeBufferPointer<UInt8>, into ids: inout [Int32]) {
        tokens.removeAll(keepingCapacity: true)
        split(word)
        guard !tokens.isEmpty else { return }
        let count = Int32(tokens.count)
        previous = Array(-1..<count - 1)
        next = Array(1..<count + 1)
        next[next.count - 1] = -1
        for position in 0..<tokens.count - 1 { enqueue(position, position + 1) }
        while let entry = queue.pop() {
            let left = entry.position
            guard tokens[left] >= 0, next[left] >= 0 else { continue }
            let right = Int(next[left])
            // The entry is of a pair that is no longer there, unless the pair that is there makes the same token.
            guard model.merge(tokens[left], tokens[right])?.id == entry.id else { continue }
            tokens[left] = entry.id
            tokens[right] = -1
            next[left] = next[right]
            if next[left] >= 0 {
                previous[Int(next[left])] = Int32(left)
                enqueue(left, Int(next[left]))
            }
            if previous[left] >= 0 { enqueue(Int(previous[left]), left) }
        }
        for token in tokens where token >= 0 { ids.append(token) }
    }

    private mutating func enqueue(_ left: Int, _ right: Int) {
        guard let merge = model.merge(tokens[left], tokens[right]) else { return }
        queue.push(rank: merge.rank, position: left, id: merge.id)
    }

    /// The tokens of a word's characters.
    private mutating func split(_ word: UnsafeBufferPointer<UInt8>) {
        // An unknown token waits for the next known one, as in `tokenizers`, also when bytes' tokens come before it.
        var isUnknownPending = false
        func flush(_ tokens: inout [Int32]) {
            if isUnknownPending, let unknown = model.unknown { tokens.append(unknown) }
            isUnknownPending = false
        }
        var position = 0
        while position < word.count {
            let length = model.characters == .bytes ? 1 : word.scalar(at: position).length
            let character = UnsafeBufferPointer(rebasing: word[position..<position + length])
            position += length
            let known = model.characters == .bytes ? byteToken(character[0]) : model.vocabulary.id(of: character)
            if let known {
                flush(&tokens)
                tokens.append(known)
            } else if model.characters == .scalars, character.allSatisfy({ byteToken($0) != nil }) {
                for byte in character { tokens.append(model.byteTokens[Int(byte)]) }
            } else {
                if !model.fusesUnknown { flush(&tokens) }
                isUnknownPending = true
            }
        }
        flush(&tokens)
    }

    private func byteToken(_ byte: UInt8) -> Int32? {
        let token = model.byteTokens[Int(byte)]
        return token < 0 ? nil : token
    }
}
