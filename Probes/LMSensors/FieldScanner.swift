/// Takes the fields of a device's name as C's `sscanf` does, with which libsensors reads them.
///
/// A field ends at the first character that is not part of it, and what follows the last field is ignored. Numbers are
/// reduced to 32 bits, as those of an `int` are.
struct FieldScanner {
    private var rest: Substring

    init(_ name: String) { rest = Substring(name) }

    /// Passes over exactly this text.
    mutating func literal(_ text: String) -> Bool {
        guard rest.hasPrefix(text) else { return false }
        rest = rest.dropFirst(text.count)
        return true
    }

    /// Passes over one or more characters: `%*[...]`.
    mutating func skip(while belongs: (Character) -> Bool) -> Bool {
        let kept = rest.drop(while: belongs)
        defer { rest = kept }
        return kept.startIndex != rest.startIndex
    }

    /// A decimal number: `%d`.
    mutating func decimal() -> UInt32? { number(radix: 10) }

    /// A hexadecimal number: `%x`.
    mutating func hexadecimal() -> UInt32? { number(radix: 16) }

    private mutating func number(radix: Int) -> UInt32? {
        var scanned = self
        let isNegative = scanned.literal("-")
        if !isNegative { _ = scanned.literal("+") }
        if radix == 16, !scanned.literal("0x") { _ = scanned.literal("0X") }
        let digits = scanned.rest.prefix { $0.isASCII && ($0.hexDigitValue ?? radix) < radix }
        guard !digits.isEmpty else { return nil }
        scanned.rest = scanned.rest.dropFirst(digits.count)
        self = scanned
        let value = UInt32(truncatingIfNeeded: UInt64(digits, radix: radix) ?? .max)
        return isNegative ? 0 &- value : value
    }
}
