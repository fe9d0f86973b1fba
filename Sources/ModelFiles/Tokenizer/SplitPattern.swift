/// The regular expressions by which Llama-family tokenizers split a text into words, as hand-written scanners.
///
/// Every scalar is part of a match, so a text is cut into matches without rest. Alternatives are tried in the expression's
/// order, at the leftmost position.
enum SplitPattern: Sendable, Hashable {
    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
    case gpt2
    /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
    /// of Llama 3 with 3 digits, of Qwen 2 with 1.
    case tiktoken(maximumDigits: Int)

    /// The pattern of an expression as `tokenizer.json` files write it; `nil` for another one.
    init?(regularExpression: String) {
        let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|"
        let rest = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
        let words = " ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"
        switch regularExpression {
        case "'s|'t|'re|'ve|'m|'ll|'d|" + words, "'(?:[sdmt]|ll|ve|re)|" + words: self = .gpt2
        case contractions + "\\p{N}{1,3}" + rest: self = .tiktoken(maximumDigits: 3)
        case contractions + "\\p{N}" + rest: self = .tiktoken(maximumDigits: 1)
        default: return nil
        }
    }

    /// End of the match that starts at a position.
    ///
    /// - Parameters:
    ///   - start: below `end`.
    ///   - end: end of the text, for the lookahead.
    func matchEnd(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int) -> Int {
        let scanner = SplitScanner(bytes: bytes, end: end)
        switch self {
        case .gpt2: return scanner.gpt2(start)
        case .tiktoken(let maximumDigits): return scanner.tiktoken(start, maximumDigits: maximumDigits)
        }
    }
}

private struct SplitScanner {
    let bytes: UnsafeBufferPointer<UInt8>
    let end: Int

    func gpt2(_ start: Int) -> Int {
        if let end = contraction(start, ignoringCase: false) { return end }
        let first = bytes[start] == 0x20 ? start + 1 : start
        if first < end {
            let kind = ScalarClasses.of(bytes.scalar(at: first).value)
            if kind.contains(.letter) { return run(first) { $0.contains(.letter) } }
            if kind.contains(.number) { return run(first) { $0.contains(.number) } }
            if !kind.contains(.space) { return run(first, others) }
        }
        return space(start)
    }

    func tiktoken(_ start: Int, maximumDigits: Int) -> Int {
        if let end = contraction(start, ignoringCase: true) { return end }
        let (value, length) = bytes.scalar(at: start)
        let kind = ScalarClasses.of(value)
        if kind.contains(.letter) { return run(start) { $0.contains(.letter) } }
        if kind.contains(.number) { return digits(start, maximum: maximumDigits) }
        let isLineBreak = value == 0x0A || value == 0x0D
        let second = start + length
        if !isLineBreak, second < end, ScalarClasses.of(bytes.scalar(at: second).value).contains(.letter) {
            return run(second) { $0.contains(.letter) }
        }
        let first = value == 0x20 ? second : start
        if first < end, others(ScalarClasses.of(bytes.scalar(at: first).value)) {
            var position = run(first, others)
            while position < end, bytes[position] == 0x0A || bytes[position] == 0x0D { position += 1 }
            return position
        }
        // `\s*[\r\n]+`: up to the last line break of the white space.
        let spaceEnd = run(start) { $0.contains(.space) }
        if let last = bytes[start..<spaceEnd].lastIndex(where: { $0 == 0x0A || $0 == 0x0D }) { return last + 1 }
        return space(start)
    }

    private func others(_ kind: ScalarClass) -> Bool { kind.isDisjoint(with: .spaceLetterOrNumber) }

    private func run(_ start: Int, _ isMember: (ScalarClass) -> Bool) -> Int {
        var position = start
        while position < end {
            let (value, length) = bytes.scalar(at: position)
            guard isMember(ScalarClasses.of(value)) else { break }
            position += length
        }
        return position
    }

    private func digits(_ start: Int, maximum: Int) -> Int {
        var position = start
        for _ in 0..<maximum where position < end {
            let (value, length) = bytes.scalar(at: position)
            guard ScalarClasses.of(value).contains(.number) else { break }
            position += length
        }
        return position
    }

    /// `\s+(?!\S)|\s+`: white space without its last scalar where another word follows, unless it is a single one.
    private func space(_ start: Int) -> Int {
        let spaceEnd = run(start) { $0.contains(.space) }
        if spaceEnd == end { return end }
        let last = bytes.start(before: spaceEnd)
        return last > start ? last : spaceEnd
    }

    /// `'s|'t|'re|'ve|'m|'ll|'d`. Case folding makes the long s, U+017F, an s.
    private func contraction(_ start: Int, ignoringCase: Bool) -> Int? {
        guard bytes[start] == UInt8(ascii: "'") else { return nil }
        if ignoringCase, letter(start + 1) == 0xC5, letter(start + 2) == 0xBF { return start + 3 }
        let fold: UInt8 = ignoringCase ? 0x20 : 0
        let first = letter(start + 1) | fold
        switch first {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"):
            return letter(start + 2) | fold == UInt8(ascii: "e") ? start + 3 : nil
        case UInt8(ascii: "l"): return letter(start + 2) | fold == UInt8(ascii: "l") ? start + 3 : nil
        default: return nil
        }
    }

    /// A byte, or 0 at the end.
    private func letter(_ position: Int) -> UInt8 { position < end ? bytes[position] : 0 }
}
