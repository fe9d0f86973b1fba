/// A strict JSON reader for files that may be hostile.
///
/// RFC 8259, and stricter where the formats read here demand it: a key that stands twice in an object is an error,
/// nesting is limited, and so is the number of values, so that memory stays in proportion to what a model needs.
struct JSONParser {
    static let depthLimit = 32
    /// A safetensors header has nine values a tensor; this is room for over a hundred thousand tensors.
    static let valueLimit = 1 << 20

    private let bytes: UnsafeRawBufferPointer
    private let file: String
    private var position = 0
    private var values = 0

    static func parse(_ bytes: UnsafeRawBufferPointer, file: String) throws(ModelFileError) -> JSONValue {
        var parser = JSONParser(bytes: bytes, file: file)
        let value = try parser.value(depth: 0)
        parser.skipBlanks()
        guard parser.position == bytes.count else { throw parser.error("text follows the JSON value") }
        return value
    }

    static func parse(contentsOf bytes: [UInt8], file: String) throws(ModelFileError) -> JSONValue {
        try bytes.withUnsafeBytes { buffer in
            Result { () throws(ModelFileError) in try parse(buffer, file: file) }
        }.get()
    }

    private init(bytes: UnsafeRawBufferPointer, file: String) {
        self.bytes = bytes
        self.file = file
    }

    private mutating func value(depth: Int) throws(ModelFileError) -> JSONValue {
        skipBlanks()
        values += 1
        guard values <= Self.valueLimit else { throw error("more than \(Self.valueLimit) JSON values") }
        guard depth < Self.depthLimit else { throw error("JSON nested deeper than \(Self.depthLimit)") }
        switch peek {
        case UInt8(ascii: "{"): return .object(try object(depth: depth))
        case UInt8(ascii: "["): return .array(try array(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .boolean(true))
        case UInt8(ascii: "f"): return try literal("false", .boolean(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return try number()
        }
    }

    private mutating func object(depth: Int) throws(ModelFileError) -> [String: JSONValue] {
        position += 1
        var members: [String: JSONValue] = [:]
        if takeAfterBlanks("}") { return members }
        repeat {
            skipBlanks()
            guard peek == UInt8(ascii: "\"") else { throw error("a key in quotation marks is expected") }
            let key = try string()
            guard takeAfterBlanks(":") else { throw error("':' is expected") }
            let member = try value(depth: depth + 1)
            guard members.updateValue(member, forKey: key) == nil else {
                throw error("the key \(quoted(key)) stands twice in one object")
            }
        } while takeAfterBlanks(",")
        guard takeAfterBlanks("}") else { throw error("',' or '}' is expected") }
        return members
    }

    private mutating func array(depth: Int) throws(ModelFileError) -> [JSONValue] {
        position += 1
        var elements: [JSONValue] = []
        if takeAfterBlanks("]") { return elements }
        repeat { elements.append(try value(depth: depth + 1)) } while takeAfterBlanks(",")
        guard takeAfterBlanks("]") else { throw error("',' or ']' is expected") }
        return elements
    }

    private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(ModelFileError) -> JSONValue {
        for offset in 0..<word.utf8CodeUnitCount where byte(position + offset) != word.utf8Start[offset] {
            throw error("a JSON value is expected")
        }
        position += word.utf8CodeUnitCount
        return value
    }

    private mutating func number() throws(ModelFileError) -> JSONValue {
        let start = position
        var isInteger = true
        _ = take("-")
        let leadsWithZero = peek == UInt8(ascii: "0")
        let whole = try digits()
        if leadsWithZero && whole > 1 { throw error("a number starts with 0") }
        if take(".") {
            isInteger = false
            _ = try digits()
        }
        if take("e") || take("E") {
            isInteger = false
            if !take("+") { _ = take("-") }
            _ = try digits()
        }
        // No number that means anything here needs more; a longer one would only cost time.
        guard position - start <= 64 else { throw error("a number of \(position - start) characters") }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let integer = Int(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else { throw error("a number out of range") }
        return .number(number)
    }

    /// Passes over one or more digits and returns how many.
    private mutating func digits() throws(ModelFileError) -> Int {
        let start = position
        while let digit = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) { position += 1 }
        guard position > start else { throw error("a JSON value is expected") }
        return position - start
    }
}

// MARK: - Strings

extension JSONParser {
    private mutating func string() throws(ModelFileError) -> String {
        position += 1
        var text: [UInt8] = []
        while let next = peek {
            position += 1
            switch next {
            case UInt8(ascii: "\""):
                guard let valid = String(validating: text, as: UTF8.self) else { throw malformed("text is not UTF-8") }
                return valid
            case UInt8(ascii: "\\"): try text.append(contentsOf: String(escape()).utf8)
            case ..<0x20: throw error("a control character in a string")
            default: text.append(next)
            }
        }
        throw ModelFileError(.truncated, file: file, "the JSON ends inside a string")
    }

    private mutating func escape() throws(ModelFileError) -> Unicode.Scalar {
        let letter = peek
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter!)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw error("an unknown escape in a string")
        }
    }

    private mutating func unicodeEscape() throws(ModelFileError) -> Unicode.Scalar {
        let first = try hexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        // The first half of a surrogate pair; the second must follow.
        guard (0xD800..<0xDC00).contains(first), take("\\"), take("u") else { throw error("half a surrogate pair") }
        let second = try hexadecimal()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw error("half a surrogate pair") }
        return scalar
    }

    private mutating func hexadecimal() throws(ModelFileError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let next = peek, let digit = Character(Unicode.Scalar(next)).hexDigitValue, next < 0x80 else {
                throw error("four hexadecimal digits are expected after \\u")
            }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }
}

// MARK: - Bytes

extension JSONParser {
    private var peek: UInt8? { byte(position) }

    private func byte(_ index: Int) -> UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func takeAfterBlanks(_ character: Unicode.Scalar) -> Bool {
        skipBlanks()
        return take(character)
    }

    private mutating func skipBlanks() {
        while let next = peek, next == 0x20 || next == 0x0A || next == 0x0D || next == 0x09 { position += 1 }
    }

    private func error(_ message: String) -> ModelFileError {
        guard position < bytes.count else {
            return ModelFileError(.truncated, file: file, "the JSON ends too early, at byte \(bytes.count)")
        }
        return malformed(message)
    }

    private func malformed(_ message: String) -> ModelFileError {
        ModelFileError(.malformed, file: file, "\(message), at byte \(position) of the JSON")
    }
}
