import Foundation
import Testing

/// `kerf report`, from outside.
@Suite("kerf report")
struct ReportTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static func example(_ name: String) -> String { root.appendingPathComponent("docs/examples/\(name)").path }
    private static func corpus(_ name: String) -> String { root.appendingPathComponent("Tests/Corpus/\(name)").path }

    @Test("a page of a profile and calibrations, the same bytes each time") func page() throws {
        let workspace = try Workspace()
        let files = ["profile.json", "device.json", "server.json"].map(Self.example)
        for name in ["a.html", "b.html"] {
            let outcome = try KerfProcess(["report"] + files + ["--out", workspace.path(name)]).finish()
            #expect(outcome.status == 0, "\(outcome.standardError)")
            #expect(outcome.standardOutput.contains("written: \(workspace.path(name))"))
        }
        let pages = try ["a.html", "b.html"].map { try Data(contentsOf: URL(fileURLWithPath: workspace.path($0))) }
        #expect(pages[0] == pages[1])
        #expect(String(decoding: pages[0].prefix(15), as: UTF8.self) == "<!DOCTYPE html>")
    }

    /// A committed decision; the names of old ones have old words in them.
    private static func decision() throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: corpus("decisions")).sorted()
        return corpus("decisions/" + (try #require(names.last { $0.hasSuffix(".json") })))
    }

    @Test("as JSON: sections, charts and verdicts") func json() throws {
        let workspace = try Workspace()
        let outcome = try KerfProcess([
            "report", try Self.decision(), "--out", workspace.path("a.html"), "--json",
        ]).finish()
        #expect(outcome.status == 0, "\(outcome.standardError)")
        let list = try #require(
            JSONSerialization.jsonObject(with: Data(outcome.standardOutput.utf8)) as? [[String: Any]])
        #expect(list.count == 1 && (list.first?["figures"] as? [String])?.contains("Cost of each cut") == true)
        #expect((list.first?["sha256"] as? String)?.count == 64)
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        var files: [String]
        var status: Int32
        var words: String
        var testDescription: String { words }
    }

    @Test(
        "what cannot be shown is refused in one line, and no page is left",
        arguments: [
            Fault(files: [], status: 64, words: "Missing expected argument"),
            Fault(files: ["/nonexistent.json"], status: 66, words: "/nonexistent.json"),
            Fault(files: [corpus("inputs/iperf3-up.json")], status: 65, words: "not a Kerf file"),
            Fault(
                files: [root.appendingPathComponent("Profiles/scenarios/five-devices.json").path], status: 65,
                words: "there is no report of a"),
            Fault(files: [corpus("inputs/channel-trace.csv")], status: 65, words: "not a Kerf file"),
        ])
    func faults(fault: Fault) throws {
        let workspace = try Workspace()
        let out = workspace.path("page.html")
        let outcome = try KerfProcess(["report"] + fault.files + ["--out", out]).finish()
        #expect(outcome.status == fault.status, "\(outcome.standardError)")
        #expect(outcome.failureLine?.contains(fault.words) == true, "\(outcome.standardError)")
        #expect(!FileManager.default.fileExists(atPath: out))
    }

    @Test("an input is not overwritten") func guarded() throws {
        let workspace = try Workspace()
        let copy = workspace.path("profile.json")
        try FileManager.default.copyItem(atPath: Self.example("profile.json"), toPath: copy)
        let outcome = try KerfProcess(["report", copy, "--out", copy]).finish()
        #expect(outcome.status != 0 && outcome.failureLine != nil, "\(outcome.standardError)")
        #expect(
            FileManager.default.contentsEqual(atPath: copy, andPath: Self.example("profile.json")))
    }
}
