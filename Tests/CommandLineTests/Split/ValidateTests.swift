import Foundation
import TestSupport
import Testing

/// `kerf validate` and deciding anew, from outside, on virtual boards.
@Suite(.serialized) struct ValidateTests {
    static let link = "up=200mbit,down=200mbit,rtt=2ms"
    static let workload = ["--model", "tiny.json", "--batch", "4", "--seq", "16", "--threads", "1"]
    /// Steps that take longer than the cycles in which a board slows a process down.
    static let longSteps = ["--model", "tiny.json", "--batch", "16", "--seq", "128", "--threads", "1"]

    /// A server on a board, and a calibration of this box.
    private func training(_ workload: [String] = workload) throws -> ServedTraining {
        let training = try ServedTraining(options: ["--board", "server-board", "--allow-frequency"])
        for arguments in [
            ["profile", "--budget", "3", "--board", "board", "--quiet", "--out", "profile.json"] + workload,
            ["calibrate", "profile.json", "--out", "calibration.json"],
        ] {
            let outcome = try KerfProcess(arguments, in: training.workspace.url.path).finish()
            try #require(outcome.status == 0, "\(outcome.standardError)")
        }
        return training
    }

    private func validate(
        _ training: ServedTraining, _ options: [String], _ workload: [String] = workload
    ) throws -> KerfProcess.Outcome {
        try KerfProcess(
            [
                "validate", "--server", training.address, "--insecure", "--device", "calibration.json",
                "--server-calibration", "calibration.json", "--link", Self.link, "--shape", Self.link, "--board",
                "board", "--steps", "2", "--out", "validation.json", "--quiet",
            ] + workload + options, in: training.workspace.url.path
        ).finish()
    }

    @Test func everyCutIsMeasuredAndCompared() throws {
        let training = try training()
        let outcome = try validate(training, ["--cuts", "all", "--rounds", "3"])
        #expect(outcome.status == 0, "\(outcome.standardError)")
        #expect(outcome.standardOutput.hasPrefix("SIMULATED (shaped link, virtual board): "))
        #expect(outcome.standardOutput.hasSuffix("written: validation.json\n"))
        let bytes = [UInt8](try training.workspace.bytes("validation.json"))
        if SchemaChecker.isPossible { #expect(try SchemaChecker.faults(in: bytes, schema: "validation") == []) }
        let report = try training.workspace.json("validation.json")
        let rounds = try #require(report["rounds"] as? [[String: Any]])
        // Those that something disturbed come once more.
        let rejected = rounds.compactMap { $0["rejection"] as? String }
        #expect(rounds.count == 12 + min(12, rejected.count), "\(rejected)")
        let planned = Dictionary(grouping: rounds.prefix(12)) { $0["cut"] as? Int }
        #expect(planned.mapValues(\.count) == [0: 3, 1: 3, 2: 3, 3: 3])
        // Random order, not one cut after the other.
        #expect(rounds.prefix(4).compactMap { $0["cut"] as? Int }.sorted() == [0, 1, 2, 3])
        for round in rounds {
            let cut = try #require(round["cut"] as? Int)
            let value = { (key: String) in round[key] as? Double ?? -1 }
            #expect(value("delay_seconds") > 0)
            #expect((value("device_seconds") > 0) == (cut > 0) && (value("server_seconds") > 0) == (cut < 3))
            #expect((value("adapter_seconds") > 0) == (cut > 0))
            // Steps of a millisecond may fall between two updates of the board.
            #expect(cut == 0 ? value("device_joules") == 0 : value("device_joules") >= 0)
            #expect(cut == 3 ? value("server_joules") == 0 : value("server_joules") >= 0)
        }
        // A second one needs a new training.
        let again = try validate(training, ["--rounds", "3"])
        #expect(again.status == 65, "\(again.standardError)")
        #expect(again.failureLine?.contains("start the server with a new state") == true, "\(again.standardError)")
    }

    @Test func theServerRunsAtTheFrequencyOfTheRound() throws {
        let training = try training(Self.longSteps)
        let outcome = try validate(
            training, ["--cuts", "auto", "--rounds", "2", "--frequencies", "800mhz,2.6ghz"], Self.longSteps)
        #expect(outcome.status == 0, "\(outcome.standardError)")
        let rounds = try #require(try training.workspace.json("validation.json")["rounds"] as? [[String: Any]])
        func seconds(_ hertz: Double) -> [Double] {
            rounds.filter { $0["cut"] as? Int == 0 && $0["server_hertz"] as? Double == hertz }
                .compactMap { $0["server_seconds"] as? Double }
        }
        // The board stops the server for two thirds of the time; noise of a busy machine is much less.
        #expect(seconds(8e8).count >= 2 && seconds(2.6e9).count >= 2)
        #expect((seconds(8e8).min() ?? 0) > 1.5 * (seconds(2.6e9).min() ?? .infinity))
        // The limits are restored.
        let limit = try String(
            contentsOfFile: training.workspace.path(
                "server-board/sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq"), encoding: .utf8)
        #expect(limit.trimmingCharacters(in: .whitespacesAndNewlines) == "2600000")
    }

    @Test func otherCheckpointingThanProfiledIsAWarning() throws {
        let training = try training()
        let outcome = try validate(training, ["--cuts", "auto", "--rounds", "2", "--activation-checkpointing"])
        #expect(outcome.status == 0, "\(outcome.standardError)")
        let warnings = try training.workspace.json("validation.json")["warnings"] as? [String] ?? []
        #expect(
            warnings.contains("The device runs with activation checkpointing, its calibration without."), "\(warnings)")
    }

