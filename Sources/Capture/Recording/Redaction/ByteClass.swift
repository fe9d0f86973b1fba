extension UInt8 {
    var isDecimalDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    var isHexadecimalDigit: Bool { isDecimalDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(lowercased) }

    var isLetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lowercased) || self >= 128 }

    /// Whether a word goes on with it.
    var continuesWord: Bool { isLetter || isDecimalDigit || self == UInt8(ascii: "_") }

    var isBlank: Bool { self == UInt8(ascii: " ") || (9...13).contains(self) }

    /// Of ASCII.
    var lowercased: UInt8 { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self }
}

extension Sequence<UInt8> {
    /// Words in lower case, as ``Secret`` bounds them.
    var words: [[UInt8]] { split { !$0.continuesWord }.map { $0.map(\.lowercased) } }
}

extension BidirectionalCollection<UInt8> {
    /// Without blanks at both ends.
    var trimmed: SubSequence {
        let text = drop(while: \.isBlank)
        guard let last = text.lastIndex(where: { !$0.isBlank }) else { return text }
        return text[...last]
    }
}
