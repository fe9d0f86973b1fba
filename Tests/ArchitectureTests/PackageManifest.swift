/// Targets and their dependencies, as far as the text of `Package.swift` shows them.
///
/// Reads the calls by which the manifest declares rooms: `room`, `probe`, and `.executableTarget` for `kerf`.
struct PackageManifest {
    /// A room's target and the names of what it depends on, in the manifest's order.
    struct Target {
        var name: String
        var dependencies: Set<String>
    }

    private(set) var targets: [Target] = []

    init(_ text: String) {
        let lists = Dictionary(
            uniqueKeysWithValues: ["base", "probes"].map { name in
                (name, Self.quoted(Self.after("let \(name): [Target.Dependency] = ", in: text[...])))
            })
        let ofProbes = Self.quoted(Self.after("dependencies: ", in: text[...].from("func probe(").from(".target(")))
        var rest = text[...].from("let package = Package(").from("targets: [")
        while let (kind, call, end) = Self.nextCall(in: rest) {
            let names = Self.orderedQuoted(call)
            rest = rest[end...]
            guard let name = names.first, kind != ".executableTarget" || name == "kerf" else { continue }
            var dependencies = Set(names.dropFirst())
            let words = Self.words(call)
            for (list, members) in lists where words.contains(list[...]) { dependencies.formUnion(members) }
            if kind == "probe" { dependencies.formUnion(ofProbes) }
            targets.append(Target(name: name, dependencies: dependencies))
        }
    }

    /// The next declaration of a room, what is between its parentheses, and where it ends.
    private static func nextCall(in text: Substring) -> (kind: String, call: Substring, end: Substring.Index)? {
        let found = [".executableTarget", "room", "probe"].compactMap { kind in
            text.firstRange(of: " \(kind)(").map { (kind, $0) }
        }
        guard let (kind, range) = found.min(by: { $0.1.lowerBound < $1.1.lowerBound }) else { return nil }
        let call = enclosed(text[text.index(before: range.upperBound)...])
        return (kind, call, call.endIndex)
    }

    /// The bracketed text that starts where a text is, brackets included.
    private static func enclosed(_ text: Substring) -> Substring {
        var depth = 0
        for index in text.indices {
            switch text[index] {
            case "(", "[": depth += 1
            case ")", "]":
                depth -= 1
                if depth == 0 { return text[...index] }
            default: break
            }
        }
        return text
    }

    private static func after(_ mark: String, in text: Substring) -> Substring { enclosed(text.from(mark)) }

    private static func quoted(_ text: Substring) -> Set<String> { Set(orderedQuoted(text)) }

    private static func orderedQuoted(_ text: Substring) -> [String] {
        // What is between quotation marks is every second part.
        text.split(separator: "\"", omittingEmptySubsequences: false).enumerated().compactMap { index, part in
            index % 2 == 1 ? String(part) : nil
        }
    }

    private static func words(_ text: Substring) -> Set<Substring> {
        Set(text.split { !$0.isLetter && $0 != "\"" })
    }
}

extension Substring {
    /// What follows the first occurrence of a mark; empty where there is none.
    fileprivate func from(_ mark: String) -> Substring {
        firstRange(of: mark).map { self[$0.upperBound...] } ?? ""
    }
}
