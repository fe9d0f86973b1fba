import Foundation

/// All pages of the manual.
enum Manual {
    /// Pages that show no command that every system can run.
    static let pagesWithoutCommands: Set = [
        "CHANGELOG.md", "SECURITY.md", "docs/architecture.md", "docs/command-reference.md",
        "docs/file-formats.md", "docs/five-devices.md", "docs/fleet-with-ansible.md", "docs/glossary.md",
        "docs/hardware-bench.md", "docs/limits.md", "docs/markers.md", "docs/split-training.md", "docs/validating.md",
    ]
    /// Pages that a program makes, whose examples that program checks.
    static let generatedPages: Set = ["docs/command-reference.md", "docs/file-formats.md", "docs/five-devices.md"]

    static let names: [String] = ["", "docs/", "Benchmarks/"].flatMap { folder in
        let place = PageRun.repository.appendingPathComponent(folder).path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
        return names.filter { $0.hasSuffix(".md") }.sorted().map { folder + $0 }
    }

    /// - Throws: ``ManualPage/Malformed``; an error of reading.
    static func page(_ name: String) throws -> ManualPage {
        let place = PageRun.repository.appendingPathComponent(name)
        return try ManualPage(name: name, text: try String(contentsOf: place, encoding: .utf8))
    }
}
