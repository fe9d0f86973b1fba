import Calibration
import Estimation
import Foundation
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import TestSupport
import Testing
import VirtualBoard

/// A meter that another program reads, from outside. The program is the manual's: a wall plug of a virtual board.
@Suite("A meter's program", .serialized)
struct MeterCommandTests {
    private static let examples = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("docs/examples")

    static func example(_ name: String) -> String { examples.appendingPathComponent(name).path }

    private func start(
        _ workspace: Workspace, _ command: String, budget: String = "1", _ options: [String] = []
    ) throws -> KerfProcess {
        try KerfProcess(
            [
                "profile", "--model", try workspace.tinyModel(blocks: 1), "--seq", "16", "--budget", budget, "--quiet",
                "--board", workspace.path("board"), "--meter-command", command, "--out", workspace.path("p.json"),
            ] + options)
    }

    private func written(_ workspace: Workspace) throws -> Profile {
        let bytes = [UInt8](try workspace.bytes("p.json"))
        #expect(try SchemaChecker.faults(in: bytes, schema: "profile").isEmpty)
        return try KerfJSON.decode(Profile.self, from: bytes, named: "p.json")
    }

    /// The plug's power for the work of these windows, as the board draws it.
    private func planted(_ windows: [EnergyWindow], _ profile: Profile) throws -> Double {
        let seconds = windows.reduce(0) { $0 + $1.seconds }
        let board = BoardPower().totalJoules(
            seconds: seconds, cpuSeconds: windows.reduce(0) { $0 + $1.cpuSeconds },
            frequencyHertz: try #require(profile.frequency.runningHertz.value))
        return board / seconds / 0.85 + 4
    }

    /// Samples that are 300 ms late, and some missing.
    @Test(arguments: [["--gap-every", "13"], ["--joules", "--no-time"]])
    func stepsMatchTheGroundTruthAndLayersAreNotResolved(_ flaws: [String]) throws {
        let workspace = try Workspace()
        let plug = "python3 \(Self.example("board_meter.py")) \(workspace.path("board")) --interval 0.25 "
        // On a machine that others keep busy a step takes many times as long.
        var enough: Profile?
        for budget in ["24", "80"] where enough == nil {
            let outcome = try start(workspace, plug + flaws.joined(separator: " "), budget: budget).finish()
            try #require(outcome.status == 0, "\(outcome.standardError)")
            #expect(outcome.standardOutput.contains("wall"), "\(outcome.standardOutput)")
            let profile = try written(workspace)
            if profile.energyWindows.count(where: { $0.subject == .step }) >= 3 { enough = profile }
        }
        let profile = try #require(enough)
        #expect(
            profile.meter.name == "program" && profile.meter.totalOf == ["wall"] && profile.meter.origin == .simulated)
        #expect(profile.meter.reason?.contains("power supply's losses") == true)
        let program = try #require(profile.meter.program)
        #expect(program.meter == "board plug" && program.samples > 20 && program.refusedLines == 0)
        #expect(program.ended == nil && program.explainedShare > 0.6)
        // The delay that was planted; what a busy machine adds to it is transport, which the samples' own time leaves out.
        let (lower, upper) = (try #require(program.delaySeconds.lower), try #require(program.delaySeconds.upper))
        #expect(lower <= 0.35 && upper >= 0.29, "\(program.delaySeconds)")
        if program.clock == .program { #expect(program.missing > 0 && upper < 1, "\(program)") }

        let steps = profile.energyWindows.filter { $0.subject == .step }
        try #require(steps.count >= 3, "\(profile.rejections)")
        let power = WindowPower(idleWindows: profile.idleWindows, totalOf: ["wall"], confidence: 0.95)
        let step = try #require(power.gross(steps))
        let truth = try planted(steps, profile)
        #expect(step.lower <= truth && truth <= step.upper || abs(step.value / truth - 1) < 0.02, "\(step), \(truth)")

        let calibration = try Calibrator.calibrate([.init(name: "p.json", bytes: [UInt8](workspace.bytes("p.json")))])
        // On a busy machine the step's time may not be known.
        let energy = calibration.step.grossEnergyJoules
        #expect(energy.value != nil || energy.reason?.contains("not resolved") == true, "\(energy)")
        for layer in calibration.layers {
            for energy in [layer.forward.grossEnergyJoules, layer.backward.grossEnergyJoules] where energy.value != 0 {
                #expect(energy.value == nil && energy.reason?.contains("samples need windows of") == true, "\(energy)")
            }
        }
        #expect(calibration.warnings.contains { $0.contains("wall is what board plug measures") })
    }

    private static let echoes = #"i=0; while :; do i=$((i+1)); echo "{\"watts\": $((20 + i % 7))}"; sleep 0.05; done"#

    /// One line that says what is wrong, and status 69, 65, 74 or 77 by its kind.
    @Test(arguments: [
        ("no-such-program", "there is no such program"), ("/etc/passwd", "not executable"),
        ("true", "has ended (exit code 0)"), (#"sh -c "echo broken >&2; exit 3""#, "exit code 3); it said: broken"),
        (#"sh -c "yes nonsense""#, "no samples; the last"),
        (#"sh -c "while echo '{\"watts\": NaN}'; do :; done""#, "no samples"),
        (#"sh -c "while echo '{\"watts\": -1}'; do :; done""#, "watts outside"),
        (#"sh -c "while :; do head -c 9999 /dev/zero | tr '\\0' x; echo; done""#, "longer than 4096 bytes"),
        (#"yes "{\"watts\": 1}""#, "lines a second"), (#"sh -c "sleep 60 | cat >&2; echo""#, "wrote no sample within"),
        (#"sh -c "while :; do echo '{\"time\": 5, \"watts\": 1}'; sleep 0.1; done""#, "wrote no sample within"),
    ])
    func aProgramThatIsNoMeterIsRefused(_ command: String, _ message: String) throws {
        let workspace = try Workspace()
        let outcome = try start(workspace, command).finish()
        #expect([65, 66, 69, 74, 77].contains(outcome.status), "\(outcome)")
        #expect(outcome.failureLine?.contains(message) == true, "\(outcome.standardError)")
        #expect(!workspace.exists("p.json"))
    }

    @Test func aMeterOfAnotherBoxIsRefused() throws {
        let workspace = try Workspace()
        let outcome = try start(workspace, "sh -c '\(Self.echoes)'").finish()
        #expect(outcome.status != 0 && outcome.failureLine?.contains("does not show the load") == true, "\(outcome)")
    }

    @Test(arguments: [
        ["--meter", "powercap"], ["--power-model", "idle=1,busy=2"], ["--rails", "A"],
    ])
    func otherMetersAreUsageErrors(_ options: [String]) throws {
        let workspace = try Workspace()
        let outcome = try KerfProcess(
            [
                "profile", "--model", try workspace.tinyModel(), "--meter-command", "plug", "--out",
                workspace.path("p.json"),
            ] + options
        ).finish()
        #expect(outcome.status == 64 && outcome.failureLine != nil, "\(outcome.standardError)")
    }

    @Test(arguments: ["", "  ", "plug | tee log", "plug 'x"]) func aCommandThatIsNoneIsAUsageError(_ command: String)
        throws
    {
        let workspace = try Workspace()
        let outcome = try start(workspace, command).finish()
        #expect(outcome.status == 64 && outcome.failureLine?.contains("--meter-command") == true, "\(outcome)")
    }

    /// Nothing is left behind, not when Kerf ends and not when it is killed: a program that ignores what can be ignored, and
    /// writes nothing more.
    @Test(arguments: [SIGINT, SIGKILL]) func theProgramEndsWithKerf(_ signal: Int32) throws {
        let workspace = try Workspace()
        let script = try workspace.write(
            "plug.sh",
            """
            echo $$ > '\(workspace.path("pid"))'
            trap '' TERM INT HUP PIPE
            for i in 1 2 3 4 5 6; do echo "{\\"watts\\": $i}"; sleep 0.1; done
            exec sleep 1000
            """)
        let run = try start(workspace, "sh \(script)", budget: "60")
        let pid = try #require(waitForNumber(in: workspace))
        run.send(signal: signal)
        _ = try run.finish()
        let deadline = Date().addingTimeInterval(30)
        while isRunning(pid), Date() < deadline { Thread.sleep(forTimeInterval: 0.02) }
        #expect(!isRunning(pid))
    }

    /// One that has ended may wait for whoever adopted it.
    private func isRunning(_ pid: Int32) -> Bool {
        let stat = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        return !stat.isEmpty && stat.split(separator: ")").last?.hasPrefix(" Z") == false
    }

    private func waitForNumber(in workspace: Workspace) -> Int32? {
        let deadline = Date().addingTimeInterval(60)
        while Date() < deadline {
            let text = (try? workspace.bytes("pid")).map { String(decoding: $0, as: UTF8.self) } ?? ""
            if text.hasSuffix("\n"), let number = Int32(text.dropLast()) { return number }
            Thread.sleep(forTimeInterval: 0.02)
        }
        return nil
    }

    /// A program that ends in the middle of the run: what it reported is kept, and the cause said.
    @Test func whatFollowsAProgramsEndHasNoEnergy() throws {
        let workspace = try Workspace()
        let script = try workspace.write(
            "plug.sh",
            "timeout 24 python3 '\(Self.example("board_meter.py"))' '\(workspace.path("board"))' --interval 0.2\nexit 4"
        )
        let outcome = try start(workspace, "sh \(script)", budget: "40", ["--target-ci", "0.0001"]).finish()
        #expect(outcome.status == 0, "\(outcome.standardError)")
        let profile = try written(workspace)
        #expect(profile.meter.program?.ended?.contains("exit code 4") == true, "\(String(describing: profile.meter))")
        #expect(profile.meter.origin == .simulated && profile.steps.count > 2)
        let needed = try start(workspace, "sh \(script)", budget: "40", ["--target-ci", "0.0001", "--require-energy"])
            .finish()
        #expect(needed.status == 69 && needed.failureLine?.contains("exit code 4") == true, "\(needed)")
    }

    /// A plug of this very box, as far as Kerf is concerned: 10 W, and 15 W more for each processor that Kerf uses.
    private static let ownPlug = """
        import json, os, time
        def used():
            fields = open(f"/proc/{os.getppid()}/stat").read().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        then, before = time.monotonic(), used()
        while True:
            time.sleep(0.25)
            now, after = time.monotonic(), used()
            print(json.dumps({"watts": 10 + 15 * (after - before) / (now - then)}))
            then, before = now, after
        """

    @Test func theDoctorTriesIt() throws {
        let workspace = try Workspace()
        let script = try workspace.write("own.py", Self.ownPlug)
        let outcome = try KerfProcess.run("doctor", "--json", "--meter-command", "python3 \(script)")
        #expect(outcome.status == 0, "\(outcome.standardError)")
        #expect(try SchemaChecker.faults(in: Array(outcome.standardOutput.utf8), schema: "doctor") == [])
        let report = try JSONSerialization.jsonObject(with: Data(outcome.standardOutput.utf8)) as? [String: Any]
        let check = try #require(report?["meter_program"] as? [String: Any])
        #expect(check["status"] as? String == "present" && check["domain"] as? String == "wall", "\(check)")
        let program = try #require(check["program"] as? [String: Any])
        #expect(program["meter"] as? String == "python3" && program["clock"] as? String == "arrival")
    }

    /// To the doctor a program that is no meter is a finding.
    @Test func theDoctorShowsWhatIsWrong() throws {
        let outcome = try KerfProcess.run("doctor", "--meter-command", "sh -c 'echo broken >&2; exit 3'")
        #expect(outcome.status == 0, "\(outcome.standardError)")
        #expect(outcome.standardOutput.contains("it said: broken"), "\(outcome.standardOutput)")
        let elsewhere = try KerfProcess.run("doctor", "--root", "/tmp", "--meter-command", "true")
        #expect(elsewhere.status == 64 && elsewhere.failureLine != nil)
    }
}
