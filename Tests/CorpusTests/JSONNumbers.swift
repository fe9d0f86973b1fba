import FoundationEssentials

/// The numbers and flags of a JSON document by their place, such as `layers[2].forward.time_seconds.value`.
///
/// A flag counts as 0 or 1. Text and `null` are left out.
struct JSONNumbers {
    private(set) var values: [String: Double] = [:]

    /// - Parameters:
    ///   - renamed: fields that have another name in newer files, old name to new. Places are given with new names, so
    ///     that files of both versions compare.
    ///   - omitted: fields whose numbers are left out, by their new name.
    init(_ bytes: [UInt8], renamed: [String: String] = [:], omitting omitted: Set<String> = []) throws {
        let tree = try JSONDecoder().decode(Tree.self, from: Data(bytes))
        collect(tree, at: "", renamed: renamed, omitting: omitted)
    }

    /// Every number of this document that the other does not have, or has with a relative difference above `tolerance`.
    func differences(from other: JSONNumbers, tolerance: Double) -> [String] {
        values.sorted { $0.key < $1.key }.compactMap { place, value in
            guard let found = other.values[place] else { return "\(place): \(value), missing" }
            let largest = max(abs(value), abs(found))
            return abs(value - found) <= tolerance * largest ? nil : "\(place): \(value), now \(found)"
        }
    }

    private mutating func collect(_ tree: Tree, at place: String, renamed: [String: String], omitting: Set<String>) {
        switch tree {
        case .object(let fields):
            for (key, value) in fields {
                let name = renamed[key] ?? key
                guard !omitting.contains(name) else { continue }
                let inner = place.isEmpty ? name : "\(place).\(name)"
                collect(value, at: inner, renamed: renamed, omitting: omitting)
            }
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                collect(element, at: "\(place)[\(index)]", renamed: renamed, omitting: omitting)
            }
        case .number(let number): values[place] = number
        case .other: break
        }
    }

    private indirect enum Tree: Decodable {
        case object([String: Tree])
        case array([Tree])
        case number(Double)
        /// Text or `null`.
        case other

        init(from decoder: any Decoder) throws {
            // Numbers first: nearly all values are, and every attempt that fails costs more than one that succeeds.
            let value = try decoder.singleValueContainer()
            if let number = try? value.decode(Double.self) {
                self = .number(number)
            } else if let fields = try? decoder.container(keyedBy: Key.self) {
                var object: [String: Tree] = [:]
                for key in fields.allKeys { object[key.stringValue] = try fields.decode(Tree.self, forKey: key) }
                self = .object(object)
            } else if var elements = try? decoder.unkeyedContainer() {
                var array: [Tree] = []
                while !elements.isAtEnd { array.append(try elements.decode(Tree.self)) }
                self = .array(array)
            } else if let flag = try? value.decode(Bool.self) {
                self = .number(flag ? 1 : 0)
            } else {
                self = .other
            }
        }
    }

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
