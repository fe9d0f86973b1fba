import Foundation
import ProfileFormat
import SystemIO
import TestSupport
import Testing

/// `kerf compare` from outside.
struct CompareTests {
    private static let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Corpus")

    private static func corpus(_ path: String) -> String { corpus.appendingPathComponent(path).path }

    /// Writes the profile of a planted box that takes `share` more time.
    @discardableResult
    private func write(
        _ name: String, in workspace: Workspace, slower share: Double = 0, seed: UInt64 = 1,
        _ change: (inout Profile) -> Void = { _ in }
    ) throws -> String {
        var planted = SyntheticProfile()
        planted.embeddingSeconds *= 1 + share
        planted.blockSeconds *= 1 + share
        planted.headSeconds *= 1 + share
        planted.seed = seed
        var profile = planted.make()
        change(&profile)
        try Data(KerfJSON.encode(profile)).write(to: workspace.url.appendingPathComponent(name))
        return workspace.path(name)
    }

    private func run(_ arguments: [String], in workspace: Workspace) throws -> KerfProcess.Outcome {
        try KerfProcess(["compare"] + arguments, in: workspace.url.path).finish()
    }

    // MARK: - Results

    @Test func theVerdictComesFirstAndTheFileHoldsTheSame() throws {
        let workspace = try Workspace()
        try write("before.json", in: workspace)
        try write("after.json", in: workspace, slower: 0.1, seed: 2)
        let found = try run(["before.json", "after.json", "--out", "comparison.json"], in: workspace)
        #expect(found.status == 0 && found.standardError.isEmpty, "\(found.standardError)")
        let lines = found.standardOutput.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.first?.hasPrefix("SIMULATED: ") == true)
        #expect(lines[1].hasPrefix("after.json is slower than before.json: a step takes 10."), "\(lines[1])")
        #expect(found.standardOutput.contains("One profile a side: how runs of one box differ is not in the intervals"))
        #expect(found.standardOutput.hasSuffix("written: comparison.json\n"))
        let printed = try run(["before.json", "after.json", "--json"], in: workspace)
        #expect(Data(printed.standardOutput.utf8) == (try workspace.bytes("comparison.json")))
    }

    @Test func aFileAndItselfIsEqual() throws {
        let workspace = try Workspace()
        try write("a.json", in: workspace)
        let found = try run(["a.json", "a.json", "--fail-above", "0%", "--layers", "--kernels"], in: workspace)
        #expect(found.status == 0, "\(found.standardError)")
        #expect(found.standardOutput.contains("no difference found between a.json and a.json"))
        let ratios = found.standardOutput.split(separator: "\n").filter {
            $0.contains(" to ") && $0.contains("  1.000")
        }
        #expect(ratios.count > 30 && ratios.allSatisfy { $0.contains("1.000 (1.000 to 1.000)") })
    }

    @Test func fiveFilesAndABaseline() throws {
        let workspace = try Workspace()
        let names = (0..<5).map { "\($0).json" }
        for (place, name) in names.enumerated() {
            try write(name, in: workspace, slower: 0.1 * Double(place), seed: UInt64(place + 1))
        }
        let found = try run(names + ["--baseline", "2.json"], in: workspace)
        #expect(found.status == 0, "\(found.standardError)")
        let verdicts = found.standardOutput.split(separator: "\n").dropFirst().prefix(4).map { line in
            String(line.prefix { $0 != ":" })
        }
        #expect(
            verdicts == [
                "0.json is faster than 2.json", "1.json is faster than 2.json", "3.json is slower than 2.json",
                "4.json is slower than 2.json",
            ])
        #expect(found.standardOutput.split(separator: "\n").contains { $0.hasPrefix("baseline  2.json") })
    }

    // MARK: - A limit

    @Test func aLimitFailsOnlyWhereTheWholeIntervalLiesAbove() throws {
        let workspace = try Workspace()
        try write("before.json", in: workspace)
        try write("after.json", in: workspace, slower: 0.1, seed: 2)
        let files = ["before.json", "after.json", "--out", "comparison.json"]
        let fails = try run(files + ["--fail-above", "5%"], in: workspace)
        #expect(fails.status == 3)
        #expect(fails.failureLine == nil && fails.standardError.split(separator: "\n").count == 1)
        #expect(fails.standardError.hasPrefix("kerf: after.json: "), "\(fails.standardError)")
        #expect(fails.standardError.contains("of the baseline's, above 1.050"), "\(fails.standardError)")
        // What was found is there all the same.
        #expect(fails.standardOutput.contains("after.json is slower than before.json"))
        #expect(workspace.exists("comparison.json"))
        for limit in ["20%", "0.2", "0.99"] {
            #expect(try run(files + ["--fail-above", limit], in: workspace).status == 0)
        }
        // Faster is no failure.
        let faster = try run(["after.json", "before.json", "--fail-above", "5%"], in: workspace)
        #expect(faster.status == 0 && faster.standardError.isEmpty)
        let asJSON = try run(files + ["--fail-above", "5%", "--json"], in: workspace)
        #expect(asJSON.status == 3 && asJSON.standardOutput.hasPrefix("{"))
    }

    @Test(arguments: ["five", "-5%", "5%%", "nan", "inf", "", "5", "100%"]) func anUnusableLimitIsAUsageError(
        _ limit: String
    ) throws {
        let workspace = try Workspace()
        try write("a.json", in: workspace)
        let found = try run(["a.json", "a.json", "--fail-above", limit], in: workspace)
        #expect(found.status == 64 && found.failureLine != nil, "\(found.standardError)")
        #expect(found.standardError.contains("--fail-above"))
    }

    // MARK: - Bad input

    @Test func filesThatCannotBeCompared() throws {
        let workspace = try Workspace()
        try write("a.json", in: workspace)
        try write("batch.json", in: workspace) { $0.workload.batch = 4 }
        try write("again.json", in: workspace) { $0.workload.activationCheckpointing = true }
        try workspace.write("empty.json", "")
        try FileManager.default.createDirectory(atPath: workspace.path("none"), withIntermediateDirectories: false)
        try workspace.write("text.json", "not JSON")
        try workspace.write("future.json", #"{"schema": "kerf.profile", "schema_version": 99}"#)
        try workspace.write("other.json", #"{"schema": "kerf\u001b[2J", "schema_version": 1}"#)
        let cases: [(file: String, status: Int32, words: [String])] = [
            ("missing.json", 66, ["missing.json", "no such file"]),
            ("none", 66, ["none: no file in it that could be used", "kerf.calibration, kerf.profile"]),
            ("empty.json", 65, ["empty.json", "the file is empty"]),
            ("text.json", 65, ["text.json"]),
            ("future.json", 65, ["future.json", "version 99 of kerf.profile"]),
            ("other.json", 65, ["a kerf?[2J file", "kerf.profile or kerf.calibration"]),
            (
                Self.corpus("decisions/7aaa799-no-energy.json"), 65,
                ["this is a kerf.decision file where a kerf.profile or kerf.calibration file is needed"]
            ),
            (Self.corpus("calibrations/33f0510-board.json"), 65, ["no field weight_residency"]),
            (
                "batch.json", 65,
                [
                    "batch.json: cannot be compared with a.json: workload.batch is 4 here and 2 there",
                    "the same --model, --batch, --seq, --rank and --targets",
                ]
            ),
            (
                "again.json", 65,
                [
                    "again.json: cannot be compared with a.json: workload.activation_checkpointing is true here and "
                        + "absent there"
                ]
            ),
        ]
        for (file, status, words) in cases {
            let found = try run(["a.json", file, "--out", "out.json"], in: workspace)
            #expect(found.status == status, "\(file): \(found.standardError)")
            #expect(found.failureLine != nil && found.standardOutput.isEmpty, "\(file): \(found.standardError)")
            for word in words { #expect(found.standardError.contains(word), "\(file): \(found.standardError)") }
            #expect(!workspace.exists("out.json"))
        }
    }

    @Test func aCommandLineThatMakesNoSense() throws {
        let workspace = try Workspace()
        try write("a.json", in: workspace)
        try write("b.json", in: workspace, seed: 2)
        let cases: [(arguments: [String], status: Int32, words: String)] = [
            ([], 64, "Missing expected argument"), (["a.json"], 64, "one file is nothing to compare"),
            (["a.json", "b.json", "--baseline", "c.json"], 64, "--baseline c.json is not among the files"),
            (["a.json", "b.json", "--between-runs", "100%"], 64, "--between-runs must be below 100 %"),
            (["a.json", "b.json", "--between-runs", "much"], 64, "--between-runs"),
            ([String](repeating: "a.json", count: 101), 64, "101 files; the most is 100"),
            (["a.json", "b.json", "--out", "./b.json"], 73, "would replace the input b.json"),
            (["a.json", "b.json", "--out", "no/such/folder.json"], 73, "its folder does not exist"),
        ]
        for (arguments, status, words) in cases {
            let found = try run(arguments, in: workspace)
            #expect(found.status == status && found.failureLine != nil, "\(arguments): \(found.standardError)")
            #expect(found.standardError.contains(words), "\(arguments): \(found.standardError)")
        }
        #expect(workspace.names == ["a.json", "b.json"])
    }

    @Test func namesFromFilesStayText() throws {
        let workspace = try Workspace()
        for (name, seed) in [("a.json", 1), ("b.json", 2)] as [(String, UInt64)] {
            try write(name, in: workspace, seed: seed) { profile in
                profile.box.cpuModel = "CPU \u{1b}[31m\u{202e} \(seed)"
                profile.model.name = "model\u{7}\n<b>"
                for place in profile.layerTimes.indices {
                    profile.layerTimes[place].kernels["k\u{1b}]0;x"] = profile.layerTimes[place].seconds
                }
            }
        }
        let found = try run(["a.json", "b.json", "--kernels"], in: workspace)
        #expect(found.status == 0, "\(found.standardError)")
        let text = found.standardOutput
        #expect(text.contains("k?]0;x") && text.contains("model??<b>"))
        #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || PlainText.isPlain(String($0)) })
    }

    /// A result that nobody can read is the worse failure, so that the limit's status does not hide it.
    @Test func aFullDiskBehindTheOutput() throws {
        let workspace = try Workspace()
        try write("a.json", in: workspace)
        try write("b.json", in: workspace, slower: 0.2, seed: 2)
        let process = Process()
        process.executableURL = KerfProcess.executable
        process.arguments = ["compare", "a.json", "b.json", "--fail-above", "5%"]
        process.currentDirectoryURL = workspace.url
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: "/dev/full"))
        let error = Pipe()
        process.standardError = error
        try process.run()
        let text = String(decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 74 && text.contains("standard output: cannot be written"), "\(text)")
    }

    // MARK: - Earlier versions

    @Test(arguments: ["profiles/33f0510-board.json", "profiles/7aaa799-board.json", "calibrations/7aaa799-board.json"])
    func filesOfEarlierVersions(_ file: String) throws {
        let workspace = try Workspace()
        let found = try run([Self.corpus("profiles/7aaa799-board.json"), Self.corpus(file)], in: workspace)
        #expect(found.status == 0, "\(found.standardError)")
        #expect(found.standardOutput.contains("whole step"))
    }
}