    /// A cut that is decided anew before every turn ends in the same bytes, also where activations are recomputed.
    @Test func adaptingKeepsTheBytes() throws {
        let training = try training()
        try training.unsplit()
        let options = [
            "--adapt", "--device", "calibration.json", "--server-calibration", "calibration.json", "--link",
            "up=1kbit,down=1kbit,rtt=0ms", "--weight", "1", "--timeline",
        ]
        // A decision that cannot be made is told before the server is asked.
        let refused = try training.device(options + ["--min-cut", "9", "--server", "127.0.0.1:1"]).finish()
        #expect(refused.status == 64 && refused.failureLine?.contains("privacy floor") == true)
        let outcome = try training.device(options + ["--activation-checkpointing"]).finish()
        #expect(outcome.status == 0, "\(outcome.standardError)")
        #expect(
            outcome.standardError.contains(
                "kerf: warning: The device runs with activation checkpointing, its calibration without.\n"))
        let (split, whole) = (try training.result("split"), try training.result("unsplit"))
        #expect(split.adapters == whole.adapters && split.losses == whole.losses)
        let run = try training.workspace.json("split/run.json")
        let turns = try #require(run["turns"] as? [[String: Any]])
        #expect(turns.count == 3 && turns.allSatisfy { $0["costs"] != nil })
        let lines = try String(contentsOfFile: training.workspace.path("split/timeline.csv"), encoding: .utf8)
        #expect(lines.hasPrefix("side,turn,step,what,") && lines.contains("\nserver,3,"))
    }

    @Test(arguments: [
        (["--frequencies", "fast"], 64, "is not a frequency"), (["--rounds", "0"], 64, "--rounds"),
        (["--min-cut", "9"], 64, "privacy floor"),
        (["--steps", "0"], 64, "--steps"), (["--seq", "32"], 65, "sequence differs"),
        (["--device", "missing.json"], 66, "missing.json"),
        (["--server", "127.0.0.1:1"], 69, "refused"),
    ]) func badInputIsRefusedInOneLine(options: [String], status: Int32, text: String) throws {
        let training = try training()
        let outcome = try validate(training, options)
        #expect(outcome.status == status, "\(outcome.standardError)")
        #expect(outcome.failureLine?.contains(text) == true, "\(outcome.standardError)")
        #expect(!training.workspace.exists("validation.json"))
    }
}
