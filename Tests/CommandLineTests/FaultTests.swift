import Calibration
import Foundation
import ProbeKit
import Statistics
import TestSupport
import Testing

/// Reads that go wrong, in the built executable: whatever a probe meets, a profile completes without that meter and says
/// so, or ends with one clear line. Times are never lost to a meter.
///
/// The faults are made between the program and libc by a preloaded library, in files of a virtual board or of this
/// machine. They begin when the program reports that its run has begun.
@Suite("Faults while running")
struct FaultTests {
    static let kinds = ["vanish", "eio", "eagain", "permission", "garbage", "shorter", "empty", "negative"]

    private static let library = KerfProcess.executable.deletingLastPathComponent()
        .appendingPathComponent("libkerf-fault.so").path

    private func faulty(_ kind: String, _ path: String, midway: Bool = true) -> [String: String] {
        var environment = ["LD_PRELOAD": Self.library, "KERF_FAULT_KIND": kind, "KERF_FAULT_PATH": path]
        if midway { environment["KERF_FAULT_SINCE"] = "kerf: idle" }
        return environment
    }

    private func profile(
        _ workspace: Workspace, _ environment: [String: String], _ arguments: String...
    ) throws -> KerfProcess.Outcome {
        #expect(FileManager.default.fileExists(atPath: Self.library))
        return try KerfProcess(
            ["profile", "--model", try workspace.tinyModel(blocks: 1), "--seq", "16", "--budget", "0.3"] + arguments
                + ["--out", workspace.path("p.json")], environment: environment
        ).finish()
    }

    /// A meter's own counter. Text cut short is still a number: of a counter, no power explains it after the one before.
    /// Of a power it is one that may be (and a battery's sign says nothing), so that these are not tried here.
    @Test(
        "energy meters",
        arguments: kinds.flatMap { kind in
            ["powercap", "hwmon", "battery"].filter { meter in
                (meter == "powercap" || kind != "shorter") && (meter != "battery" || kind != "negative")
            }.map { (meter: $0, kind: kind) }
        })
    func meters(meter: String, kind: String) throws {
        let file = ["powercap": "intel-rapl:0/energy_uj", "hwmon": "power1_average", "battery": "BAT0/power_now"][
            meter]!
        let workspace = try Workspace()
        let outcome = try profile(
            workspace, faulty(kind, file), "--meter", meter, "--board", workspace.path("board"))
        #expect(outcome.status == 0, "\(outcome.standardError)")
        let profile = try KerfJSON.decode(
            Profile.self, from: [UInt8](workspace.bytes("p.json")), named: "p.json")
        #expect(profile.steps.count >= 2)
        #expect(profile.meter.origin == .unavailable)
        #expect(profile.meter.reason?.contains("failed during the run") == true)
        #expect(profile.energyWindows.isEmpty && profile.idleWindows.isEmpty)
        #expect(outcome.standardOutput.contains("energy       unavailable: "))
    }

    @Test("a meter that is required ends the run with one line", arguments: ["vanish", "permission", "garbage"])
    func required(kind: String) throws {
        let workspace = try Workspace()
        let outcome = try profile(
            workspace, faulty(kind, "intel-rapl:0/energy_uj"), "--require-energy", "--board", workspace.path("board"))
        #expect(outcome.status == 69, "\(outcome.standardError)")
        #expect(outcome.failureLine?.contains("--require-energy: powercap failed during the run") == true)
        #expect(!workspace.exists("p.json"))
    }

    @Test("a meter that was asked for and cannot be opened ends with one line")
    func neverThere() throws {
        for (environment, arguments, status) in [
            (faulty("permission", "intel-rapl:0/energy_uj", midway: false), ["--meter", "powercap"], 77),
            (faulty("eio", "power_now", midway: false), ["--meter", "battery"], 74),
            ([:], ["--rails", "NOWHERE"], 69), ([:], ["--meter", "perf"], 69),
        ] as [([String: String], [String], Int32)] {
            let workspace = try Workspace()
            let outcome = try KerfProcess(
                ["profile", "--model", try workspace.tinyModel(), "--quiet", "--budget", "0.2", "--board"]
                    + [workspace.path("board"), "--out", workspace.path("p.json")] + arguments, environment: environment
            ).finish()
            #expect(outcome.status == status, "\(arguments): \(outcome.standardError)")
            #expect(outcome.failureLine != nil, "\(outcome.standardError)")
        }
    }

    /// What is watched beside the meter: losing it costs its own knowledge only.
    @Test(
        "clock, processor times and domains beside the total",
        arguments: ["scaling_cur_freq", "/proc/stat", "intel-rapl:1/energy_uj"], ["vanish", "garbage"])
    func conditions(file: String, kind: String) throws {
        let workspace = try Workspace()
        let outcome = try profile(workspace, faulty(kind, file), "--board", workspace.path("board"))
        #expect(outcome.status == 0, "\(outcome.standardError)")
        let profile = try KerfJSON.decode(
            Profile.self, from: [UInt8](workspace.bytes("p.json")), named: "p.json")
        #expect(profile.meter.origin == .simulated && profile.steps.count >= 2)
    }

    /// Every file that the doctor reads, one kind after another: it always reports.
    @Test("the doctor", arguments: kinds)
    func doctor(kind: String) throws {
        let outcome = try KerfProcess(["doctor", "--json"], environment: faulty(kind, "/", midway: false)).finish()
        #expect(outcome.status == 0, "\(outcome.standardError)")
        let report = try JSONSerialization.jsonObject(with: Data(outcome.standardOutput.utf8)) as? [String: Any]
        #expect(report?["schema"] as? String == "kerf.doctor")
    }
}
