import SystemIO

/// A recorded box, checked: a tree of small files in which nothing leads out.
package struct Capture: Sendable {
    /// Most members and bytes that a capture may have; a server of 512 threads needs a third of it.
    package static let mostEntries = 400_000
    package static let mostBytes = 512 << 20
    static let mostFileBytes = 8 << 20
    static let remedy: Remedy = "make one with: kerf capture --out box.tar"
    /// What a capture may hold at its top.
    static let tops: Set<String> = ["sys", "proc", "etc", "kerf"]
    /// Links followed for one name before it counts as a loop, as the kernel does.
    private static let mostLinks = 40

    package let name: String
    /// By path; every parent directory is among them.
    package private(set) var entries: [String: TarEntry] = [:]

    /// - Parameters:
    ///   - bytes: of a plain ustar archive; nothing in it is trusted.
    ///   - name: what the user calls it.
    /// - Throws: ``KerfError/Code/malformed`` with the member and what is wrong with it.
    package init(_ bytes: [UInt8], name: String) throws(KerfError) {
        self.name = name
        for entry in try TarReader.entries(of: bytes, name: name) { try add(entry) }
        guard entries["sys"] != nil else { throw fault("holds no sys: it is no recorded box") }
        for (path, entry) in entries {
            guard case .link(let target) = entry.content else { continue }
            try checkLink(path, target)
        }
    }

    /// Whether what was recorded is a virtual board's tree, and so simulated.
    package var isVirtualBoard: Bool { entries["kerf/board.json"] != nil }

    private func fault(_ message: String) -> KerfError {
        KerfError(.malformed, at: name, message, remedy: Self.remedy)
    }

    private mutating func add(_ entry: TarEntry) throws(KerfError) {
        var parts = entry.path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        // As `tar -C box .` writes them.
        if parts.first == "." { parts.removeFirst() }
        if parts.last == "", entry.content == .directory { parts.removeLast() }
        if parts.isEmpty, entry.content == .directory { return }
        guard !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }), let top = parts.first else {
            throw fault("\(TarReader.shown(entry.path)) is no path below the capture's top")
        }
        guard Self.tops.contains(top) else {
            throw fault("holds \(TarReader.shown(entry.path)), which is no part of a recorded box")
        }
        for depth in 1..<max(1, parts.count) {
            let parent = parts[..<depth].joined(separator: "/")
            switch entries[parent]?.content {
            case nil: entries[parent] = TarEntry(parent, .directory)
            case .directory: break
            default: throw fault("\(TarReader.shown(entry.path)) lies behind a link or a file")
            }
        }
        let path = parts.joined(separator: "/")
        switch (entries[path]?.content, entry.content) {
        case (nil, _): entries[path] = TarEntry(path, entry.content, mode: entry.mode)
        case (.directory, .directory): break
        default: throw fault("\(TarReader.shown(path)) is there twice")
        }
        guard entries.count <= Self.mostEntries else { throw fault("holds more than \(Self.mostEntries) members") }
    }

    /// Follows a link as the kernel would, link by link, since a name that looks harmless may lead out over another.
    ///
    /// Out is already out of `sys`, or whichever top the link lies in: a replay puts each of them in its own place.
    private func checkLink(_ path: String, _ target: String) throws(KerfError) {
        var place = path.split(separator: "/").dropLast().map(String.init)
        var rest = Array(target.split(separator: "/", omittingEmptySubsequences: false).map(String.init).reversed())
        guard !target.isEmpty, !target.hasPrefix("/"), !place.isEmpty else {
            throw fault("the link \(TarReader.shown(path)) is absolute, empty, or at the top")
        }
        var followed = 0
        while let part = rest.popLast() {
            if part.isEmpty || part == "." { continue }
            if part == ".." {
                guard place.count > 1 else { throw fault("the link \(TarReader.shown(path)) leads out of its top") }
                place.removeLast()
                continue
            }
            let next = (place + [part]).joined(separator: "/")
            guard case .link(let further) = entries[next]?.content else {
                place.append(part)
                continue
            }
            followed += 1
            // A loop leads nowhere, which is as harmless as a link to nothing.
            if followed > Self.mostLinks { return }
            guard !further.hasPrefix("/") else { throw fault("the link \(TarReader.shown(next)) is absolute") }
            rest += further.split(separator: "/").map(String.init).reversed()
        }
    }
}
