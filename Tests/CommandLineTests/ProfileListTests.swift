import Foundation
import TestSupport
import Testing

/// `kerf profile` with lists of workloads, and `kerf calibrate` between them, from outside.
@Suite(.serialized) struct ProfileListTests {
    private func arguments(_ workspace: Workspace, budget: String = "0.5", _ more: String...) throws -> [String] {
        [
            "profile", "--model", try workspace.tinyModel(), "--threads", "1", "--quiet", "--budget", budget, "--out",
            workspace.path("sweep"),
        ] + more
    }

    private func profiles(_ workspace: Workspace) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: workspace.path("sweep"))) ?? []).sorted()
    }

    private let four = [
        "seq16-batch1-rank8.json", "seq16-batch2-rank8.json", "seq48-batch1-rank8.json", "seq48-batch2-rank8.json",
    ]

    @Test("every combination has its file, a second run does what is missing, another run's files are refused")
    func resuming() throws {
        let workspace = try Workspace()
        let lists = try arguments(workspace, "--seq", "16,48", "--batch", "1,2")
        let first = try KerfProcess(lists).finish()
        #expect(first.status == 0 && profiles(workspace) == four, "\(first.standardError)")
        #expect(!first.standardOutput.contains("resumed"))
        let kept = try workspace.bytes("sweep/\(four[0])")
        try FileManager.default.removeItem(atPath: workspace.path("sweep/\(four[2])"))
        let second = try KerfProcess(lists + ["--json"]).finish()
        #expect(second.status == 0 && profiles(workspace) == four, "\(second.standardError)")
        #expect(try workspace.bytes("sweep/\(four[0])") == kept)
        let summary = try #require(
            try JSONSerialization.jsonObject(with: Data(second.standardOutput.utf8)) as? [String: Any])
        let workloads = try #require(summary["workloads"] as? [[String: Any]])
        #expect(workloads.map { $0["resumed"] as? Bool } == [true, false, true, true])
        #expect(workloads.map { $0["sequence"] as? Int } == [16, 48, 16, 48])
        if SchemaChecker.isPossible {
            #expect(try SchemaChecker.faults(in: Array(second.standardOutput.utf8), schema: "sweep") == [])
        }
        let third = try KerfProcess(lists).finish()
        #expect(third.standardOutput.contains("resumed: 4 of 4"), "\(third.standardOutput)")

        for (change, field) in [
            (["--seed", "2"], "model.weights_origin"), (["--targets", "q"], "workload.lora_targets"),
            (["--target-ci", "3"], "settings.target_relative_half_width"),
            (["--activation-checkpointing"], "workload.activation_checkpointing"),
        ] {
            let refused = try KerfProcess(lists + change).finish()
            #expect(refused.status == 65 && refused.failureLine?.contains(field) == true, "\(refused.standardError)")
            #expect(refused.failureLine?.contains("-rank8.json: the profile of another run") == true)
        }
        try workspace.write("sweep/\(four[1])", "{}")
        let damaged = try KerfProcess(lists).finish()
        #expect(damaged.status == 65 && damaged.failureLine?.contains(four[1]) == true, "\(damaged.standardError)")
        #expect(try workspace.bytes("sweep/\(four[0])") == kept)
    }

    @Test("an interrupted run keeps what is done, and the same command goes on", arguments: [SIGINT, SIGKILL])
    func interrupted(signal: Int32) throws {
        let workspace = try Workspace()
        let lists = try arguments(workspace, budget: "1.5", "--seq", "16,32,48,64")
        let run = try KerfProcess(lists)
        let deadline = Date().addingTimeInterval(120)
        while profiles(workspace).filter({ $0.hasSuffix(".json") }).isEmpty, Date() < deadline {
            Thread.sleep(forTimeInterval: 0.01)
        }
        run.send(signal: signal)
        let outcome = try run.finish()
        let done = profiles(workspace).filter { !$0.hasPrefix(".") }
        #expect((1...3).contains(done.count), "\(done)")
        if signal == SIGINT {
            #expect(outcome.status == 130)
            let line = try #require(outcome.failureLine, "\(outcome.standardError)")
            #expect(line.contains("interrupted; ") && line.contains("of 4 profiles are in "), "\(line)")
            #expect(line.hasSuffix("run the same command to go on"))
        }
        let second = try KerfProcess(lists).finish()
        #expect(second.status == 0, "\(second.standardError)")
        #expect(second.standardOutput.contains("resumed: \(done.count) of 4 done before"), "\(second.standardOutput)")
        #expect(profiles(workspace).filter { !$0.hasPrefix(".") }.count == 4)
    }

    static let unusable: [(options: [String], says: String)] = [
        (["--seq", ""], "--seq"), (["--seq", "128,"], "\"\" is not a number"), (["--seq", "0,128"], "not 0"),
        (["--batch", "1,2,1"], "1 is given twice"), (["--rank", "8,x"], "\"x\" is not a number"),
        (["--batch", "1000001"], "must be between 1 and 1000000"), (["--rank", "99999999999999999999"], "--rank"),
        (["--seq", (1...33).map { String($0) }.joined(separator: ",")], "33 numbers, at most 32"),
        (["--seq", "1,2,3,4,5,6,7,8,9", "--batch", "1,2,3,4,5,6,7,8"], "make 72 workloads, at most 64"),
    ]

    @Test("bad lists are usage errors", arguments: unusable)
    func badLists(_ lists: [String], says: String) throws {
        let workspace = try Workspace()
        let outcome = try KerfProcess(
            ["profile", "--model", try workspace.tinyModel(), "--out", workspace.path("sweep")] + lists
        ).finish()
        #expect(outcome.status == 64 && outcome.failureLine?.contains(says) == true, "\(outcome.standardError)")
        #expect(workspace.names == ["tiny.json"])
    }

    @Test func aFileIsNoPlaceForSeveralProfiles() throws {
        let workspace = try Workspace()
        let model = try workspace.tinyModel()
        let named = try KerfProcess.run(
            "profile", "--model", model, "--seq", "16,32", "--out", workspace.path("profile.json"))
        #expect(named.status == 64 && named.failureLine?.contains("names a folder") == true, "\(named.standardError)")
        try workspace.write("taken", "mine")
        let taken = try KerfProcess.run(
            "profile", "--model", model, "--seq", "16,32", "--out", workspace.path("taken"))
        #expect(taken.status == 73 && taken.failureLine != nil, "\(taken.standardError)")
        #expect(workspace.names == ["taken", "tiny.json"])
    }

    @Test("a calibration between profiled workloads decides, one outside is refused")
    func calibrating() throws {
        let workspace = try Workspace()
        let profiled = try KerfProcess(
            try arguments(workspace, budget: "2", "--seq", "16,64", "--board", workspace.path("board"))
        ).finish()
        #expect(profiled.status == 0, "\(profiled.standardError)")
        let files = profiles(workspace).map { workspace.path("sweep/\($0)") }
        #expect(files.count == 2)
        func calibrate(_ more: String...) throws -> KerfProcess.Outcome {
            try KerfProcess(["calibrate"] + files + ["--out", workspace.path("calibration.json")] + more).finish()
        }
        for (arguments, says) in [
            ([], "choose it with --batch, --seq and --rank"),
            (["--seq", "128"], "sequence 128 is outside of the measured range, 16 to 64"),
            (["--seq", "32", "--rank", "16"], "rank 16 is outside"), (["--seq", "0"], "--seq must be between"),
        ] as [([String], String)] {
            let refused = try KerfProcess(
                ["calibrate"] + files + ["--out", workspace.path("calibration.json")] + arguments
            ).finish()
            #expect(refused.status == 64 && refused.failureLine?.contains(says) == true, "\(refused.standardError)")
        }
        #expect(!workspace.exists("calibration.json"))
        let between = try calibrate("--seq", "32")
        #expect(between.status == 0, "\(between.standardError)")
        #expect(between.standardOutput.contains("interpolated between sequence 16 and 64 [modelled]"))
        #expect(between.standardOutput.contains("sequence 32"))
        let calibration = workspace.path("calibration.json")
        for level in ["A", "B", "C", "D", "E"] {
            let decided = try KerfProcess.run(
                "decide", "--device", calibration, "--server", calibration, "--link", "up=20mbit,down=80mbit,rtt=20ms",
                "--level", level, "--server-power", "60", "--out", workspace.path("decision.json"))
            #expect(decided.status == 0, "\(level): \(decided.standardError)")
        }
        let measured = try calibrate("--seq", "64")
        #expect(measured.status == 0 && measured.standardOutput.contains("this workload was measured"))
    }
}
