/// A JSON value. Integers are kept apart from other numbers, since sizes and offsets must be exact.
enum JSONValue: Sendable, Hashable {
    case null
    case boolean(Bool)
    /// Written without fraction and exponent, and within `Int`.
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// For error messages.
    var kind: String {
        switch self {
        case .null: "null"
        case .boolean: "a boolean"
        case .integer: "an integer"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// The fields of a JSON object, read with the type that each must have; `null` counts as absent.
struct JSONFields {
    let values: [String: JSONValue]
    let file: String

    init(_ value: JSONValue, file: String, what: String) throws(ModelFileError) {
        guard case .object(let values) = value else {
            throw ModelFileError(.malformed, file: file, "\(what) is \(value.kind), not an object")
        }
        self.values = values
        self.file = file
    }

    func has(_ name: String) -> Bool {
        (values[name] ?? .null) != .null
    }

    func integer(_ name: String) throws(ModelFileError) -> Int? {
        switch values[name] ?? .null {
        case .null: return nil
        case .integer(let value): return value
        case let other: throw mismatch(name, other, "an integer")
        }
    }

    func required(_ name: String) throws(ModelFileError) -> Int {
        guard let value = try integer(name) else {
            throw ModelFileError(.malformed, file: file, "\(name) is missing")
        }
        return value
    }

    func number(_ name: String) throws(ModelFileError) -> Double? {
        switch values[name] ?? .null {
        case .null: return nil
        case .integer(let value): return Double(value)
        case .number(let value): return value
        case let other: throw mismatch(name, other, "a number")
        }
    }

    func boolean(_ name: String) throws(ModelFileError) -> Bool? {
        switch values[name] ?? .null {
        case .null: return nil
        case .boolean(let value): return value
        case let other: throw mismatch(name, other, "true or false")
        }
    }

    func string(_ name: String) throws(ModelFileError) -> String? {
        switch values[name] ?? .null {
        case .null: return nil
        case .string(let value): return value
        case let other: throw mismatch(name, other, "a string")
        }
    }

    func array(_ name: String) throws(ModelFileError) -> [JSONValue]? {
        switch values[name] ?? .null {
        case .null: return nil
        case .array(let value): return value
        case let other: throw mismatch(name, other, "an array")
        }
    }

    func object(_ name: String) throws(ModelFileError) -> JSONFields? {
        switch values[name] ?? .null {
        case .null: return nil
        case let value: return try JSONFields(value, file: file, what: name)
        }
    }

    private func mismatch(_ name: String, _ found: JSONValue, _ expected: String) -> ModelFileError {
        ModelFileError(.malformed, file: file, "\(quoted(name)) is \(found.kind), not \(expected)")
    }
}
