import SystemIO

/// The names by which a box is known in its network.
enum HostNames {
    /// Names that many boxes have.
    private static let common: Set<String> = [
        "localhost", "localhost.localdomain", "localdomain", "(none)", "debian", "ubuntu", "linux",
    ]

    /// The box's own name, its fully qualified name, and its domain with those above it that have two parts or more.
    ///
    /// They count in any case (RFC 4343). A name without a letter is a number, and no one's.
    static func secrets(of root: SystemRoot) -> [Secret] {
        let own = ["proc/sys/kernel/hostname", "etc/hostname"].flatMap { words(root, $0).prefix(1) }
        var names = Set(own)
        for name in own {
            let first = name.prefix { $0 != "." }
            names.insert(String(first))
            names.formUnion(qualified(root, of: first))
        }
        let domains = names.compactMap { $0.split(separator: ".", maxSplits: 1).dropFirst().first }
        for domain in domains.map(String.init) + otherDomains(root) {
            // `lan` is everyone's.
            let parts = domain.split(separator: ".")
            for start in parts.indices.dropLast() { names.insert(parts[start...].joined(separator: ".")) }
        }
        return names.filter { name in
            name.utf8.count > 1 && name.utf8.contains(where: \.isLetter) && !common.contains(name)
        }.sorted().map { Secret($0, ignoresCase: true) }
    }

    /// What `/etc/hosts` calls the box beside its short name.
    private static func qualified(_ root: SystemRoot, of name: Substring) -> [String] {
        lines(root, "etc/hosts").filter { $0.contains(name.lowercased()) }.flatMap { $0 }.filter {
            $0.hasPrefix(name.lowercased() + ".")
        }
    }

    private static func otherDomains(_ root: SystemRoot) -> [String] {
        let searched = lines(root, "etc/resolv.conf").filter { ["search", "domain"].contains($0.first) }
        return words(root, "proc/sys/kernel/domainname") + searched.flatMap { $0.dropFirst() }
    }

    private static func words(_ root: SystemRoot, _ path: String) -> [String] { lines(root, path).flatMap { $0 } }

    /// Words in lower case, without comments and the point at the end of a name that stands for the root of all names.
    private static func lines(_ root: SystemRoot, _ path: String) -> [[String]] {
        guard let text = try? SysfsFile.text(at: root.file(path)) else { return [] }
        return text.split(separator: "\n").map { line in
            line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" }.map { word in
                String(word.hasSuffix(".") ? word.dropLast() : word).lowercased()
            }
        }
    }
}
