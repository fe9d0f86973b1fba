import Foundation
import Testing

/// The whole way of the data, through the built executable.
@Suite(.serialized) struct EndToEndTests {
    private static var hasMeter: Bool { FileManager.default.fileExists(atPath: "/sys/class/powercap/intel-rapl:0") }

    @Test func withAVirtualBoardEverythingIsLabelledSimulated() throws {
        let workspace = try Workspace()
        let profiled = try KerfProcess.run(
            "profile", "--model", try workspace.tinyModel(), "--seq", "64", "--budget", "3", "--quiet", "--board",
            workspace.path("board"), "--out", workspace.path("profile.json"))
        #expect(profiled.status == 0, "\(profiled.standardError)")
        #expect(profiled.standardOutput.uppercased().contains("SIMULATED"))
        #expect(profiled.standardOutput.contains("closure"))

        let meter = try #require(try workspace.json("profile.json")["meter"] as? [String: Any])
        #expect(meter["origin"] as? String == "simulated")
        #expect(meter["total_of"] as? [String] == ["package-0", "package-0/dram"])

        for name in ["first.json", "second.json"] {
            let outcome = try KerfProcess.run(
                "calibrate", workspace.path("profile.json"), "--out", workspace.path(name))
            #expect(outcome.status == 0, "\(outcome.standardError)")
        }
        #expect(try workspace.bytes("first.json") == workspace.bytes("second.json"))

        let decided = try KerfProcess.run(
            "decide", "--device", workspace.path("first.json"), "--server", workspace.path("first.json"), "--link",
            "up=20mbit,down=80mbit,rtt=20ms", "--out", workspace.path("decision.json"))
        #expect(decided.status == 0, "\(decided.standardError)")
        #expect(decided.standardOutput.uppercased().contains("SIMULATED"))
        #expect(decided.standardOutput.contains("server-only") && decided.standardOutput.contains("device-only"))
        let calibration = try workspace.bytes("first.json")
        for arguments in [
            ["calibrate", workspace.path("profile.json"), "--out", workspace.path("profile.json")],
            [
                "decide", "--device", workspace.path("first.json"), "--server", workspace.path("second.json"), "--link",
                "up=20mbit,down=80mbit,rtt=20ms", "--energy", "gross", "--out", workspace.path("first.json"),
            ],
        ] {
            let refused = try KerfProcess(arguments).finish()
            #expect(refused.status == 73)
            #expect(refused.failureLine?.contains("would replace the input") == true)
        }
        #expect(try workspace.bytes("first.json") == calibration)
        let decision = try workspace.json("decision.json")
        #expect(decision["schema"] as? String == "kerf.decision")
        // Nothing is left of the board's process or of temporary files.
        #expect(
            Set(workspace.names).isSubset(of: [
                "board", "decision.json", "first.json", "profile.json", "second.json", "tiny.json",
            ]))
    }

    @Test(.enabled(if: !hasMeter, "this box has RAPL")) func withoutAMeterEnergyIsUnavailable() throws {
        let workspace = try Workspace()
        let model = try workspace.tinyModel()
        let refused = try KerfProcess.run(
            "profile", "--model", model, "--budget", "1", "--quiet", "--require-energy", "--out",
            workspace.path("refused.json"))
        #expect(refused.status == 69)
        #expect(refused.failureLine != nil, "\(refused.standardError)")
        #expect(!workspace.exists("refused.json"))

        let outcome = try KerfProcess.run(
            "profile", "--model", model, "--budget", "1", "--quiet", "--out", workspace.path("profile.json"))
        #expect(outcome.status == 0, "\(outcome.standardError)")
        #expect(outcome.standardOutput.contains("unavailable"))
        let profile = try workspace.json("profile.json")
        #expect((profile["meter"] as? [String: Any])?["origin"] as? String == "unavailable")
        #expect((profile["energy_windows"] as? [Any])?.isEmpty == true)
    }

    @Test func interruptionLeavesNothingHalfWritten() throws {
        let workspace = try Workspace()
        let process = try KerfProcess([
            "profile", "--model", try workspace.tinyModel(), "--budget", "120", "--target-ci", "0.0001", "--board",
            workspace.path("board"), "--out", workspace.path("profile.json"),
        ])
        // The first progress line says that the run is under way.
        let deadline = Date().addingTimeInterval(60)
        while !process.errorSoFar.contains("kerf:"), Date() < deadline { Thread.sleep(forTimeInterval: 0.05) }
        process.send(signal: SIGINT)
        let outcome = try process.finish()
        #expect(outcome.status == 130)
        #expect(outcome.failureLine != nil, "\(outcome.standardError)")
        #expect(workspace.names == ["board", "tiny.json"])
    }

    /// oneDNN's generated code runs with the stack pointer in the heap; a signal must not be delivered there.
    @Test func aSignalInTheMiddleOfAProductDoesNotCrash() throws {
        let workspace = try Workspace()
        let model = try workspace.write(
            "wide.json",
            """
            {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 512,
             "num_hidden_layers": 2, "num_attention_heads": 8, "num_key_value_heads": 8,
             "intermediate_size": 2048, "vocab_size": 4096, "rms_norm_eps": 1e-5, "hidden_act": "silu",
             "tie_word_embeddings": true}
            """)
        for trial in 0..<6 {
            let process = try KerfProcess([
                "profile", "--model", model, "--threads", "1", "--budget", "120", "--target-ci", "0.0001", "--out",
                workspace.path("profile.json"),
            ])
            let deadline = Date().addingTimeInterval(60)
            while !process.errorSoFar.contains("kerf:"), Date() < deadline { Thread.sleep(forTimeInterval: 0.02) }
            Thread.sleep(forTimeInterval: 0.1 + 0.03 * Double(trial))
            // A closed terminal, and kill.
            process.send(signal: trial.isMultiple(of: 2) ? SIGTERM : SIGHUP)
            #expect(try process.finish().status == 130)
        }
        #expect(!workspace.exists("profile.json"))
    }

    @Test func jsonOnStandardOutputIsTheFile() throws {
        let workspace = try Workspace()
        let outcome = try KerfProcess.run(
            "profile", "--model", try workspace.tinyModel(), "--budget", "0.5", "--quiet", "--json", "--out",
            workspace.path("profile.json"))
        #expect(outcome.status == 0, "\(outcome.standardError)")
        let printed = try JSONSerialization.jsonObject(with: Data(outcome.standardOutput.utf8)) as? [String: Any]
        #expect(printed?["schema"] as? String == "kerf.profile")
        let doctor = try KerfProcess.run("doctor", "--json")
        #expect(doctor.status == 0)
        let report = try JSONSerialization.jsonObject(with: Data(doctor.standardOutput.utf8)) as? [String: Any]
        #expect(report?["schema"] as? String == "kerf.doctor")
    }
}
