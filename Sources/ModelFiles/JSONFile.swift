import FoundationEssentials
import SystemIO

/// Decodes JSON from untrusted files.
///
/// The caller limits the size; `JSONDecoder` limits the nesting.
enum JSONFile {
    static let remedy: Remedy = "correct the file, or download it again"

    /// - Parameter file: for the error message.
    /// - Throws: `malformed`, with the field if there is one: a key that an object has twice, a value of another type; what
    ///   the file holds instead of JSON.
    static func decode<Value: Decodable>(
        _ type: Value.Type = Value.self, from bytes: some Sequence<UInt8>, file: String
    ) throws(KerfError) -> Value {
        let text = try JSONText.checked(Array(bytes), file: file)
        do {
            return try JSONDecoder().decode(type, from: Data(text))
        } catch {
            throw KerfError(.malformed, at: file, message(error, in: text), remedy: remedy)
        }
    }

    private static func message(_ error: any Error, in text: [UInt8]) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, let context):
            "\(place(context.codingPath + [key])) is missing"
        case DecodingError.typeMismatch(let type, let context), DecodingError.valueNotFound(let type, let context):
            "\(place(context.codingPath)) is not \(name(type))"
        default:
            "is not valid JSON, or is cut off" + (faultyLine(of: text).map { ", at line \($0)" } ?? "")
        }
    }

    /// Foundation's error does not tell the line.
    private static func faultyLine(of text: [UInt8]) -> Int? {
        let outcome = text.withUnsafeBufferPointer { bytes in
            Result { () throws(JSONSyntaxError) in try JSONParser.parse(bytes) }
        }
        guard case .failure(let error) = outcome else { return nil }
        return TextBytes.line(of: error.offset, in: text)
    }

    /// `rope_scaling.factor`, `"model.norm.weight".shape[0]`
    private static func place(_ path: [any CodingKey]) -> String {
        guard !path.isEmpty else { return "the JSON" }
        return path.reduce(into: "") { text, key in
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                let name = key.stringValue
                let isPlain = (1...64).contains(name.utf8.count) && name.utf8.allSatisfy(isWordByte)
                text += (text.isEmpty ? "" : ".") + (isPlain ? name : quoted(name))
            }
        }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "_")
    }

    private static func name(_ type: any Any.Type) -> String {
        switch type {
        case is Int.Type: "a 64-bit integer"
        case is [Int].Type: "an array of 64-bit integers"
        case is Double.Type: "a finite number"
        case is Bool.Type: "true or false"
        case is String.Type: "a valid string"
        case is [String].Type: "an array of valid strings"
        case is [Any].Type: "an array"
        default: "a valid object"
        }
    }
}

/// The fields of a JSON object, each read with its type; `null` counts as absent.
///
/// Used in `init(from:)` instead of a keyed container, because `JSONDecoder` reports a number that its type cannot hold
/// (1e400, an integer beyond 64 bits) without its position. Here the error names the field.
struct JSONFields {
    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private let container: KeyedDecodingContainer<Name>

    init(_ decoder: any Decoder) throws { container = try decoder.container(keyedBy: Name.self) }

    var names: [String] { container.allKeys.map(\.stringValue) }

    /// Whether the object has the field, be it `null`.
    func isStated(_ name: String) -> Bool { container.contains(Name(stringValue: name)) }

    func optional<Value: Decodable>(_ name: String) throws -> Value? {
        let key = Name(stringValue: name)
        do {
            return try container.decodeIfPresent(Value.self, forKey: key)
        } catch let error as DecodingError {
            throw error
        } catch {
            let context = DecodingError.Context(codingPath: container.codingPath + [key], debugDescription: "")
            throw DecodingError.typeMismatch(Value.self, context)
        }
    }

    func required<Value: Decodable>(_ name: String) throws -> Value {
        if let value: Value = try optional(name) { return value }
        let context = DecodingError.Context(codingPath: container.codingPath, debugDescription: "")
        throw DecodingError.keyNotFound(Name(stringValue: name), context)
    }
}
