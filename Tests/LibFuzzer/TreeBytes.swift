import SystemIO
import SystemPackage
import TestSupport

/// A tree of files in few bytes, in a form in which any bytes mean some tree.
///
/// Entries are separated by 0xFF, which no text has in it; 0xFE is between a file's path and its content, 0xFD
/// between a link and its target. A path ends in a slash for a directory, and starts with one where it counts from the
/// root instead of from `sys/class/powercap`. A file that occurs again has that content at a later reading.
struct TreeBytes {
    private static let (entryEnd, holds, leadsTo) = (UInt8(0xFF), UInt8(0xFE), UInt8(0xFD))
    private static let home = ["sys", "class", "powercap"]
    /// More would only take longer.
    private static let (maximumEntries, maximumParts) = (64, 12)

    private var directories: [String] = []
    private var files: [(path: String, bytes: [UInt8])] = []
    private var links: [(path: String, target: String)] = []
    /// Files at the later reading.
    private var changes: [(path: String, bytes: [UInt8])] = []

    var changesLater: Bool { !changes.isEmpty }

    init(_ bytes: [UInt8]) {
        var seen: Set<String> = []
        for entry in bytes.split(separator: Self.entryEnd).prefix(Self.maximumEntries) {
            let path = entry.prefix { $0 != Self.holds && $0 != Self.leadsTo }
            let rest = entry[path.endIndex...]
            guard let place = Self.path(path) else { continue }
            if rest.first == Self.leadsTo {
                if let target = Self.path(rest.dropFirst()) { links.append((place, target)) }
            } else if path.last == UInt8(ascii: "/") {
                directories.append(place)
            } else if seen.insert(place).inserted {
                files.append((place, Array(rest.dropFirst())))
            } else {
                changes.append((place, Array(rest.dropFirst())))
            }
        }
    }

    /// Below the root whatever the bytes are: a path never goes up.
    private static func path(_ bytes: ArraySlice<UInt8>) -> String? {
        let parts = bytes.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) }
            .filter { $0 != "." && $0 != ".." && !$0.utf8.contains(0) }
        let all = (bytes.first == UInt8(ascii: "/") ? [] : home) + parts
        return all.isEmpty || all.count > maximumParts ? nil : all.joined(separator: "/")
    }

    /// What cannot be made, since another entry has the place or a name is too long, is left out.
    func make() throws -> FixtureTree {
        let tree = try FixtureTree()
        for path in directories { try? tree.directory(path) }
        for (path, bytes) in files { try? tree.write(path, bytes: bytes) }
        // Absolute and without steps upwards, so that no chain of links leads out of the tree.
        for (path, target) in links { try? tree.link(path, tree.file(target).string) }
        return tree
    }

    func change(_ tree: FixtureTree) {
        for (path, bytes) in changes { try? tree.write(path, bytes: bytes) }
    }

    /// The bytes of a tree; a path that occurs twice is its file at two readings.
    static func encoded(_ files: KeyValuePairs<String, String>, links: KeyValuePairs<String, String> = [:]) -> [UInt8] {
        let entries =
            files.map { Array($0.key.utf8) + [holds] + Array($0.value.utf8) }
            + links.map { Array($0.key.utf8) + [leadsTo] + Array($0.value.utf8) }
        return Array(entries.joined(separator: [entryEnd]))
    }
}
