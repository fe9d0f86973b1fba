import SystemIO

/// A metadata value of a GGUF file. Strings and arrays stay in the file: only their range is stored.
enum GGUFValue: Sendable, Hashable {
    case unsigned(UInt64)
    case signed(Int64)
    case float(Double)
    case boolean(Bool)
    /// Range of the text in the file, in bytes.
    case string(Range<Int>)
    case array(GGUFArray)
}

/// Where the elements of an array are in the file.
struct GGUFArray: Sendable, Hashable {
    var type: GGUFValueType
    var count: Int
    /// In bytes; found by walking through the array, so that it holds `count` elements.
    var range: Range<Int>
}

/// `gguf_metadata_value_type` of ggml, docs/gguf.md.
enum GGUFValueType: UInt32 {
    case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

    /// Size of a value in bytes; `nil` when it varies.
    var size: UInt64? {
        switch self {
        case .uint8, .int8, .bool: 1
        case .uint16, .int16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64: 8
        case .string, .array: nil
        }
    }
}

extension ByteCursor {
    /// Limit on nested arrays, so that a hostile file cannot exhaust the stack.
    private static var ggufDepthLimit: Int { 4 }

    mutating func ggufValueType() throws(KerfError) -> GGUFValueType {
        let start = position
        let number = try integer(UInt32.self)
        guard let type = GGUFValueType(rawValue: number) else {
            throw KerfError(.malformed, at: file, "metadata value type \(number) at byte \(start) is unknown")
        }
        return type
    }

    mutating func ggufValue(_ type: GGUFValueType, depth: Int = 0) throws(KerfError) -> GGUFValue {
        switch type {
        case .uint8: return .unsigned(UInt64(try integer(UInt8.self)))
        case .uint16: return .unsigned(UInt64(try integer(UInt16.self)))
        case .uint32: return .unsigned(UInt64(try integer(UInt32.self)))
        case .uint64: return .unsigned(try integer(UInt64.self))
        case .int8: return .signed(Int64(try integer(Int8.self)))
        case .int16: return .signed(Int64(try integer(Int16.self)))
        case .int32: return .signed(Int64(try integer(Int32.self)))
        case .int64: return .signed(try integer(Int64.self))
        case .float32: return .float(Double(Float(bitPattern: try integer(UInt32.self))))
        case .float64: return .float(Double(bitPattern: try integer(UInt64.self)))
        case .bool: return .boolean(try ggufBoolean())
        case .string: return .string(try skip(try integer(UInt64.self)))
        case .array: return try ggufArray(depth: depth)
        }
    }

    private mutating func ggufBoolean() throws(KerfError) -> Bool {
        let start = position
        let byte = try integer(UInt8.self)
        guard byte <= 1 else {
            throw KerfError(.malformed, at: file, "the boolean at byte \(start) is \(byte)")
        }
        return byte == 1
    }

    /// Skips an array, element by element where elements have no fixed size. No element is smaller than a byte, so a
    /// count that exceeds the rest of the file is an error. Nothing is allocated for the elements.
    private mutating func ggufArray(depth: Int) throws(KerfError) -> GGUFValue {
        let start = position
        guard depth < Self.ggufDepthLimit else {
            throw KerfError(
                .malformed, at: file, "arrays nested deeper than \(Self.ggufDepthLimit) at byte \(start)")
        }
        let type = try ggufValueType()
        let count = try integer(UInt64.self)
        guard count <= UInt64(remaining) else {
            throw KerfError(
                .truncated, at: file,
                "the array at byte \(start) claims \(count) elements, but \(remaining) bytes follow",
                remedy: "download the file again")
        }
        let first = position
        if let size = type.size {
            // Cannot overflow: the count is at most the number of mapped bytes, far below 2^60.
            _ = try skip(count * size)
        } else {
            for _ in 0..<count { _ = try ggufValue(type, depth: depth + 1) }
        }
        return .array(GGUFArray(type: type, count: Int(count), range: first..<position))
    }
}
