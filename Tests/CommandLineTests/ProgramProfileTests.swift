import Calibration
import Foundation
import ModelFiles
import ProfileFormat
import SystemIO
import TestSupport
import Testing
import Workload

/// `kerf profile -- PROGRAM`, with the program of Tests/MarkedProgram.
@Suite("Profiling another program's step")
struct ProgramProfileTests {
    private static let program = KerfProcess.executable.deletingLastPathComponent()
        .appendingPathComponent("marked-program").path

    private func profile(
        in workspace: Workspace, budget: Int = 2, _ options: [String] = [], program: [String]
    ) throws -> KerfProcess.Outcome {
        try KerfProcess(
            ["profile", "--quiet", "--budget", "\(budget)", "--out", workspace.path("p.json")] + options + ["--"]
                + program
        ).finish()
    }

    private func spin(
        _ behavior: String, budget: Int = 2, _ options: String..., in workspace: Workspace
    ) throws -> KerfProcess.Outcome {
        try profile(in: workspace, budget: budget, options, program: [Self.program, "spin", behavior])
    }

    private func read(_ workspace: Workspace) throws -> Profile {
        try KerfJSON.read(Profile.self, at: workspace.path("p.json")).file
    }

    /// No process of this test's program is left.
    private func leftovers(of behavior: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int($0) != nil }.filter { number in
            let arguments = (try? String(contentsOfFile: "/proc/\(number)/cmdline", encoding: .utf8)) ?? ""
            let state = (try? String(contentsOfFile: "/proc/\(number)/stat", encoding: .utf8)) ?? ""
            return arguments.hasPrefix("\(Self.program)\0spin\0\(behavior)\0") && !state.contains(") Z ")
        }
    }

    @Test("a program that behaves: all passes, its runtime, and a calibration; chatter and forks do not matter")
    func wellBehaved() throws {
        for behavior in ["", "chatter", "forks"] {
            let workspace = try Workspace()
            let budget = behavior.isEmpty ? 10 : 2
            let outcome = try spin(
                behavior, budget: budget, "--power-model", "idle=4,busy=24", in: workspace)
            #expect(outcome.status == 0, "\(behavior): \(outcome.standardError)")
            // What the program prints does not mix with the summary.
            #expect(!outcome.standardOutput.contains("loss 2.5"), "\(behavior)")
            let profile = try read(workspace)
            #expect(profile.box.engine.name == "spin" && profile.box.engine.version == "1, a_package 2")
            #expect(profile.model.weightsKind == .program && profile.layers.count == 4)
            #expect(profile.layerTimes.count == 7)
            // Each pass computes for a fixed processor time, so that no load makes it shorter; the optimizer's half
            // millisecond belongs to the blocks' backward passes, half each.
            let milliseconds = [[1.0], [2], [3], [4], [5], [6, 0.25], [4, 0.25]].map { $0.reduce(0, +) }
            for (times, least) in zip(profile.layerTimes, milliseconds) {
                #expect(times.seconds.min() ?? 0 >= 0.999e-3 * least, "\(times.layer) \(times.direction)")
            }
            #expect(profile.layerTimes.filter { $0.kernels["adamw"] != nil }.map(\.layer) == [2, 1])
            // Which passes have windows within the budget depends on the machine; some have.
            #expect(!behavior.isEmpty || profile.energyWindows.contains { $0.subject == .layer })
            let calibration = try Calibrator.calibrate([
                Calibrator.Input(name: "p.json", bytes: Array(try workspace.bytes("p.json")))
            ])
            #expect(calibration.layers.count == 4)
        }
    }

    @Test("a program that infers: forward passes alone, from which inference is decided and training is not")
    func forwardOnly() throws {
        let workspace = try Workspace()
        let outcome = try spin("infers", budget: 4, "--power-model", "idle=4,busy=24", in: workspace)
        #expect(outcome.status == 0, "\(outcome.standardError)")
        let profile = try read(workspace)
        #expect(
            profile.workload.forwardOnly == true
                && profile.layerTimes.map(\.direction) == [.forward, .forward, .forward, .forward])
        for (times, least) in zip(profile.layerTimes, [1.0, 2, 3, 4]) {
            #expect(times.seconds.min() ?? 0 >= 0.999e-3 * least, "\(times.layer)")
        }
        let calibration = workspace.path("c.json")
        let calibrated = try KerfProcess(["calibrate", workspace.path("p.json"), "--out", calibration]).finish()
        #expect(calibrated.status == 0, "\(calibrated.standardError)")
        #expect(calibrated.standardOutput.contains("sequence 4, forward passes alone, f32"))
        if SchemaChecker.isPossible {
            for (file, schema) in [("p.json", "profile"), ("c.json", "calibration")] {
                let bytes = [UInt8](try workspace.bytes(file))
                #expect(try SchemaChecker.faults(in: bytes, schema: schema) == [], "\(file)")
            }
        }
        let sides = [
            "decide", "--device", calibration, "--server", calibration, "--link", "up=1mbit,down=1mbit,rtt=2ms",
        ]
        let training = try KerfProcess(sides).finish()
        #expect(training.status == 65)
        #expect(training.standardError.contains("is of forward passes alone"), "\(training.standardError)")
        #expect(training.standardError.contains("kerf decide --inference"))
        let inference = try KerfProcess(sides + ["--inference", "--weight", "1", "--steps", "3"]).finish()
        #expect(inference.status == 0, "\(inference.standardError)")
        #expect(inference.standardOutput.contains("3 requests of inference"), "\(inference.standardOutput)")
        // Nothing is cheaper than the device alone, which waits for no link.
        #expect(inference.standardOutput.contains("cut 2 of 2 (everything on the device)"))
    }

    private static let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    private static let canChangeUser =
        getuid() == 0 && system("\(nobody.joined(separator: " ")) '\(program)' spin >/dev/null 2>&1") == 0

    /// A meter may need root, and the training must not be root's.
    @Test(
        "a program that takes another user's identity is profiled like any other",
        .enabled(if: canChangeUser, "needs root, setpriv, and a build folder that user 65534 may read"))
    func asAnotherUser() throws {
        let workspace = try Workspace()
        let outcome = try profile(
            in: workspace, budget: 4, ["--power-model", "idle=4,busy=24"],
            program: Self.nobody + [Self.program, "spin", "user"])
        #expect(outcome.status == 0, "\(outcome.standardError)")
        let profile = try read(workspace)
        #expect(profile.layerTimes.count == 7 && profile.energyWindows.contains { $0.subject == .step })
        #expect(outcome.standardError.contains("as user 65534"), "\(outcome.standardError)")
        #expect(try leftovers(of: "user") == [])
    }

    @Test("a program with a worker process is profiled, and nothing is left running")
    func worker() throws {
        let workspace = try Workspace()
        let outcome = try spin("worker", budget: 4, "--power-model", "idle=4,busy=24", in: workspace)
        #expect(outcome.status == 0, "\(outcome.standardError)")
        #expect(try read(workspace).layerTimes.count == 7)
        #expect(try leftovers(of: "worker") == [])
    }

    @Test("a program that cannot run a pass alone has times and no energy of layers")
    func inSituOnly() throws {
        let workspace = try Workspace()
        let outcome = try spin("in-situ", "--power-model", "idle=4,busy=24", in: workspace)
        #expect(outcome.status == 0, "\(outcome.standardError)")
        let profile = try read(workspace)
        #expect(profile.energyWindows.allSatisfy { $0.subject != .layer } && !profile.energyWindows.isEmpty)
    }

    @Test(
        "each way to go wrong is one line, and nothing is left running",
        arguments: [
            ("garbage", "sent what is not a message"), ("endless", "sent a line of more than 1 MiB"),
            ("dies-at-start", "ended with exit code 7 during"), ("version", "speaks version 7 of the marker protocol"),
            ("pid", "says that process 1 computes"), ("size", "not a message of the marker protocol"),
            ("floods", "the shared memory holds another number"), ("talks", "answered before it was asked"),
            ("full", "wrote more marks for a step than fit"), ("unknown-pass", "a pass that is not in its list"),
            ("lies", "do not begin and end each step once"),
        ])
    func broken(behavior: String, text: String) throws {
        let workspace = try Workspace()
        let outcome = try spin(behavior, in: workspace)
        #expect(outcome.status != 0)
        // What the program itself says comes before.
        let last = outcome.standardError.split(separator: "\n").last { $0.hasPrefix("kerf: error: ") }
        #expect(last?.contains(text) == true, "\(outcome.standardError)")
        #expect(outcome.standardError.components(separatedBy: "kerf: error: ").count == 2, "\(outcome.standardError)")
        #expect(try leftovers(of: behavior) == [])
    }

    @Test(
        "one that fails after enough steps leaves a profile of them, and the run fails all the same",
        arguments: [
            ("dies", "ended with signal 9"), ("stops", "was stopped by a signal"), ("exits", "ended with exit code 0"),
            ("throws", "the loss is not a \"number\""), ("hangs", "gave no answer to"),
        ])
    func failsLate(behavior: String, text: String) throws {
        let workspace = try Workspace()
        // The fault comes after 40 steps, however fast the machine, and long before the intervals are that narrow.
        let outcome = try spin(
            behavior, budget: 60, "--target-ci", "0.001", "--answer-timeout", "4", in: workspace)
        #expect(outcome.status == 69)
        #expect(outcome.standardError.contains(text), "\(outcome.standardError)")
        #expect(try leftovers(of: behavior) == [])
        let profile = try read(workspace)
        #expect(Set(profile.steps.map(\.pair)).count >= 2)
    }

    @Test("a child of the program does not outlive the run")
    func childOfProgram() throws {
        let workspace = try Workspace()
        let outcome = try spin("leaves-child", in: workspace)
        #expect(outcome.status == 0, "\(outcome.standardError)")
        #expect(try leftovers(of: "leaves-child") == [])
    }

    @Test("Ctrl-C ends the program too", arguments: [SIGINT, SIGTERM])
    func interrupted(signal: Int32) throws {
        let workspace = try Workspace()
        let process = try KerfProcess([
            "profile", "--budget", "60", "--target-ci", "0.001", "--out", workspace.path("p.json"), "--", Self.program,
            "spin", "chatter", "\(signal)",
        ])
        while !process.errorSoFar.contains("loss") && process.isRunning { usleep(20_000) }
        process.send(signal: signal)
        let outcome = try process.finish()
        #expect(outcome.status == 130)
        #expect(!workspace.exists("p.json"))
        #expect(try leftovers(of: "chatter\0\(signal)") == [])
    }

    @Test("a program that is none, or none of a model's")
    func notThere() throws {
        let workspace = try Workspace()
        let absent = try profile(in: workspace, program: ["/nowhere/train"])
        #expect(absent.status == 69 && absent.failureLine?.contains("no such program") == true)
        let script = try workspace.write("train.py", "print(1)\n")
        let refused = try profile(in: workspace, program: [script])
        #expect(refused.failureLine?.contains("name the interpreter first") == true, "\(refused.standardError)")
        let stranger = try profile(in: workspace, program: ["/bin/true"])
        #expect(
            stranger.failureLine?.contains("/bin/true: ended with exit code 0") == true, "\(stranger.standardError)")
    }

    @Test(
        "options of Kerf's own step are refused beside a program, and one of the two is needed",
        arguments: [
            ["--model", "smollm2-135m"], ["--seq", "128"], ["--threads=1"], ["--residency", "one"],
            ["--activation-checkpointing"],
        ])
    func mixed(options: [String]) throws {
        let workspace = try Workspace()
        let outcome = try profile(in: workspace, options, program: ["/bin/true"])
        let name = String(options[0].prefix { $0 != "=" })
        #expect(outcome.status == 64 && outcome.failureLine?.contains(name) == true, "\(outcome.standardError)")
        let neither = try KerfProcess.run("profile", "--out", workspace.path("p.json"))
        #expect(neither.status == 64 && neither.failureLine?.contains("--model is missing") == true)
    }
}
