/// Parses JSON text (RFC 8259) from untrusted bytes.
///
/// The caller limits the size. Memory is a small multiple of it, and nesting is limited.
struct JSONParser {
    /// Nested arrays and objects; a hostile file cannot exhaust the stack.
    private static let depthLimit = 64

    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    /// The value that the bytes are, white space around it aside.
    static func parse(_ bytes: UnsafeBufferPointer<UInt8>) throws(JSONSyntaxError) -> JSONValue {
        var parser = JSONParser(bytes: bytes)
        let value = try parser.value(depth: 0)
        guard parser.next() == nil else { throw parser.failure }
        return value
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private var failure: JSONSyntaxError { JSONSyntaxError(offset: position) }

    /// The next byte after white space, which it skips; `nil` at the end.
    private mutating func next() -> UInt8? {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            case let byte: return byte
            }
        }
        return nil
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard next() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(JSONSyntaxError) {
        guard skip(character) else { throw failure }
    }

    private mutating func value(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        guard depth < Self.depthLimit, let byte = next() else { throw failure }
        switch byte {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .text(try text())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONSyntaxError) -> JSONValue {
        let count = word.utf8CodeUnitCount
        guard bytes.count - position >= count,
            bytes[position..<position + count].elementsEqual(UnsafeBufferPointer(start: word.utf8Start, count: count))
        else { throw failure }
        position += count
        return value
    }

    private mutating func object(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        try expect("{")
        var members: [(name: String, value: JSONValue)] = []
        if skip("}") { return .object(members) }
        repeat {
            guard next() == UInt8(ascii: "\"") else { throw failure }
            let name = try text()
            try expect(":")
            members.append((name, try value(depth: depth + 1)))
        } while skip(",")
        try expect("}")
        return .object(members)
    }

    private mutating func array(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        try expect("[")
        var elements: [JSONValue] = []
        if skip("]") { return .array(elements) }
        repeat { elements.append(try value(depth: depth + 1)) } while skip(",")
        try expect("]")
        return .array(elements)
    }

    private mutating func number() throws(JSONSyntaxError) -> JSONValue {
        let start = position
        if peek == UInt8(ascii: "-") { position += 1 }
        if peek == UInt8(ascii: "0") { position += 1 } else { try digits() }
        var isInteger = true
        if peek == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            try digits()
        }
        if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
            isInteger = false
            position += 1
            if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let value = Int(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw JSONSyntaxError(offset: start) }
        return .number(value)
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// One digit or more.
    private mutating func digits() throws(JSONSyntaxError) {
        let start = position
        while let byte = peek, byte &- UInt8(ascii: "0") < 10 { position += 1 }
        guard position > start else { throw failure }
    }

    private mutating func text() throws(JSONSyntaxError) -> String {
        try expect("\"")
        let start = position
        while let byte = peek, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { position += 1 }
        var unescaped: [UInt8]?
        while peek == UInt8(ascii: "\\") {
            var buffer = unescaped ?? Array(bytes[start..<position])
            position += 1
            try escape(into: &buffer)
            let plain = position
            while let byte = peek, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                position += 1
            }
            buffer += bytes[plain..<position]
            unescaped = buffer
        }
        guard peek == UInt8(ascii: "\"") else { throw failure }
        let found =
            if let unescaped {
                String(validating: unescaped, as: UTF8.self)
            } else {
                String(validating: bytes[start..<position], as: UTF8.self)
            }
        guard let found else { throw JSONSyntaxError(offset: start) }
        position += 1
        return found
    }

    /// The rest of an escape sequence after its backslash.
    private mutating func escape(into buffer: inout [UInt8]) throws(JSONSyntaxError) {
        guard let byte = peek else { throw failure }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): buffer.append(byte)
        case UInt8(ascii: "b"): buffer.append(0x08)
        case UInt8(ascii: "f"): buffer.append(0x0C)
        case UInt8(ascii: "n"): buffer.append(0x0A)
        case UInt8(ascii: "r"): buffer.append(0x0D)
        case UInt8(ascii: "t"): buffer.append(0x09)
        case UInt8(ascii: "u"):
            var value = try codeUnit()
            if value & 0xFC00 == 0xD800 {
                guard bytes.count - position >= 6, bytes[position] == UInt8(ascii: "\\"),
                    bytes[position + 1] == UInt8(ascii: "u")
                else { throw failure }
                position += 2
                let low = try codeUnit()
                guard low & 0xFC00 == 0xDC00 else { throw failure }
                value = 0x10000 + (value & 0x3FF) << 10 + (low & 0x3FF)
            }
            guard let scalar = Unicode.Scalar(value) else { throw failure }
            buffer.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
        default: throw failure
        }
    }

    /// Four hexadecimal digits.
    private mutating func codeUnit() throws(JSONSyntaxError) -> UInt32 {
        guard bytes.count - position >= 4 else { throw failure }
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else { throw failure }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
