/// The fields of a JSON object, each read with the type that it must have; `null` counts as absent.
///
/// Used in `init(from:)` in place of a keyed container, because `JSONDecoder` reports a number that its type cannot
/// hold (1e400, an integer beyond 64 bits) without its place: here the error names the field.
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
