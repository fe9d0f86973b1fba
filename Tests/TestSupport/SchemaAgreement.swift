import Foundation
import SystemIO
import SystemPackage

/// Compares a shipped JSON Schema with the Swift type that reads and writes the file.
///
/// Each field of encoded samples is removed in turn. The type must read the rest exactly where the schema allows it: a
/// required field of the schema is not optional in the type, and the other way round.
package enum SchemaAgreement {
    /// What the schema and the type disagree on, one line each.
    ///
    /// - Parameters:
    ///   - samples: files that together have every field; one that no sample has is reported.
    ///   - conditional: ends of places of fields that the schema requires depending on another field's value; they are
    ///     optional in the type.
    ///   - check: what else the schema describes and the type checks after decoding.
    package static func faults<File: KerfFile>(
        of samples: [File], schema: String, conditional: [String] = [], check: (File) throws -> Void = { _ in }
    ) throws -> [String] {
        var faults: [String] = []
        var mutants: [(place: String, bytes: [UInt8], isRead: Bool)] = []
        var seen: Set<String> = []
        for sample in samples {
            let bytes = try KerfJSON.encode(sample)
            faults += try SchemaChecker.faults(in: bytes, schema: schema)
            let whole = try JSONSerialization.jsonObject(with: Data(bytes))
            var places: Set<String> = []
            try visit(whole, "") { place, name, rest in
                seen.insert(name)
                guard places.insert(place).inserted else { return }
                let bytes = [UInt8](try JSONSerialization.data(withJSONObject: rest(whole)))
                let isRead = (try? check(KerfJSON.decode(File.self, from: bytes, named: "file"))) != nil
                mutants.append((place, bytes, isRead))
            }
        }
        let invalid = try SchemaChecker.invalidFiles(mutants.map(\.bytes), schema: schema)
        for (index, mutant) in mutants.enumerated() where invalid.contains(index) == mutant.isRead {
            if mutant.isRead, conditional.contains(where: mutant.place.hasSuffix) { continue }
            faults.append(
                mutant.isRead
                    ? "\(mutant.place): optional in the type, required in the schema"
                    : "\(mutant.place): required in the type, optional in the schema")
        }
        let missing = try SchemaChecker.properties(ofSchema: schema).subtracting(seen)
        return faults + missing.sorted().map { "\($0): in the schema, in no sample" }
    }

    /// Calls `found` for every key of every object with its place (array indices left out), its name, and a function that
    /// gives the whole document without it.
    private static func visit(
        _ value: Any, _ place: String, _ path: [PathPart] = [],
        _ found: (String, String, (Any) -> Any) throws -> Void
    ) throws {
        if let object = value as? [String: Any] {
            for (key, child) in object.sorted(by: { $0.key < $1.key }) {
                try found("\(place).\(key)", key) { removing(path[...], key, from: $0) }
                try visit(child, "\(place).\(key)", path + [.key(key)], found)
            }
        } else if let array = value as? [Any] {
            for (index, child) in array.enumerated() { try visit(child, place, path + [.index(index)], found) }
        }
    }

    private enum PathPart {
        case key(String)
        case index(Int)
    }

    private static func removing(_ path: ArraySlice<PathPart>, _ key: String, from value: Any) -> Any {
        switch (path.first, value) {
        case (nil, var object as [String: Any]):
            object[key] = nil
            return object
        case (.key(let name)?, var object as [String: Any]):
            object[name] = object[name].map { removing(path.dropFirst(), key, from: $0) }
            return object
        case (.index(let index)?, var array as [Any]):
            array[index] = removing(path.dropFirst(), key, from: array[index])
            return array
        default: return value
        }
    }
}

extension SchemaChecker {
    /// Which of several files are not valid, by index; one process checks all.
    static func invalidFiles(_ files: [[UInt8]], schema: String) throws -> Set<Int> {
        let tree = try FixtureTree()
        for (index, bytes) in files.enumerated() { try tree.write("\(index).json", bytes: bytes) }
        let lines = try check(files.indices.map { tree.file("\($0).json").string }, schema: schema)
        return Set(
            lines.compactMap { line in
                line.firstRange(of: ".json:").flatMap { end in
                    Int(line[..<end.lowerBound].split(separator: "/").last ?? "")
                }
            })
    }

    /// Names of all properties that a schema declares, definitions in other files included.
    static func properties(ofSchema schema: String) throws -> Set<String> {
        var (names, open, closed): (Set<String>, [String], Set<String>) = ([], [schema], [])
        while let name = open.popLast() {
            guard closed.insert(name).inserted else { continue }
            let file = name.split(separator: "#")
            var document = try JSONSerialization.jsonObject(with: Data(contentsOf: url(ofSchema: String(file[0]))))
            if file.count > 1 {
                for key in file[1].split(separator: "/") {
                    document = (document as? [String: Any])?[String(key)] ?? [:]
                }
            }
            collect(document, String(file[0]), &names, &open)
        }
        return names
    }

    private static func collect(_ value: Any, _ file: String, _ names: inout Set<String>, _ open: inout [String]) {
        if let object = value as? [String: Any] {
            for (key, child) in object where key != "$defs" && key != "if" {
                if key == "properties", let properties = child as? [String: Any] { names.formUnion(properties.keys) }
                if key == "$ref", let reference = child as? String {
                    let parts = reference.split(separator: "#", omittingEmptySubsequences: false)
                    // urn:kerf:schema:NAME:VERSION#/$defs/X, or #/$defs/X in the same file.
                    let target = parts[0].isEmpty ? file : String(parts[0].split(separator: ":")[3])
                    open.append("\(target)#\(parts[1])")
                }
                collect(child, file, &names, &open)
            }
        } else if let array = value as? [Any] {
            for child in array { collect(child, file, &names, &open) }
        }
    }
}
