import Foundation
import TestSupport
import Testing

/// `kerf trace` from outside.
@Suite("kerf trace") struct TraceTests {
    private static let examples = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appending(path: "../../docs/examples").standardized.path
    private static let proto = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Sources/Reporting/Trace/Protocol").standardized.path

    private func trace(_ workspace: Workspace, _ arguments: String...) throws -> KerfProcess.Outcome {
        try KerfProcess(["trace"] + arguments, in: workspace.url.path).finish()
    }

    @Test func aProfileBecomesATrace() throws {
        let workspace = try Workspace()
        let profile = Self.examples + "/profile.json"
        let outcome = try trace(workspace, profile, "--out", "p.pftrace")
        #expect(outcome.status == 0, "\(outcome.standardError)")
        #expect(outcome.standardOutput.contains("ui.perfetto.dev"))
        #expect(outcome.standardOutput.hasSuffix("written: p.pftrace\n"))
        #expect(outcome.standardOutput.contains("power"))
        let bytes = try workspace.bytes("p.pftrace")
        // Each packet is field 1 of the file.
        #expect(bytes.first == 0x0A)
        let again = try trace(workspace, profile, "--out", "q.pftrace", "--json")
        #expect(try again.status == 0 && workspace.bytes("q.pftrace") == bytes)
        let summary = try #require(
            try JSONSerialization.jsonObject(with: Data(again.standardOutput.utf8)) as? [String: Any])
        #expect(summary["subject"] as? String == "kerf.profile")
        let tracks = try #require(summary["tracks"] as? [[String: Any]])
        #expect(tracks.contains { $0["unit"] as? String == "W" })
        // The sum of the layers is that of the file.
        let file = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: profile))) as? [String: Any])
        let times = try #require(file["layer_times"] as? [[String: Any]])
        let seconds = times.flatMap { $0["seconds"] as? [Double] ?? [] }
        let sum = (summary["seconds_by_category"] as? [String: Double])?["layer"] ?? 0
        #expect(abs(sum - seconds.reduce(0, +)) <= 1e-9 * Double(seconds.count))
    }

    /// What the schema of the file does not know would be shown as the number of a field.
    @Test(.requires(.protoc)) func protocReadsTheTrace() throws {
        let workspace = try Workspace()
        #expect(try trace(workspace, Self.examples + "/profile.json", "--out", "p.pftrace").status == 0)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/protoc")
        process.arguments = ["--decode=perfetto.protos.Trace", "--proto_path=\(Self.proto)", "perfetto.proto"]
        process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: workspace.path("p.pftrace")))
        _ = FileManager.default.createFile(atPath: workspace.path("text"), contents: nil)
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: workspace.path("text")))
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let lines = try String(contentsOfFile: workspace.path("text"), encoding: .utf8).split(separator: "\n")
        #expect(lines.contains("      unit_name: \"W\""))
        let (begins, ends) = (
            lines.count { $0.hasSuffix("TYPE_SLICE_BEGIN") }, lines.count { $0.hasSuffix("TYPE_SLICE_END") }
        )
        #expect(begins > 100 && begins == ends)
        let unknown = lines.filter { $0.drop { $0 == " " }.first?.isNumber == true }
        #expect(unknown.isEmpty, "\(unknown.prefix(3))")
    }

    @Test func aSplitRunIsDrawnWithItsTimeline() throws {
        let training = try ServedTraining()
        let outcome = try training.device(["--cut", "2", "--timeline"]).finish()
        try #require(outcome.status == 0, "\(outcome.standardError)")
        let workspace = training.workspace
        let drawn = try trace(workspace, "split/run.json", "--out", "run.pftrace", "--json")
        #expect(drawn.status == 0 && drawn.standardError.isEmpty, "\(drawn.standardError)")
        let summary = try #require(
            try JSONSerialization.jsonObject(with: Data(drawn.standardOutput.utf8)) as? [String: Any])
        let tracks = try #require(summary["tracks"] as? [[String: Any]])
        let groups = Set(tracks.compactMap { ($0["group"] as? String)?.split(separator: " ").first })
        #expect(groups == ["device", "server", "link"])
        #expect(tracks.allSatisfy { $0["placement"] as? String == "placed" })
        let steps = tracks.filter { $0["name"] as? String == "steps" }.compactMap { $0["count"] as? Int }
        #expect(steps == [6, 6])
        // The same run without its timeline, and one that is of another run.
        let timeline = workspace.path("timeline.csv")
        try FileManager.default.moveItem(atPath: workspace.path("split/timeline.csv"), toPath: timeline)
        let laidOut = try trace(workspace, "split/run.json", "--out", "laid.pftrace", "--json")
        #expect(laidOut.status == 0 && laidOut.standardOutput.contains("laid_out"))
        let named = try trace(workspace, "split/run.json", "--out", "n.pftrace", "--timeline", "timeline.csv")
        #expect(try named.status == 0 && workspace.bytes("n.pftrace") == workspace.bytes("run.pftrace"))
        let text = try String(contentsOfFile: timeline, encoding: .utf8)
        try workspace.write("other.csv", text.replacing("\ndevice,1,", with: "\ndevice,77,"))
        let other = try trace(workspace, "split/run.json", "--out", "o.pftrace", "--timeline", "other.csv")
        #expect(other.status == 65 && other.failureLine?.contains("turn 77 is not in the run") == true)
        #expect(!workspace.exists("o.pftrace"))
        let replaced = try trace(workspace, "split/run.json", "--out", "timeline.csv", "--timeline", "timeline.csv")
        #expect(replaced.status == 73 && replaced.failureLine?.contains("would replace the input") == true)
    }

    @Test(arguments: [
        (["missing.json"], 66, "missing.json: no such file"),
        (["calibration.json"], 65, "this is a kerf.calibration file, which has no times to draw"),
        (["doctor.json"], 65, "this is a kerf.doctor file, which has no times to draw"),
        (["empty.json"], 65, "the file is empty"), (["text.json"], 65, "not a Kerf file"),
        (["future.json"], 65, "version 99"), (["page.json"], 65, "web page"),
        (["profile.json", "--timeline", "t.csv"], 64, "a timeline belongs to a run"),
        (["broken.json"], 65, "steps is empty"),
    ]) func badInputIsRefusedInOneLine(arguments: [String], status: Int32, text: String) throws {
        let workspace = try Workspace()
        let profile = try String(contentsOfFile: Self.examples + "/profile.json", encoding: .utf8)
        try workspace.write("profile.json", profile)
        var file = try workspace.json("profile.json")
        file["steps"] = [Any]()
        try JSONSerialization.data(withJSONObject: file).write(to: URL(fileURLWithPath: workspace.path("broken.json")))
        try workspace.write(
            "calibration.json", String(contentsOfFile: Self.examples + "/device.json", encoding: .utf8))
        try workspace.write("doctor.json", #"{"schema": "kerf.doctor", "schema_version": 1}"#)
        try workspace.write("future.json", #"{"schema": "kerf.profile", "schema_version": 99}"#)
        try workspace.write("empty.json", "")
        try workspace.write("text.json", "text")
        try workspace.write("page.json", "<!DOCTYPE html><html></html>")
        let outcome = try KerfProcess(["trace"] + arguments + ["--out", "out.pftrace"], in: workspace.url.path).finish()
        #expect(outcome.status == status, "\(outcome.standardError)")
        #expect(outcome.failureLine?.contains(text) == true, "\(outcome.standardError)")
        #expect(!workspace.exists("out.pftrace"))
    }

    @Test func anImpossiblePlaceIsReported() throws {
        let workspace = try Workspace()
        let profile = Self.examples + "/profile.json"
        let nowhere = try trace(workspace, profile, "--out", "no/p.pftrace")
        #expect(nowhere.status == 73 && nowhere.failureLine != nil, "\(nowhere.standardError)")
        try workspace.write("p.json", String(contentsOfFile: profile, encoding: .utf8))
        let itself = try trace(workspace, "p.json", "--out", "p.json")
        #expect(itself.status == 73 && itself.failureLine?.contains("would replace the input") == true)
    }
}
