import Foundation
import TestSupport
import Testing

/// `--weight-format` of benchmarks and profiles, from outside. Trainings have it in TrainTests.
@Suite(.serialized) struct WeightFormatTests {
    private func weightBytes(_ workspace: Workspace, _ more: [String]) throws -> Int {
        let text = try workspace.kerf(
            [
                "bench", "layer", "--model", "tiny.json", "--seq", "16", "--rounds", "1", "--block-only", "--threads",
                "1",
                "--json",
            ] + more)
        let report = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        return try #require((report?["memory"] as? [String: Any])?["weight_bytes"] as? Int)
    }

    @Test func aBlockTakesLessMemory() throws {
        let workspace = try Workspace()
        _ = try workspace.tinyModel()
        let plain = try weightBytes(workspace, ["--engine", "kerf"])
        #expect(try 3 * weightBytes(workspace, ["--weight-format", "Q8_0"]) < plain)
        #expect(try 6 * weightBytes(workspace, ["--weight-format", "q4_0"]) < plain)
    }

    @Test("a profile and its calibration say it, and are pooled with none of other formats")
    func profiles() throws {
        let workspace = try Workspace()
        _ = try workspace.tinyModel()
        #expect(try !workspace.tinyProfile("plain.json", ["--engine", "kerf"]).contains("weights in"))
        #expect(
            try workspace.tinyProfile("q8.json", ["--weight-format", "q8_0"]).contains("on q,v, weights in Q8_0, f32, ")
        )
        let (plain, quantized) = (try workspace.json("plain.json"), try workspace.json("q8.json"))
        func field(_ profile: [String: Any]) -> [String]? {
            (profile["workload"] as? [String: Any])?["weight_formats"] as? [String]
        }
        #expect(field(plain) == nil && field(quantized) == ["Q8_0"])
        let layers = try #require(quantized["layers"] as? [[String: Any]])
        let names = ["q", "k", "v", "o", "gate", "up", "down"]
        #expect(layers[0]["weight_formats"] as? [String: String] == ["embedding": "Q8_0"])
        #expect(
            layers[1]["weight_formats"] as? [String: String]
                == Dictionary(uniqueKeysWithValues: names.map { ($0, "Q8_0") }))
        #expect(layers.last?["weight_formats"] as? [String: String] == ["head": "Q8_0"])
        if SchemaChecker.isPossible {
            #expect(try SchemaChecker.faults(in: [UInt8](workspace.bytes("q8.json")), schema: "profile") == [])
        }

        #expect(try workspace.kerf(["calibrate", "q8.json", "--out", "q8-cal.json"]).contains("weights in Q8_0"))
        if SchemaChecker.isPossible {
            let bytes = [UInt8](try workspace.bytes("q8-cal.json"))
            #expect(try SchemaChecker.faults(in: bytes, schema: "calibration") == [])
        }
        let pooled = try KerfProcess.run(
            "calibrate", "plain.json", "q8.json", "--out", "pooled.json", in: workspace.url.path)
        #expect(pooled.status == 65)
        #expect(pooled.failureLine?.contains("weight_formats") == true, "\(pooled.standardError)")
        #expect(!workspace.exists("pooled.json"))
    }

    @Test(
        "what cannot be is refused in one line",
        arguments: [
            (["--weight-format", "q4_K"], 65, "rows of 64 values"),
            (["--weight-format", "stored"], 65, "has no quantized matrix"),
            (["--weight-format", "q8_0", "--engine", "onednn"], 69, "--engine kerf"),
            (["--weight-format", "q5_1"], 64, "Q8_0"),
        ])
    func refusals(options: [String], status: Int32, words: String) throws {
        let workspace = try Workspace()
        _ = try workspace.tinyModel()
        let outcome = try KerfProcess(
            ["bench", "step", "--model", "tiny.json", "--seq", "8", "--steps", "1"] + options, in: workspace.url.path
        ).finish()
        #expect(outcome.status == status, "\(outcome.standardError)")
        #expect(outcome.standardError.contains(words), "\(outcome.standardError)")
        #expect(outcome.standardOutput.isEmpty)
    }
}
