/// A byte-pair encoding: the tokens of single characters, and which two tokens make which third, in what order.
struct BytePairModel: Sendable {
    /// What the characters of a word are before anything is merged.
    enum Characters: Sendable {
        /// Bytes, in the alphabet of ``ByteAlphabet``.
        case bytes
        /// Scalars. Those without a token are their bytes' tokens, if there are such.
        case scalars
    }

    struct Merge: Sendable, Hashable {
        /// Least first.
        var rank: Int32
        /// The token that the pair becomes.
        var id: Int32
    }

    let vocabulary: Vocabulary
    let characters: Characters
    /// The token of each byte, -1 for none: of the alphabet, or `<0x00>` to `<0xFF>`.
    private(set) var byteTokens = [Int32](repeating: -1, count: 256)
    /// The token of a character without one, if any; such a character is left out otherwise.
    var unknown: Int32?
    /// Whether neighboring unknown characters are one token.
    var fusesUnknown = false
    private var merges: [UInt64: Merge] = [:]
    /// Ids of whole words, which then need no merges.
    private var wholeWords: (table: ByteStringTable, ids: [Int32])?
    /// Pairs of neighboring scalars within tokens: only across these is anything merged. Empty for bytes.
    private var joints: Set<UInt64> = []
    /// Whether neighbors in a word's tokens are neighbors in the word: no character is left out or fused with another, and
    /// no merge takes a byte's token, whose content is not what it stands for.
    private(set) var canBeCut = false

    /// - Parameters:
    ///   - ignoresMerges: whether a word that is a token needs no merges.
    ///   - byteFallback: whether scalars without a token become tokens `<0x00>` to `<0xFF>`.
    init(_ vocabulary: Vocabulary, characters: Characters, ignoresMerges: Bool, byteFallback: Bool = false) {
        self.vocabulary = vocabulary
        self.characters = characters
        for byte in UInt8.min...UInt8.max {
            switch characters {
            case .bytes: byteTokens[Int(byte)] = vocabulary.id(of: String(ByteAlphabet.scalars[Int(byte)])) ?? -1
            case .scalars:
                let digits = String(byte, radix: 16, uppercase: true)
                let name = "<0x" + (byte < 16 ? "0" : "") + digits + ">"
                if byteFallback { byteTokens[Int(byte)] = vocabulary.id(of: name) ?? -1 }
            }
        }
        if ignoresMerges { wholeWords = Self.words(vocabulary, characters) }
        canBeCut = characters == .scalars && !ignoresMerges && hasEveryByte
        if canBeCut { findJoints() }
    }

    var ignoresMerges: Bool { wholeWords != nil }

    /// Whether every byte has a token, so that no character is unknown.
    var hasEveryByte: Bool { byteTokens.allSatisfy { $0 >= 0 } }

    static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    /// The later merge of two of the same pair counts.
    mutating func add(_ left: Int32, _ right: Int32, _ merge: Merge) {
        merges[Self.key(left, right)] = merge
        if characters == .scalars, byteTokens.contains(left) || byteTokens.contains(right) { canBeCut = false }
    }

    /// Adds the merge of two tokens by their contents.
    ///
    /// - Returns: false unless there are two, both are tokens, and so is their concatenation.
    mutating func add(merge pair: [ArraySlice<UInt8>], rank: Int32) -> Bool {
        guard pair.count == 2, let left = vocabulary.id(of: pair[0]), let right = vocabulary.id(of: pair[1]),
            let id = vocabulary.id(of: pair[0] + pair[1])
        else { return false }
        add(left, right, Merge(rank: rank, id: id))
        return true
    }

    /// The contents of a merge that is written with a space between them; another count than two for another text.
    static func pair(_ text: String) -> [ArraySlice<UInt8>] {
        Array(text.utf8).split(separator: 0x20, omittingEmptySubsequences: false)
    }

    mutating func reserve(merges count: Int) { merges.reserveCapacity(count) }

    func merge(_ left: Int32, _ right: Int32) -> Merge? { merges[Self.key(left, right)] }

    func wholeWord(_ word: UnsafeBufferPointer<UInt8>) -> Int32? {
        guard let wholeWords, let number = wholeWords.table.number(of: word) else { return nil }
        return wholeWords.ids[number]
    }

    private static func words(_ vocabulary: Vocabulary, _ characters: Characters) -> (ByteStringTable, [Int32]) {
        var table = ByteStringTable()
        var ids: [Int32] = []
        for id in 0..<Int32(vocabulary.size) {
            guard let content = vocabulary.content(id) else { continue }
            guard let word = characters == .bytes ? ByteAlphabet.bytes(content) : Array(content) else { continue }
            let number = table.insert(word)
            if number == ids.count { ids.append(id) } else { ids[number] = id }
        }
        return (table, ids)
    }

    private mutating func findJoints() {
        for id in 0..<Int32(vocabulary.size) {
            guard let content = vocabulary.content(id) else { continue }
            content.withUnsafeBufferPointer { content in
                var previous: UInt32?
                var position = 0
                while position < content.count {
                    let (value, length) = content.scalar(at: position)
                    if let previous { joints.insert(UInt64(previous) << 32 | UInt64(value)) }
                    previous = value
                    position += length
                }
            }
        }
    }

    /// Whether the tokens of a word that ``canBeCut`` do not depend on whether it is cut between two scalars.
    func isIndependent(_ left: UInt32, _ right: UInt32) -> Bool {
        !joints.contains(UInt64(left) << 32 | UInt64(right))
    }
}
