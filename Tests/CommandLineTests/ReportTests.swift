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
                words: "of which there is no report"),
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

    /// Changes the object at a path of keys and places in a JSON file.
    private static func edited(_ json: Any, _ path: [Any], to value: Any) -> Any {
        guard let key = path.first else { return value }
        if let name = key as? String, var object = json as? [String: Any] {
            object[name] = edited(object[name] as Any, Array(path.dropFirst()), to: value)
            return object
        }
        guard let place = key as? Int, var list = json as? [Any], list.indices.contains(place) else { return json }
        list[place] = edited(list[place], Array(path.dropFirst()), to: value)
        return list
    }

    /// A file with one value changed.
    private func edit(_ file: String, _ path: [Any], to value: Any, in workspace: Workspace) throws -> String {
        let json = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: file)))
        let changed = workspace.path("changed.json")
        try JSONSerialization.data(withJSONObject: Self.edited(json, path, to: value))
            .write(to: URL(fileURLWithPath: changed))
        return changed
    }

    @Test("files that name boxes and sides they do not have are refused, and numbers of any size are shown")
    func hostileFiles() throws {
        let workspace = try Workspace()
        let (device, server, out) = (Self.example("device.json"), Self.example("server.json"), workspace.path("a.html"))
        let (decisions, comparison) = (workspace.path("decisions.json"), workspace.path("comparison.json"))
        let made = try KerfProcess([
            "decide", "--device", device, server, "--server", server, "--link", "up=20mbit,down=80mbit,rtt=20ms",
            "--out", decisions,
        ]).finish()
        try #require(made.status == 0, "\(made.standardError)")
        let compared = try KerfProcess(["compare", device, server, "--out", comparison]).finish()
        try #require(compared.status == 0, "\(compared.standardError)")
        for file in [decisions, comparison] {
            #expect(try KerfProcess(["report", file, "--out", out]).finish().status == 0)
        }
        try FileManager.default.removeItem(atPath: out)

        let refused: [(String, [Any], Any)] = [
            (decisions, ["devices"], []), (decisions, ["pairs"], []), (decisions, ["pairs", 0, "device"], 7),
            (decisions, ["device_choices", 0, "server"], -1), (decisions, ["round", "server"], 55),
            (decisions, ["round", "servers", 0, "server"], Int.max), (comparison, ["sides"], []),
            (comparison, ["comparisons", 0, "side"], 99), (comparison, ["comparisons", 0, "side"], -1),
        ]
        for (file, path, value) in refused {
            let outcome = try KerfProcess(
                ["report", try edit(file, path, to: value, in: workspace), "--out", out]
            ).finish()
            #expect(outcome.status == 65 && outcome.failureLine != nil, "\(path): \(outcome)")
            #expect(!FileManager.default.fileExists(atPath: out))
        }
        let shown: [(String, [Any], Any)] = [
            (try Self.decision(), ["block_count"], Int.max), (device, ["layers", 1, "description", "index"], Int.max),
            (comparison, ["comparisons", 0, "rows", 0, "part", "layer"], Int.max),
        ]
        for (file, path, value) in shown {
            let outcome = try KerfProcess(
                ["report", try edit(file, path, to: value, in: workspace), "--out", out]
            ).finish()
            #expect([0, 65].contains(outcome.status), "\(path): \(outcome)")
        }
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
