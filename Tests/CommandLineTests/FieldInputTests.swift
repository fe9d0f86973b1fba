import Calibration
import Foundation
import SystemIO
import TestSupport
import Testing

/// Inputs as they come from the field, from outside: read, or refused with the cause and exit status 65.
struct FieldInputTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private static func report(reverse: Int, rate: String) -> String {
        """
        {"start": {"version": "iperf 3.17.1", "test_start": {"protocol": "TCP", "reverse": \(reverse)}},
         "end": {"streams": [{"sender": {"mean_rtt": 20000}}], "sum_received": {"bits_per_second": \(rate)}}}
        """
    }

    @Test func aRateOfZeroNamesTheFileAndTheField() throws {
        let calibration = String(decoding: try KerfJSON.encode(Calibration.planted(SyntheticProfile())), as: UTF8.self)
        let side = try workspace.write("side.json", calibration)
        let up = try workspace.write("fwd.json", Self.report(reverse: 0, rate: "2e7"))
        let down = try workspace.write("zero.json", Self.report(reverse: 1, rate: "0"))
        let outcome = try KerfProcess.run(
            "decide", "--device", side, "--server", side, "--weight", "1", "--iperf3", up, "--iperf3", down)
        #expect(outcome.status == 65, "\(outcome.standardError)")
        let line = outcome.failureLine ?? ""
        #expect(line.contains("zero.json: end.sum_received.bits_per_second is 0: no data arrived"), "\(line)")
    }

    @Test func aTraceWithOutagesAndACoarseClockIsSimulated() throws {
        let shipped = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Profiles/scenarios/five-devices.json")
        var json = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: shipped)) as? [String: Any])
        let trace: [String: Any] = ["file": "drive.csv", "round_seconds": 3.5]
        let channel: [String: Any] = ["trace": trace, "round_trip_seconds": 0.01]
        json["channel"] = channel
        let bytes = try JSONSerialization.data(withJSONObject: json)
        let scenario = try workspace.write("scenario.json", String(decoding: bytes, as: UTF8.self))
        func simulate(_ csv: String) throws -> KerfProcess.Outcome {
            try workspace.write("drive.csv", csv)
            return try KerfProcess.run(
                "simulate", "--scenario", scenario, "--rounds", "20", "--seeds", "2", "--out",
                workspace.path("result.json"))
        }
        func delay() throws -> Double {
            let policies = try #require(try workspace.json("result.json")["policies"] as? [[String: Any]])
            return try #require((policies[0]["delay_seconds"] as? [String: Any])?["value"] as? Double)
        }
        let steady = try simulate("\u{FEFF}0,20000000\r\n1,20000000\r\n10,20000000\r\n\r\n")
        #expect(steady.status == 0 && !steady.standardOutput.contains("Trace"), "\(steady.standardError)")
        let undisturbed = try delay()
        let disturbed = try simulate("time,bps\n0,15000000\n0,25000000\n1,20000000\n4,0\n9,20000000\n10,20000000\n")
        #expect(disturbed.status == 0, "\(disturbed.standardError)")
        #expect(disturbed.standardOutput.contains("1 of 5 times are outages (a rate of 0), 50.0 % of its length"))
        #expect(disturbed.standardOutput.contains("6 samples have 5 times; the rates of one time are averaged"))
        // Half of the rounds wait for 0 to 5 s.
        let wait = try delay() - undisturbed
        #expect(wait > 0.5 && wait < 2.5, "\(wait)")
        let replacing = try KerfProcess.run(
            "simulate", "--scenario", scenario, "--rounds", "2", "--csv", workspace.path("drive.csv"))
        #expect(replacing.status == 73 && replacing.failureLine?.contains("would replace the input") == true)
        let damaged = try simulate("0,2O000000\n1,20000000\n2,20000000\n")
        #expect(damaged.status == 65 && damaged.failureLine?.contains("drive.csv: line 1 is") == true)
    }

    @Test(arguments: [
        ("\"model_type\": \"qwen2\", \"rope_scaling\": {\"type\": \"yarn\"}", "rope_type is \"yarn\""),
        ("\"quantization_config\": {\"quant_method\": \"gptq\"}", "quantized: quantization_config says \"gptq\""),
        ("\"hidden_size\": 32", "hidden_size appears twice"),
    ]) func configurationsThatWouldBeMisreadAreRefused(_ field: String, says: String) throws {
        let family = field.contains("model_type") ? "" : "\"model_type\": \"llama\", "
        let config = try workspace.write(
            "config.json",
            """
            {\(family)\(field), "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
             "intermediate_size": 128, "vocab_size": 256}
            """)
        let outcome = try KerfProcess.run(
            "profile", "--quiet", "--budget", "0.2", "--model", config, "--out", workspace.path("profile.json"))
        #expect(outcome.status == 65 && outcome.failureLine?.contains(says) == true, "\(outcome.standardError)")
        #expect(!workspace.exists("profile.json"))
    }

    @Test func aPointerInPlaceOfWeightsIsNamed() throws {
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n"
        let weights = try workspace.write("model.gguf", pointer)
        let outcome = try KerfProcess.run(
            "profile", "--quiet", "--budget", "0.2", "--model", try workspace.tinyModel(), "--weights", weights,
            "--out",
            workspace.path("profile.json"))
        #expect(outcome.status == 65, "\(outcome.standardError)")
        #expect(outcome.failureLine?.contains("model.gguf: is a Git LFS pointer") == true, "\(outcome.standardError)")
        #expect(outcome.failureLine?.contains("git lfs pull") == true)
    }
}
