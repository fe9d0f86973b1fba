import FoundationEssentials

/// The first field in which two values differ when they are encoded as JSON.
package struct JSONDifference: Sendable, Hashable {
    /// Path of the field: `box.kernel_release`, `layers[3].output_bytes`.
    package var path: String
    /// The two values as text; text from a file is shortened and safe to show.
    package var left: String
    package var right: String

    /// `nil` for equal values. Fields are compared in the order of their names.
    ///
    /// - Throws: ``KerfError`` when a value holds a number that is not finite.
    package static func first(between left: some Encodable, and right: some Encodable) throws -> JSONDifference? {
        try difference(tree(left), tree(right), at: "")
    }

    private indirect enum Tree: Decodable, Hashable {
        case object([String: Tree])
        case array([Tree])
        case leaf(String)
        case text(String)

        init(from decoder: any Decoder) throws {
            if let object = try? decoder.container(keyedBy: AnyKey.self) {
                var fields: [String: Tree] = [:]
                for key in object.allKeys { fields[key.stringValue] = try object.decode(Tree.self, forKey: key) }
                self = .object(fields)
            } else if var array = try? decoder.unkeyedContainer() {
                var elements: [Tree] = []
                while !array.isAtEnd { elements.append(try array.decode(Tree.self)) }
                self = .array(elements)
            } else {
                let value = try decoder.singleValueContainer()
                if value.decodeNil() {
                    self = .leaf("absent")
                } else if let flag = try? value.decode(Bool.self) {
                    self = .leaf(String(flag))
                } else if let number = try? value.decode(Int.self) {
                    self = .leaf(String(number))
                } else if let number = try? value.decode(Double.self) {
                    self = .leaf(String(number))
                } else {
                    self = .text(try value.decode(String.self))
                }
            }
        }

        var words: String {
            switch self {
            case .object: "an object"
            case .array(let elements): "a list of \(elements.count)"
            case .leaf(let leaf): leaf
            case .text(let text): PlainText.quoted(text, limit: 80)
            }
        }
    }

    private struct AnyKey: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private static func tree(_ value: some Encodable) throws -> Tree {
        try JSONDecoder().decode(Tree.self, from: try KerfJSON.encoder.encode(value))
    }

    private static func difference(_ left: Tree, _ right: Tree, at path: String) -> JSONDifference? {
        switch (left, right) {
        case (.object(let left), .object(let right)):
            for key in Set(left.keys).union(right.keys).sorted() {
                let place = path.isEmpty ? key : path + "." + key
                let (a, b) = (left[key] ?? .leaf("absent"), right[key] ?? .leaf("absent"))
                if let found = difference(a, b, at: place) { return found }
            }
            return nil
        case (.array(let left), .array(let right)) where left.count == right.count:
            for index in left.indices {
                if let found = difference(left[index], right[index], at: "\(path)[\(index)]") { return found }
            }
            return nil
        default:
            return left == right
                ? nil : JSONDifference(path: PlainText.shown(path), left: left.words, right: right.words)
        }
    }
}
