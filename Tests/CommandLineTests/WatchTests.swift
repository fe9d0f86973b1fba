import Calibration
import Foundation
import ProfileFormat
import Profiling
import Quantities
import SplitTraining
import Synchronization
import SystemIO
import TestSupport
import Testing
import Workload

@testable import CommandSupport

/// `--watch`: progress as lines of JSON.
@Suite("Watching a run")
struct WatchTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private func reports(_ output: String) throws -> [ProgressReport] {
        #expect(output.hasSuffix("\n"))
        return try output.split(separator: "\n").map {
            try KerfJSON.decode(ProgressReport.self, from: Array($0.utf8), named: "line")
        }
    }

    private func profile(_ options: String...) throws -> [String] {
        [
            "profile", "--model", try workspace.tinyModel(), "--seq", "16", "--threads", "1", "--watch", "--quiet",
            "--out", workspace.path("profile.json"),
        ] + options
    }

    /// What holds for every run.
    private func check(_ reports: [ProgressReport], command: String = "profile") {
        #expect(!reports.isEmpty && reports.allSatisfy { $0.command == command })
        #expect(zip(reports, reports.dropFirst()).allSatisfy { $0.elapsedSeconds <= $1.elapsedSeconds })
        #expect(reports.dropLast().allSatisfy { $0.end == nil } && reports.last?.end != nil)
    }

    @Test("lines while a profile is taken, the file in the last one, and nothing else on standard output")
    func profile() throws {
        let outcome = try KerfProcess(profile("--budget", "2", "--board", workspace.path("board"))).finish()
        #expect(outcome.status == 0 && outcome.standardError.isEmpty, "\(outcome.standardError)")
        let reports = try reports(outcome.standardOutput)
        check(reports)
        #expect(reports.count > 3 && reports[0].phase == "roofline" && reports.contains { $0.phase == "measuring" })
        let measured = reports.compactMap(\.measurement)
        #expect(measured.count == reports.count)
        #expect(zip(measured, measured.dropFirst()).allSatisfy { $0.elapsedSeconds <= $1.elapsedSeconds })
        #expect(measured.allSatisfy { $0.targetRelativeHalfWidth == 0.02 })
        #expect(measured.contains { !$0.intervals.isEmpty && $0.disturbances != nil })
        #expect(measured.last?.meter?.state == .reading && measured.last?.meter?.origin == .simulated)
        let end = try #require(reports.last?.end)
        #expect(end.outcome == .done && end.stoppedBy != nil && end.message == nil)
        #expect(end.file == workspace.path("profile.json") && workspace.exists("profile.json"))
        if SchemaChecker.isPossible {
            for line in outcome.standardOutput.split(separator: "\n").suffix(3) {
                #expect(try SchemaChecker.faults(in: Array(line.utf8), schema: "progress") == [])
            }
        }
    }

    @Test("Ctrl-C is in the last line", arguments: [SIGINT, SIGTERM])
    func interrupted(signal: Int32) throws {
        let process = try KerfProcess(profile("--budget", "600", "--target-ci", "0.0001"))
        let deadline = Date().addingTimeInterval(60)
        while !process.outputSoFar.contains("\"measuring\""), Date() < deadline { Thread.sleep(forTimeInterval: 0.05) }
        process.send(signal: signal)
        let outcome = try process.finish()
        #expect(outcome.status == 130, "\(outcome.standardError)")
        let reports = try reports(outcome.standardOutput)
        check(reports)
        let end = try #require(reports.last?.end)
        #expect(end.outcome == .interrupted && end.file == nil && end.message?.contains("interrupted") == true)
        #expect(!workspace.exists("profile.json"))
    }

    @Test("an error is in the last line, as on standard error")
    func error() throws {
        let outcome = try KerfProcess(profile("--budget", "1", "--weights", workspace.path("missing.gguf"))).finish()
        #expect(outcome.status == 66, "\(outcome.standardError)")
        let reports = try reports(outcome.standardOutput)
        check(reports)
        let message = try #require(reports.last?.end?.message)
        #expect(reports.last?.end?.outcome == .error && outcome.standardError == "kerf: error: \(message)\n")
    }

    @Test("a reader that is gone costs no profile, and the exit status says that lines were lost")
    func closedPipe() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        let quoted = try ([KerfProcess.executable.path] + profile("--budget", "1")).map { "'\($0)'" }
        process.arguments = ["-c", quoted.joined(separator: " ") + " | head -n 1; exit ${PIPESTATUS[0]}"]
        process.environment = ProcessInfo.processInfo.environment.merging(["KERF_IGNORE_LOAD": "1"]) { $1 }
        let (output, errors) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (output, errors)
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let message = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(try reports(text).count == 1)
        #expect(process.terminationStatus == 74 && message.contains("standard output: cannot be written"), "\(message)")
        #expect(try KerfJSON.read(Profile.self, at: workspace.path("profile.json")).file.steps.count > 1)
    }

    @Test("two kinds of output on one stream are refused", arguments: ["profile", "train", "validate"])
    func both(command: String) throws {
        let rest = [
            "profile": ["--model", "x"], "train": ["--unsplit", "--model", "x", "--data", "d"],
            "validate": [
                "--server", "h:1", "--insecure", "--model", "x", "--device", "d.json", "--server-calibration", "s.json",
                "--link", "up=1mbit,down=1mbit,rtt=1ms",
            ],
        ]
        let outcome = try KerfProcess(
            [command] + (rest[command] ?? []) + ["--out", workspace.path("out"), "--watch", "--json"]
        ).finish()
        #expect(outcome.status == 64, "\(outcome.standardError)")
        #expect(outcome.standardError.contains("--watch and --json"), "\(outcome.standardError)")
        #expect(workspace.names.isEmpty)
    }

    @Test("a training has its steps and losses in its lines")
    func training() throws {
        try workspace.write("data.ids", (0..<4000).map { "\(($0 * $0 + 7 * $0) % 251)" }.joined(separator: " "))
        let outcome = try KerfProcess(
            [
                "train", "--unsplit", "--model", try workspace.tinyModel(), "--data", workspace.path("data.ids"),
                "--batch", "2", "--seq", "16", "--steps", "6", "--threads", "1", "--quiet", "--watch", "--out",
                workspace.path("out"),
            ]
        ).finish()
        #expect(outcome.status == 0, "\(outcome.standardError)")
        let reports = try reports(outcome.standardOutput)
        check(reports, command: "train")
        let steps = reports.dropLast().compactMap { $0.training?.steps }
        #expect(Set(steps) == Set(1...6) && steps == steps.sorted())
        let losses = try #require(try workspace.json("out/run.json")["losses"] as? [Double])
        #expect(reports.last { $0.training?.steps == 6 }?.training?.loss == losses.last)
        #expect(reports.allSatisfy { $0.measurement == nil && ($0.training?.plannedSteps ?? 6) == 6 })
        #expect(reports.last?.end?.outcome == .done && reports.last?.end?.file == workspace.path("out"))
    }

    // MARK: - The lines themselves

    /// What a stream wrote.
    private final class Lines: Sendable {
        let text = Mutex<[String]>([])
        let failsFrom: Int

        init(failsFrom: Int = .max) { self.failsFrom = failsFrom }

        func write(_ line: String) throws {
            try text.withLock {
                guard $0.count < failsFrom else { throw KerfError(.ioError, "planted") }
                $0.append(line)
            }
        }
    }

    private static var full: Profiling.Progress {
        Profiling.Progress(
            elapsedSeconds: 3, remainingSeconds: 7, activity: "measuring", steps: 9, energyWindows: 4,
            intervals: [
                PassPrecision(.power, of: LayerPass(layer: 2, direction: .backward), relativeHalfWidth: 0.08),
                PassPrecision(.time, of: LayerPass(layer: 0, direction: .forward), relativeHalfWidth: 0.031),
            ],
            disturbances: Disturbances(
                measurementCount: 9, measuredSeconds: 4,
                causes: [DisturbanceCause(cause: .otherLoad, count: 3, seconds: 1, otherProcessors: 1)],
                processes: [OtherProcess(command: "python3 train.py", processors: 1, cpuSeconds: 2)]),
            meter: MeterState(
                MeterDescription(
                    name: "powercap", origin: .measured, domains: [], totalOf: [],
                    updateIntervalSeconds: .unavailable("planted"), reason: "planted")))
    }

    @Test(
        "the type and the schema require the same fields", .enabled(if: SchemaChecker.isPossible, SchemaChecker.needs))
    func agreement() throws {
        let time = "2026-01-01T00:00:00Z"
        var full = ProgressReport(command: "profile", time: time, elapsedSeconds: 3, phase: "measuring")
        full.measurement = MeasurementProgress(Self.full, targetRelativeHalfWidth: 0.02)
        full.training = ProgressReport.TrainingState(
            steps: 3, committedSteps: 2, plannedSteps: 9, turn: 1, cut: 4, loss: 2.5, stepSeconds: 0.1,
            reconnections: 1)
        full.end = RunEnd(done: "profile.json", stoppedBy: .budget)
        full.end?.message = "planted"
        var bare = ProgressReport(command: "train", time: time, elapsedSeconds: 0, phase: "starting")
        bare.training = ProgressReport.TrainingState()
        #expect(try SchemaAgreement.faults(of: [full, bare], schema: "progress") == [])
    }

    @Test("a line holds the state as it is; shares are of the measured time")
    func line() throws {
        let lines = Lines()
        let stream = ProgressStream(command: "profile", isOn: true) { try lines.write($0) }
        stream.show(Self.full, targetRelativeHalfWidth: 0.02)
        try stream.end(RunEnd(KerfError(.interrupted, "interrupted; nothing was written")))
        stream.show(Self.full, targetRelativeHalfWidth: 0.02)
        let text = lines.text.withLock { $0 }
        #expect(text.count == 2, "nothing after the end")
        #expect(text.allSatisfy { !$0.contains("\n") })
        let first = try KerfJSON.decode(ProgressReport.self, from: Array(text[0].utf8), named: "line")
        let measurement = try #require(first.measurement)
        #expect(measurement.disturbances?.rejectedShare == 0.25 && measurement.disturbances?.causes[0].share == 0.25)
        #expect(measurement.disturbances?.processes.map(\.command) == ["python3 train.py"])
        #expect(measurement.intervals == Self.full.intervals && measurement.steps == 9)
        let last = try KerfJSON.decode(ProgressReport.self, from: Array(text[1].utf8), named: "line")
        #expect(last.end?.outcome == .interrupted && last.measurement == measurement)
    }

    @Test("events of a training add up to its state")
    func events() throws {
        let lines = Lines()
        let stream = ProgressStream(command: "validate", isOn: true) { try lines.write($0) }
        for event in [
            .queued(position: 2), .turnBegan(turn: 1, cut: 3), .step(1, loss: 5.5, seconds: 0.25),
            .reconnecting("gone"), .committed(steps: 1), .step(2, loss: 5.25, seconds: 0.5),
            .step(3, loss: 5, seconds: 0.5),
        ] as [DeviceSession.Event] {
            stream.show(event, plannedSteps: 2)
        }
        try stream.end(RunEnd(done: "v.json"))
        let reports = try lines.text.withLock { $0 }.map {
            try KerfJSON.decode(ProgressReport.self, from: Array($0.utf8), named: "line")
        }
        #expect(reports[0].phase == "waiting for 2 other devices" && reports[1].training?.cut == 3)
        #expect(reports[3].phase == "connecting again: gone" && reports[3].training?.reconnections == 1)
        #expect(reports[4].training?.committedSteps == 1 && reports[5].training?.plannedSteps == 2)
        let last = try #require(reports.last?.training)
        #expect(last.steps == 3 && last.committedSteps == 1 && last.loss == 5 && last.plannedSteps == nil)
    }

    @Test("nothing is written where nobody watches; a stream that breaks fails at the end, not before")
    func streams() throws {
        let (off, broken) = (Lines(), Lines(failsFrom: 1))
        let silent = ProgressStream(command: "profile", isOn: false) { try off.write($0) }
        silent.show(Self.full, targetRelativeHalfWidth: 0.02)
        try silent.end(RunEnd(done: "p.json"))
        #expect(off.text.withLock { $0.isEmpty })
        let stream = ProgressStream(command: "profile", isOn: true) { try broken.write($0) }
        for _ in 0..<3 { stream.show(Self.full, targetRelativeHalfWidth: 0.02) }
        #expect(broken.text.withLock { $0.count } == 1)
        let error = #expect(throws: KerfError.self) { try stream.end(RunEnd(done: "p.json")) }
        #expect(error?.code == .ioError)
        let failing = ProgressStream(command: "profile", isOn: true) { try off.write($0) }
        #expect(throws: KerfError.self) { try failing.watching { throw KerfError(.noSuchFile, "no model") } }
        #expect(off.text.withLock { $0.last?.contains("\"outcome\":\"error\"") == true })
    }
}
