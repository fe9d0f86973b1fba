import FoundationEssentials
import SystemIO

/// All that stands in a file once, outside lists of objects: as names like `workload.batch` with their values.
///
/// Found in the file's JSON, so that a field that is added to a file is here without further work.
struct FileFields {
    /// Texts, numbers and flags, by name.
    private(set) var scalars: [(name: String, value: any CSVValue)] = []
    /// Quantities, as their parts by name.
    private(set) var quantities: [(name: String, parts: [String: any CSVValue])] = []

    /// - Parameter file: without the long lists, which have tables of their own.
    init(_ file: some KerfFile) throws(KerfError) {
        let bytes = try KerfJSON.encode(file)
        do {
            walk(try JSONDecoder().decode(Node.self, from: Data(bytes)), "")
        } catch {
            throw KerfError(.malformed, at: type(of: file).schema, "cannot be read again: \(error)")
        }
    }

    mutating func append(_ name: String, _ value: any CSVValue) { scalars.append((name, value)) }

    private mutating func walk(_ node: Node, _ name: String) {
        switch node {
        case .none: return
        case .scalar(let value): scalars.append((name, value))
        case .list(let nodes):
            for (index, node) in nodes.enumerated() where node.isScalar { walk(node, "\(name)[\(index)]") }
        case .object(let members):
            if let parts = node.quantity {
                quantities.append((name, parts))
                return
            }
            for (key, member) in members.sorted(by: { $0.key < $1.key }) {
                walk(member, name.isEmpty ? key : "\(name).\(key)")
            }
        }
    }

    var tables: [CSVTable] {
        var fields = CSVColumns<(name: String, value: any CSVValue)>()
        fields.add("field", "Its place in the file, such as workload.batch") { $0.name }
        fields.add("value", "The value; of several types, so read it as text") { Written($0.value) }
        var columns = CSVColumns<(name: String, parts: [String: any CSVValue])>()
        columns.add("quantity", "Its place in the file; the last word is the unit") { $0.name }
        for (part, meaning) in [
            ("value", "The value, in that unit"), ("lower", "Lower bound of its interval"),
            ("upper", "Upper bound of its interval"), ("confidence", "Confidence of the interval"),
            ("count", "Number of observations"),
            ("degrees_of_freedom", "Degrees of freedom of Student's t, where the interval is one"),
            ("origin", "How it was obtained; unavailable where it is missing"),
            ("reason", "Why it or its interval is missing, or how it was obtained"),
        ] {
            columns.add(part, meaning) { $0.parts[part].map(Written.init) }
        }
        return [
            fields.table("fields", "a value that the file has once, without interval", of: scalars),
            columns.table("quantities", "a quantity that the file has once, with its interval", of: quantities),
        ]
    }

    private struct Written: CSVValue {
        let value: any CSVValue
        init(_ value: any CSVValue) { self.value = value }
        var cell: String { value.cell }
    }

    /// A JSON value.
    private indirect enum Node: Decodable {
        case none
        case scalar(any CSVValue & Sendable)
        case list([Node])
        case object([String: Node])

        init(from decoder: any Decoder) throws {
            if let container = try? decoder.container(keyedBy: Key.self) {
                self = .object(
                    try container.allKeys.reduce(into: [:]) {
                        $0[$1.stringValue] = try container.decode(Node.self, forKey: $1)
                    })
            } else if var list = try? decoder.unkeyedContainer() {
                var nodes: [Node] = []
                while !list.isAtEnd { nodes.append(try list.decode(Node.self)) }
                self = .list(nodes)
            } else {
                let container = try decoder.singleValueContainer()
                if container.decodeNil() {
                    self = .none
                } else if let flag = try? container.decode(Bool.self) {
                    self = .scalar(flag)
                } else if let number = try? container.decode(Int.self) {
                    self = .scalar(number)
                } else if let number = try? container.decode(UInt64.self) {
                    self = .scalar(number)
                } else if let number = try? container.decode(Double.self) {
                    self = .scalar(number)
                } else {
                    self = .scalar(try container.decode(String.self))
                }
            }
        }

        var isScalar: Bool { if case .scalar = self { true } else { false } }

        private static let partNames: Set<String> = [
            "value", "lower", "upper", "confidence", "count", "degrees_of_freedom", "origin", "reason",
        ]

        /// The parts of a quantity; `nil` for another object.
        var quantity: [String: any CSVValue]? {
            guard case .object(let members) = self, members["origin"] != nil, members["count"] != nil,
                members.keys.allSatisfy(Self.partNames.contains)
            else { return nil }
            return members.compactMapValues { member -> (any CSVValue)? in
                if case .scalar(let value) = member { value } else { nil }
            }
        }

        private struct Key: CodingKey {
            var stringValue: String
            var intValue: Int? { nil }

            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }
    }
}
