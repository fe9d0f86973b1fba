import Foundation
import ProfileFormat
import Quantities
import Testing

/// Reads that go wrong, in the built executable: whatever a probe meets, a profile completes without that meter and says
/// so, or ends with one clear line. Times are never lost to a meter.
///
/// The faults are made between the program and libc by a preloaded library, in files of a virtual board or of this
/// machine. They begin when the program reports that its run has begun.
@Suite("Faults while running")
struct FaultTests {
    static let kinds = ["vanish", "eio", "eagain", "permission", "garbage", "shorter", "empty", "negative"]

    /// The meter's own counter. A truncated number is still a number: for a counter, no power can explain it after the
    /// reading before; for a power it is plausible (as is a battery's sign), so that these pairs are not tried.
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
        let run = try FaultRun(kind, file)
        try run.expectLostMeter(run.profile("--meter", meter, "--board", run.workspace.path("board")))
    }

    @Test("a meter that is required ends the run with one line", arguments: ["vanish", "permission", "garbage"])
    func required(kind: String) throws {
        let run = try FaultRun(kind, "intel-rapl:0/energy_uj")
        let outcome = try run.profile("--require-energy", "--board", run.workspace.path("board"))
        #expect(outcome.status == 69, "\(outcome.standardError)")
        #expect(outcome.failureLine?.contains("energy is required: powercap failed during the run") == true)
        #expect(!run.workspace.exists("p.json"))
    }

    @Test(
        "a meter that was asked for and cannot be opened ends with one line",
        arguments: [
            ("permission", "intel-rapl:0/energy_uj", ["--meter", "powercap"], 77),
            ("eio", "power_now", ["--meter", "battery"], 74), (nil, "", ["--rails", "NOWHERE"], 69),
            (nil, "", ["--meter", "perf"], 69),
        ] as [(String?, String, [String], Int32)])
    func neverThere(kind: String?, file: String, options: [String], status: Int32) throws {
        let run = try FaultRun(kind, file, midway: false)
        let outcome = try run.profile(options[0], options[1], "--quiet", "--board", run.workspace.path("board"))
        #expect(outcome.status == status, "\(options): \(outcome.standardError)")
        #expect(outcome.failureLine != nil, "\(outcome.standardError)")
    }

    /// What is monitored besides the meter: losing it loses nothing else.
    @Test(
        "frequency, CPU times and external domains",
        arguments: [
            ("scaling_cur_freq", "the frequency"), ("/proc/stat", "steal time and load from other processes"),
            ("intel-rapl:1/energy_uj", nil),
        ] as [(String, String?)], ["vanish", "garbage"])
    func conditions(lost: (file: String, condition: String?), kind: String) throws {
        let (file, condition) = lost
        let run = try FaultRun(kind, file)
        let outcome = try run.profile("--board", run.workspace.path("board"))
        #expect(outcome.status == 0, "\(outcome.standardError)")
        let profile = try run.written()
        #expect(profile.meter.origin == .simulated && profile.steps.count >= 2)
        // What is not monitored any more rejects no window, and that is reported.
        let says = outcome.standardOutput.contains("not monitored: \(condition ?? ""), lost during the run: ")
        #expect(says == (condition != nil), "\(outcome.standardOutput)")
    }

    /// Every file that the doctor reads, one kind after another: it always reports.
    @Test("the doctor", arguments: kinds)
    func doctor(kind: String) throws {
        let outcome = try FaultRun(kind, "/", midway: false).kerf("doctor", "--json")
        #expect(outcome.status == 0, "\(outcome.standardError)")
        let report = try JSONSerialization.jsonObject(with: Data(outcome.standardOutput.utf8)) as? [String: Any]
        #expect(report?["schema"] as? String == "kerf.doctor")
    }
}
