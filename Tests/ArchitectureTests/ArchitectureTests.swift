import FoundationEssentials
import Testing

/// The import rule and each room's "never", checked on the source text.
@Suite("Architecture")
struct ArchitectureTests {
    private var files: [SourceTree.File] { get throws { try SourceTree.files.get() } }

    @Test("every folder of Sources and Probes is a room of the list, and every room has files")
    func everyFolderIsARoom() throws {
        let sources = try SourceTree.folders(in: "Sources").subtracting(["C"]).map { "Sources/\($0)" }
        let known = Room.all.map(\.folder).filter { $0 != Room.cFolder && $0 != Room.probeFolder }
        #expect(Set(sources) == Set(known))
        #expect(try SourceTree.folders(in: "Probes") == Room.probes)
        #expect(try SourceTree.folders(in: "Sources/C") == Set(Room.cWrappers.keys))
        for room in known { #expect(try files.contains { $0.path.hasPrefix(room + "/") }, "\(room) has no files") }
    }

    @Test("imports point up the list only, and probes do not import each other")
    func importsPointUp() throws {
        for file in try files {
            let own = try #require(Room.position(ofModule: file.module), "\(file.path)")
            for (line, module) in file.imports {
                guard let other = Room.position(ofModule: module), Room.all[other].folder != Room.cFolder else {
                    continue
                }
                #expect(
                    other < own, "\(file.path):\(line): \(file.module) must not import \(module), which is not above it"
                )
            }
        }
    }

    @Test("no room imports what it must never use")
    func neverRulesHold() throws {
        for file in try files {
            let room = Room.all[try #require(Room.position(ofModule: file.module))]
            for (line, module) in file.imports {
                let place = "\(file.path):\(line)"
                #expect(!room.never.contains(module), "\(place): \(room.name) must not import \(module): \(room.why)")
                if let only = room.only {
                    #expect(only.contains(module), "\(place): \(room.name) must not import \(module): \(room.why)")
                }
                if let wrappers = Room.cWrappers[module] {
                    #expect(wrappers.contains(file.module), "\(place): only \(wrappers.sorted()) wrap \(module)")
                }
                if module == "ArgumentParser" {
                    #expect(
                        Room.commandLine.contains(file.module), "\(place): only the command line's rooms parse it")
                }
            }
        }
    }

    @Test("Package.swift lists the rooms in this order, and each depends on rooms above it only")
    func manifestFollowsTheOrder() throws {
        let targets = PackageManifest(try SourceTree.text("Package.swift")).targets
        let positions = try targets.map { try #require(Room.position(ofModule: $0.name), "unknown room \($0.name)") }
        #expect(positions == positions.sorted(), "\(targets.map(\.name))")
        #expect(Set(targets.map(\.name)) == Set(try files.map(\.module)))
        for target in targets {
            let own = try #require(Room.position(ofModule: target.name))
            for dependency in target.dependencies {
                guard let other = Room.position(ofModule: dependency), Room.all[other].folder != Room.cFolder else {
                    continue
                }
                #expect(other < own, "Package.swift: \(target.name) must not depend on \(dependency)")
            }
        }
    }

    @Test("each target lists the rooms that its files import")
    func importsAreDeclared() throws {
        let targets = PackageManifest(try SourceTree.text("Package.swift")).targets
        for target in targets {
            for file in try files where file.module == target.name {
                for (line, module) in file.imports where Room.position(ofModule: module) != nil {
                    #expect(
                        target.dependencies.contains(module),
                        "\(file.path):\(line): \(target.name) imports \(module) without listing it in Package.swift")
                }
            }
        }
    }

    @Test("docs/architecture.md lists the rooms in this order")
    func manualFollowsTheOrder() throws {
        let folders = try SourceTree.text("docs/architecture.md").split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false)
            let folder = cells.count > 2 ? cells[1].filter { $0 != " " && $0 != "`" } : ""
            return folder.hasPrefix("Sources/") || folder == Room.probeFolder ? folder : nil
        }
        #expect(folders == Room.all.map(\.folder))
    }

    /// With KERF_PRINT_ROOMS=1, the rooms and what they import.
    @Test("the table of rooms", .enabled(if: ProcessInfo.processInfo.environment["KERF_PRINT_ROOMS"] == "1"))
    func printTable() throws {
        let modules = Dictionary(grouping: try files, by: \.module)
        #expect(!modules.isEmpty)
        for room in Room.all where room.folder != Room.cFolder {
            for module in room.folder == Room.probeFolder ? Room.probes.sorted() : [room.name] {
                let imported = Set((modules[module] ?? []).flatMap { $0.imports.map(\.module) })
                let rooms = imported.filter { Room.position(ofModule: $0) != nil }
                    .sorted { (Room.position(ofModule: $0)!, $0) < (Room.position(ofModule: $1)!, $1) }
                let others = imported.subtracting(rooms).sorted()
                print("\(module): \((rooms + others).joined(separator: " "))")
            }
        }
    }
}
