/// Replaces hardware (MAC) addresses. Each is replaced by the same other address everywhere, in the same spelling, so that
/// links still match their targets.
struct HardwareAddresses {
    /// The box's addresses: digits in lower case.
    private var known: Set<[UInt8]> = []
    private var numbers: [[UInt8]: Int] = [:]

    private static let separators = Set(":-_. ".utf8)
    /// Pairs of digits in an EUI-48.
    private static let minimumPairs = 6
    /// Pairs of digits in an EUI-64 and in an InfiniBand address.
    private static let longPairs: Set<Int> = [8, 20]

    /// Adds an address of the box, which is then found in every spelling. Addresses of one repeated digit, such as that of
    /// the loopback device, are not added.
    ///
    /// - Returns: whether the text is an address.
    @discardableResult
    mutating func learn(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        let digits = Self.digits(bytes[...])
        let separators = Set(bytes.filter { !$0.isHexadecimalDigit })
        guard separators.count <= 1, separators.isSubset(of: Self.separators), digits.count % 2 == 0,
            bytes.count == digits.count + (separators.isEmpty ? 0 : digits.count / 2 - 1),
            digits.count / 2 == Self.minimumPairs || Self.longPairs.contains(digits.count / 2)
        else { return false }
        if Set(digits).count > 1 { known.insert(digits) }
        return true
    }

    /// The text with the box's addresses, and everything in the form of an address, replaced.
    mutating func replaced(in text: [UInt8]) -> [UInt8] {
        guard text.count >= 2 * Self.minimumPairs else { return text }
        var result = text
        var start = 0
        while start + 2 * Self.minimumPairs <= text.count {
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

    /// A known address: its digits, with or without a separator after each pair.
    private static func end(of address: [UInt8], in text: [UInt8], from start: Int) -> Int? {
        var index = start
        for (count, digit) in address.enumerated() {
            if count > 0, count % 2 == 0, index < text.count, separators.contains(text[index]) { index += 1 }
            guard index < text.count, text[index].lowercased == digit else { return nil }
            index += 1
        }
        return index
    }

    /// `a0:b1:c2:d3:e4:f5`, `a0-b1-c2-d3-e4-f5`. Pairs after the sixth belong to the address only if all of them together
    /// have the length of a longer one.
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
        guard pairs >= minimumPairs else { return nil }
        return start + 3 * (longPairs.contains(pairs) ? pairs : minimumPairs) - 1
    }

    /// `a0b1.c2d3.e4f5`. At least one digit must be a letter, since three numbers with periods are a version.
    private static func endOfQuadruples(in text: [UInt8], from start: Int) -> Int? {
        let end = start + 14
        guard end <= text.count, end == text.count || !text[end].isHexadecimalDigit else { return nil }
        for index in start..<end {
            let isPeriod = (index - start) % 5 == 4
            guard isPeriod ? text[index] == UInt8(ascii: ".") : text[index].isHexadecimalDigit else { return nil }
        }
        return text[start..<end].contains { $0.isLetter } ? end : nil
    }

    private static func digits(_ text: ArraySlice<UInt8>) -> [UInt8] {
        text.filter(\.isHexadecimalDigit).map(\.lowercased)
    }

    /// Replaces the digits by zeros, with the address's number at the end.
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
