import SystemIO

/// Host and domain names of a box.
enum HostNames {
    /// Names that many boxes have, which identify none.
    private static let common: Set<String> = [
        "localhost", "localhost.localdomain", "localdomain", "(none)", "debian", "ubuntu", "linux",
    ]

    /// The box's own name, its fully qualified name, and its domain with those above it that have two parts or more.
    ///
    /// Case is ignored (RFC 4343). A name without a letter is a number and not a secret.
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
            // Single-part domains such as `lan` are not secret.
            let parts = domain.split(separator: ".")
            for start in parts.indices.dropLast() { names.insert(parts[start...].joined(separator: ".")) }
        }
        return names.filter { name in
            name.utf8.count > 1 && name.utf8.contains(where: \.isLetter) && !common.contains(name)
        }.sorted().map { Secret($0, ignoresCase: true) }
    }

    /// Qualified names of the box in `/etc/hosts`.
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

    /// Words in lower case, without comments and without the period at the end of an absolute domain name.
    private static func lines(_ root: SystemRoot, _ path: String) -> [[String]] {
        guard let text = try? SysfsFile.text(at: root.file(path)) else { return [] }
        return text.split(separator: "\n").map { line in
            line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" }.map { word in
                String(word.hasSuffix(".") ? word.dropLast() : word).lowercased()
            }
        }
    }
}
