import Foundation
import SystemPackage
import TestSupport
import Testing

/// `kerf export` from outside.
@Suite("kerf export") struct ExportCommandTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let profile = root.appending(path: "docs/examples/profile.json").path

    @Test func aProfileBecomesTables() throws {
        let workspace = try Workspace()
        let folder = workspace.path("tables")
        let outcome = try KerfProcess.run("export", Self.profile, "--csv", folder)
        #expect(outcome.status == 0 && outcome.standardError.isEmpty, "\(outcome.standardError)")
        #expect(outcome.standardOutput.contains("layer_times.csv"))
        #expect(outcome.standardOutput.hasSuffix("written: \(folder)\n"))
        let steps = try String(contentsOfFile: folder + "/steps.csv", encoding: .utf8).split(separator: "\n")
        #expect(steps.first == "step,start_seconds,seconds,cpu_seconds,pair,used_by_fit,origin" && steps.count == 5)
        func permissions(_ path: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        }
        #expect(try permissions(folder) == permissions(workspace.url.path), "as any folder of the user's")
        // Made again, it is the same and no failure.
        #expect(try KerfProcess.run("export", Self.profile, "--csv", folder).status == 0)
    }

    @Test func asJSON() throws {
        let workspace = try Workspace()
        let outcome = try KerfProcess.run("export", Self.profile, "--csv", workspace.path("tables"), "--json")
        #expect(outcome.status == 0, "\(outcome.standardError)")
        let report = try #require(
            try JSONSerialization.jsonObject(with: Data(outcome.standardOutput.utf8)) as? [String: Any])
        #expect(
            report["schema"] as? String == "kerf.profile" && report["folder"] as? String == workspace.path("tables"))
        let tables = try #require(report["tables"] as? [[String: Any]])
        #expect(Set(tables.compactMap { $0["file"] as? String }) == Set(try names(in: workspace.path("tables"))))
        let steps = try #require(tables.first { $0["file"] as? String == "steps.csv" })
        #expect(steps["row_count"] as? Int == 4 && (steps["columns"] as? [String])?.first == "step")
    }

    private func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder)
    }

    @Test func badInputIsOneLine() throws {
        let workspace = try Workspace()
        let out = workspace.path("tables")
        let empty = try workspace.write("empty.json", "")
        let truncated = try workspace.write("truncated.json", #"{"schema": "kerf.profile", "#)
        let doctor = try workspace.write("doctor.json", #"{"schema": "kerf.doctor", "schema_version": 1}"#)
        let future = try workspace.write("future.json", #"{"schema": "kerf.run", "schema_version": 99}"#)
        let damaged = try workspace.write("damaged.json", #"{"schema": "kerf.profile", "schema_version": 3}"#)
        for (arguments, status, says) in [
            ([workspace.path("missing.json"), "--csv", out], 66, "missing.json"),
            ([empty, "--csv", out], 65, "empty.json"), ([truncated, "--csv", out], 65, "truncated.json"),
            ([doctor, "--csv", out], 65, "kerf.doctor"), ([future, "--csv", out], 65, "99"),
            ([damaged, "--csv", out], 65, "damaged.json"), ([Self.profile], 64, "--csv"),
            ([Self.profile, "--csv", ""], 64, "--csv"), ([Self.profile, "--csv", "."], 73, "not the name"),
            ([Self.profile, "--csv", empty], 73, "empty.json"),
            ([Self.profile, "--csv", workspace.path("no/tables")], 73, "the folder above it"),
            ([Self.profile, "--csv", workspace.url.path], 73, "not an empty folder"),
        ] as [([String], Int32, String)] {
            let outcome = try KerfProcess(["export"] + arguments).finish()
            #expect(outcome.status == status, "\(arguments): \(outcome.standardError)")
            #expect(outcome.failureLine?.contains(says) == true, "\(arguments): \(outcome.standardError)")
            #expect(outcome.standardOutput.isEmpty)
        }
        #expect(
            workspace.names == ["damaged.json", "doctor.json", "empty.json", "future.json", "truncated.json"],
            "nothing was written")
    }

    /// The client's reader, which shares no code with the command, gives the same tables and means for every file of the
    /// corpus.
    @Test(.requires(.pandas)) func pythonReadsTheSame() throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: try #require(TestTool.notebookPython).string)
        process.arguments = ["-m", "unittest", "-v", "test_read.ExportTests"]
        process.currentDirectoryURL = Self.root.appending(path: "Python/tests")
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["KERF": KerfProcess.executable.path, "PYTHONDONTWRITEBYTECODE": "1"]) { $1 }
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(text)")
        #expect(text.contains("test_tables_agree") && text.contains("test_means_of_the_csv"), "\(text)")
    }
}
