/// Hardware (MAC) addresses in what is recorded. Each becomes the same other address everywhere, in the spelling in which
/// it stands there, so that links still meet their targets.
struct HardwareAddresses {
    /// Digits in lower case.
    private var known: Set<[UInt8]> = []
    private var numbers: [[UInt8]: Int] = [:]

    private static let separators = Set(":-_. ".utf8)
    /// Pairs of an EUI-48, of an EUI-64, and of an InfiniBand address.
    private static let shortest = 6
    private static let longer: Set<Int> = [8, 20]

    /// Adds an address of the box, by which it is found in every spelling.
    ///
    /// - Returns: `false` when the text is none, or one that tells nothing, such as that of the loopback device.
    @discardableResult
    mutating func learn(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        let digits = Self.digits(bytes[...])
        let separators = Set(bytes.filter { !$0.isHexadecimalDigit })
        guard separators.count <= 1, separators.isSubset(of: Self.separators), digits.count % 2 == 0,
            bytes.count == digits.count + (separators.isEmpty ? 0 : digits.count / 2 - 1),
            digits.count / 2 == Self.shortest || Self.longer.contains(digits.count / 2)
        else { return false }
        if Set(digits).count > 1 { known.insert(digits) }
        return true
    }

    /// The text with other addresses in place of those of the box and of whatever has an address's form.
    mutating func replaced(in text: [UInt8]) -> [UInt8] {
        guard text.count >= 2 * Self.shortest else { return text }
        var result = text
        var start = 0
        while start + 2 * Self.shortest <= text.count {
            guard text[start].isHexadecimalDigit, let end = endOfAddress(in: text, from: start) else {
                start += 1
                continue
            }
            replace(start..<end, in: &result)
            start = end
        }
        return result
    }

    private func endOfAddress(in text: [UInt8], from start: Int) -> Int? {
        for address in known {
            if let end = Self.end(of: address, in: text, from: start) { return end }
        }
        if start > 0, text[start - 1].isHexadecimalDigit { return nil }
        return Self.endOfPairs(in: text, from: start) ?? Self.endOfQuadruples(in: text, from: start)
    }

    // MARK: - Forms

    /// A known address: its digits, with or without a separator behind each pair.
    private static func end(of address: [UInt8], in text: [UInt8], from start: Int) -> Int? {
        var index = start
        for (count, digit) in address.enumerated() {
            if count > 0, count % 2 == 0, index < text.count, separators.contains(text[index]) { index += 1 }
            guard index < text.count, text[index].lowercased == digit else { return nil }
            index += 1
        }
        return index
    }

    /// `a0:b1:c2:d3:e4:f5`, `a0-b1-c2-d3-e4-f5`. What follows after six pairs (`:1`) is no part of the address, unless
    /// it makes one of another length.
    private static func endOfPairs(in text: [UInt8], from start: Int) -> Int? {
        let separator = text[start + 2]
        guard separator == UInt8(ascii: ":") || separator == UInt8(ascii: "-") else { return nil }
        var pairs = 0
        var index = start
        while index + 2 <= text.count, text[index].isHexadecimalDigit, text[index + 1].isHexadecimalDigit,
            index + 2 == text.count || !text[index + 2].isHexadecimalDigit
        {
            pairs += 1
            guard index + 2 < text.count, text[index + 2] == separator else { break }
            index += 3
        }
        guard pairs >= shortest else { return nil }
        return start + 3 * (longer.contains(pairs) ? pairs : shortest) - 1
    }

    /// `a0b1.c2d3.e4f5`. Only with a letter: three numbers with points between them are a version.
    private static func endOfQuadruples(in text: [UInt8], from start: Int) -> Int? {
        let end = start + 14
        guard end <= text.count, end == text.count || !text[end].isHexadecimalDigit else { return nil }
        for index in start..<end {
            let isPoint = (index - start) % 5 == 4
            guard isPoint ? text[index] == UInt8(ascii: ".") : text[index].isHexadecimalDigit else { return nil }
        }
        return text[start..<end].contains { $0.isLetter } ? end : nil
    }

    private static func digits(_ text: ArraySlice<UInt8>) -> [UInt8] {
        text.filter(\.isHexadecimalDigit).map(\.lowercased)
    }

    /// Zeros, with the number of the address at its end.
    private mutating func replace(_ range: Range<Int>, in text: inout [UInt8]) {
        let address = Self.digits(text[range])
        let number = numbers[address] ?? numbers.count + 1
        numbers[address] = number
        var rest = number
        for index in range.reversed() where text[index].isHexadecimalDigit {
            text[index] = Array("0123456789abcdef".utf8)[rest % 16]
            rest /= 16
        }
    }
}
