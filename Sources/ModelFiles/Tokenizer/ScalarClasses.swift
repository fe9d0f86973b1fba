/// What the regular expressions of pre-tokenizers ask of a scalar.
struct ScalarClass: OptionSet, Sendable {
    let rawValue: UInt8

    /// `\p{L}`
    static let letter = ScalarClass(rawValue: 1)
    /// `\p{N}`
    static let number = ScalarClass(rawValue: 2)
    /// `\s`
    static let space = ScalarClass(rawValue: 4)
    /// Rust's `char::is_numeric`, by which the pre-tokenizer `Digits` splits.
    static let numeric = ScalarClass(rawValue: 8)

    static let letterOrNumber: ScalarClass = [.letter, .number]
    static let spaceLetterOrNumber: ScalarClass = [.space, .letter, .number]
}

/// Classes of all scalars, from Swift's Unicode properties.
///
/// Hugging Face's `tokenizers` 0.23 takes `\p{L}` and `\p{N}` from Oniguruma with Unicode 16, and `is_numeric` from Rust
/// with Unicode 17. Swift 6.3 has Unicode 17, so letters and numbers that are newer than 16 are left out of the first.
enum ScalarClasses {
    /// Planes 0 to 3; no scalar above them is a letter, a number or white space.
    private static let limit: UInt32 = 0x40000

    private static let table: [UInt8] = (0..<limit).map { value in
        guard let scalar = Unicode.Scalar(value) else { return 0 }
        return classify(scalar).rawValue
    }

    static func of(_ scalar: UInt32) -> ScalarClass {
        ScalarClass(rawValue: scalar < limit ? table[Int(scalar)] : 0)
    }

    private static func classify(_ scalar: Unicode.Scalar) -> ScalarClass {
        let properties = scalar.properties
        var found: ScalarClass = []
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            found = .letter
        case .decimalNumber, .letterNumber, .otherNumber: found = [.number, .numeric]
        default: return properties.isWhitespace ? .space : []
        }
        if let age = properties.age, age.major > 16 { found.subtract(.letterOrNumber) }
        return found
    }

    /// `\w` of Rust's regular expressions (UTS 18, Annex C).
    static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.properties.isAlphabetic || scalar.properties.isJoinControl { return true }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
        default: return false
        }
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// The scalar at a position of valid UTF-8, and its length in bytes.
    func scalar(at position: Int) -> (value: UInt32, length: Int) {
        let first = UInt32(self[position])
        switch first {
        case 0..<0x80: return (first, 1)
        case 0..<0xE0: return ((first & 0x1F) << 6 | continuation(position + 1), 2)
        case 0..<0xF0:
            return ((first & 0x0F) << 12 | continuation(position + 1) << 6 | continuation(position + 2), 3)
        default:
            return (
                (first & 0x07) << 18 | continuation(position + 1) << 12 | continuation(position + 2) << 6
                    | continuation(position + 3), 4
            )
        }
    }

    private func continuation(_ position: Int) -> UInt32 { UInt32(self[position] & 0x3F) }

    /// Start of the scalar that ends before a position.
    func start(before position: Int) -> Int {
        var start = position - 1
        while self[start] & 0xC0 == 0x80 { start -= 1 }
        return start
    }
}
