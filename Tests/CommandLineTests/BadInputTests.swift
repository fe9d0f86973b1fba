import Foundation
import SystemIO
import SystemPackage
import Testing
import VirtualBoard

/// Bad input from outside: one clear line, the right exit code, nothing written.
struct BadInputTests {
    /// Runs a command that must fail and checks the shape of its failure.
    private func expectFailure(
        _ status: Int32, saying words: String..., arguments: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let outcome = try KerfProcess(arguments).finish()
        #expect(outcome.status == status, "\(outcome.standardError)", sourceLocation: sourceLocation)
        #expect(outcome.failureLine != nil, "\(outcome.standardError)", sourceLocation: sourceLocation)
        for word in words {
            #expect(
                outcome.standardError.contains(word), "no '\(word)' in: \(outcome.standardError)",
                sourceLocation: sourceLocation)
        }
        #expect(!outcome.standardError.contains("Fatal error"), sourceLocation: sourceLocation)
    }

    private func profile(_ workspace: Workspace, _ arguments: String...) -> [String] {
        ["profile", "--quiet", "--budget", "0.2", "--out", workspace.path("profile.json")] + arguments
    }

    @Test func anUnknownModelListsTheKnownOnes() throws {
        let workspace = try Workspace()
        try expectFailure(
            66, saying: "no-such-model", "smollm2-135m", arguments: profile(workspace, "--model", "no-such-model"))
        #expect(workspace.names.isEmpty)
    }

    @Test(arguments: [
        ("idle=30,busy=3", "busy must be above 0 and at least idle"), ("idle=3", "idle and busy are both needed"),
        ("idle=3,busy=x", "is not between 0 and 2000.0 W"), ("watts=3", "is neither idle=W nor busy=W"),
    ])
    func aBadPowerModelIsExplained(model: String, says: String) throws {
        let workspace = try Workspace()
        let outcome = try KerfProcess(profile(workspace, "--model", "smollm2-135m", "--power-model", model)).finish()
        #expect(outcome.status == 64 && outcome.standardError.contains(says), "\(outcome.standardError)")
        #expect(outcome.standardError.contains("write it like idle=2.7,busy=19"))
    }

    @Test func impossibleShapesNameTheField() throws {
        let workspace = try Workspace()
        let config = try workspace.write(
            "bad.json",
            """
            {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2,
             "num_attention_heads": 5, "num_key_value_heads": 2, "intermediate_size": 128, "vocab_size": 256,
             "rms_norm_eps": 1e-5, "hidden_act": "silu"}
            """)
        try expectFailure(65, saying: "bad.json", arguments: profile(workspace, "--model", config))
    }

    @Test func brokenModelFilesAreRefused() throws {
        let workspace = try Workspace()
        let config = try workspace.tinyModel()
        let notGGUF = try workspace.write("weights.gguf", "GGUF and then nothing")
        try expectFailure(
            65, saying: "weights.gguf", arguments: profile(workspace, "--model", config, "--weights", notGGUF))
        try expectFailure(
            66, saying: "missing.gguf",
            arguments: profile(workspace, "--model", config, "--weights", workspace.path("missing.gguf")))
        let truncated = try workspace.write("truncated.json", "{\"hidden_size\": 6")
        try expectFailure(65, saying: "truncated.json", arguments: profile(workspace, "--model", truncated))
        #expect(!workspace.exists("profile.json"))
    }

    @Test(arguments: [
        ["--batch", "0"], ["--seq", "-1"], ["--rank", "0"], ["--targets", "q,w"], ["--threads", "100000"],
        ["--budget", "-3"], ["--budget", "nan"], ["--target-ci", "0"], ["--engine", "abacus"],
    ]) func optionsOutOfRangeAreUsageErrors(_ option: [String]) throws {
        let workspace = try Workspace()
        let arguments = ["profile", "--model", try workspace.tinyModel(), "--out", workspace.path("p.json")] + option
        try expectFailure(64, saying: option[0], arguments: arguments)
        #expect(!workspace.exists("p.json"))
    }

    @Test func anImpossibleOutputIsReportedBeforeTheRun() throws {
        let workspace = try Workspace()
        let outcome = try KerfProcess.run(
            "profile", "--model", try workspace.tinyModel(), "--budget", "600", "--quiet", "--out",
            workspace.path("no-such-folder/profile.json"))
        #expect(outcome.status == 73)
        #expect(outcome.failureLine != nil, "\(outcome.standardError)")
    }

    @Test func filesOfTheWrongKindAreRefused() throws {
        let workspace = try Workspace()
        let out = workspace.path("out.json")
        let missing = workspace.path("missing.json")
        try expectFailure(66, saying: "missing.json", arguments: ["calibrate", missing, "--out", out])
        let empty = try workspace.write("empty.json", "")
        try expectFailure(65, saying: "empty.json", arguments: ["calibrate", empty, "--out", out])
        let other = try workspace.write("other.json", #"{"schema": "kerf.calibration", "schema_version": 1}"#)
        try expectFailure(65, saying: "other.json", "kerf.calibration", arguments: ["calibrate", other, "--out", out])
        let future = try workspace.write("future.json", #"{"schema": "kerf.profile", "schema_version": 99}"#)
        try expectFailure(65, saying: "future.json", "99", arguments: ["calibrate", future, "--out", out])
        #expect(!workspace.exists("out.json"))
    }

    @Test(arguments: [
        "up=20mbit", "up=20mbit,down=80mbit,rtt=", "up=-1mbit,down=80mbit,rtt=20ms", "up=nan,down=1mbit,rtt=1ms",
        "up=1mbit,down=1mbit,rtt=1ms,sideways=3",
    ]) func badLinksAreUsageErrors(_ link: String) throws {
        let workspace = try Workspace()
        let file = try workspace.write("c.json", "{}")
        try expectFailure(
            64, saying: "link", arguments: ["decide", "--device", file, "--server", file, "--link", link])
    }

    @Test func aBoardNeverOverwritesOtherFiles() throws {
        let workspace = try Workspace()
        try workspace.write("precious.txt", "mine")
        try expectFailure(
            73, saying: "not a virtual board's", arguments: ["board", "--root", workspace.url.path])
        #expect(workspace.names == ["precious.txt"])
    }

    @Test func profilingOnAFolderOfOtherFilesIsRefused() throws {
        let workspace = try Workspace()
        let (other, model) = (try Workspace(), try workspace.tinyModel())
        try other.write("precious.txt", "mine")
        try expectFailure(
            73, saying: "not a virtual board's", "name a new or empty directory",
            arguments: profile(workspace, "--model", model, "--board", other.url.path))
        #expect(other.names == ["precious.txt"] && !workspace.exists("profile.json"))
    }

    @Test func aBoardOfAProcessThatDoesNotRunIsRefused() throws {
        let workspace = try Workspace()
        // Within the kernel's limit and never given out by a system that has not run for years.
        let arguments = ["board", "--root", workspace.path("board"), "--pid", "4000000"]
        try expectFailure(69, saying: "4000000", arguments: arguments)
        #expect(workspace.names.isEmpty)
    }

    @Test func twoProfilesDoNotShareABoard() throws {
        let workspace = try Workspace()
        let model = try workspace.tinyModel()
        let board = try KerfProcess(
            ["board", "--root", workspace.path("board"), "--quiet", "--pid", "\(getpid())"])
        defer {
            // Not SIGTERM: a child of a test's thread may have inherited it blocked.
            board.send(signal: SIGKILL)
            _ = try? board.finish()
        }
        let root = SystemRoot(FilePath(workspace.path("board")))
        let deadline = Date().addingTimeInterval(60)
        while VirtualBoard.marker(in: root)?.isServed != true, Date() < deadline { Thread.sleep(forTimeInterval: 0.05) }
        try expectFailure(
            73, saying: "process \(getpid())",
            arguments: profile(workspace, "--model", model, "--board", workspace.path("board")))
    }

    /// `/dev/stdout` of a process whose output is a file, and a device in a folder where nothing can be made.
    @Test(arguments: ["/dev/stdout", "/dev/null"]) func anOutputMayBeADevice(_ place: String) throws {
        let workspace = try Workspace()
        let outcome = try KerfProcess.run(
            "profile", "--model", try workspace.tinyModel(), "--budget", "0.5", "--quiet", "--out", place)
        #expect(outcome.status == 0, "\(outcome.standardError)")
    }

    @Test func resultsThatCannotBePrintedAreAFailure() throws {
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-c", "\"$0\" doctor >/dev/full 2>/dev/null", KerfProcess.executable.path]
        try shell.run()
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 74)
    }

    @Test func doctorRefusesAMissingRoot() throws {
        try expectFailure(66, saying: "/no/such/root", arguments: ["doctor", "--root", "/no/such/root"])
    }
}
