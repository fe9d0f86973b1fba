import Foundation
import Testing

/// Whole outputs, compared with files in `Tests/CommandLineTests/Snapshots`.
///
/// After an intended change run the tests once with `KERF_UPDATE_SNAPSHOTS=1`, which rewrites the files, and review the
/// difference.
enum Snapshot {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Snapshots")

    private static let isUpdating = ProcessInfo.processInfo.environment["KERF_UPDATE_SNAPSHOTS"] == "1"

    /// Names of all committed snapshots, without `.txt`.
    static var names: [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".txt") }.map { String($0.dropLast(4)) }.sorted()
    }

    /// Records an issue that shows the first line in which `text` differs from the snapshot.
    static func expect(
        _ text: String, matches name: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let file = folder.appendingPathComponent(name + ".txt")
        if isUpdating {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try text.write(to: file, atomically: true, encoding: .utf8)
            return
        }
        let expected = try String(contentsOf: file, encoding: .utf8)
        guard text != expected else { return }
        let (found, wanted) = (lines(text), lines(expected))
        let line = zip(found, wanted).prefix { $0 == $1 }.count
        func shown(_ lines: [Substring]) -> String { line < lines.count ? "\"\(lines[line])\"" : "the end" }
        Issue.record(
            "\(name).txt, line \(line + 1): expected \(shown(wanted)), found \(shown(found))",
            sourceLocation: sourceLocation)
    }

    private static func lines(_ text: String) -> [Substring] {
        text.split(separator: "\n", omittingEmptySubsequences: false)
    }
}
