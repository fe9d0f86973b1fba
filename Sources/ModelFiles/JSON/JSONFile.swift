import FoundationEssentials
import SystemIO

/// Decodes JSON that came from outside.
///
/// The reader limits the bytes beforehand; `JSONDecoder` limits the nesting. Of a key that stands twice in an object
/// it keeps one value and says nothing.
enum JSONFile {
    /// - Parameter file: for the error message.
    /// - Throws: `malformed`, naming the field where there is one to name.
    static func decode<Value: Decodable>(
        _ type: Value.Type = Value.self, from bytes: some Sequence<UInt8>, file: String
    ) throws(KerfError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch {
            throw KerfError(.malformed, at: file, message(error))
        }
    }

    private static func message(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, let context):
            "\(place(context.codingPath + [key])) is missing"
        case DecodingError.typeMismatch(let type, let context), DecodingError.valueNotFound(let type, let context):
            "\(place(context.codingPath)) is not \(name(type))"
        default:
            "is not valid JSON, or is cut off"
        }
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
        case is Int.Type: "an integer of 64 bits"
        case is [Int].Type: "an array of integers of 64 bits"
        case is Double.Type: "a finite number"
        case is Bool.Type: "true or false"
        case is String.Type: "a valid text"
        case is [String].Type: "an array of valid texts"
        case is [Any].Type: "an array"
        default: "a valid object"
        }
    }
}
