import Foundation
import ProfileFormat
import Quantities
import SystemIO
import SystemPackage
import TestSupport
import Testing

/// Whatever meter a recorded box has, a run in its replay measures no energy, and says so in the doctor's words.
@Suite("Meters of a replayed box")
struct ReplayedMeterTests {
    /// An INA3221 that states its update interval, as a Jetson's board has it; a battery; RAPL.
    private static let boxes: [String: (folder: String, attributes: KeyValuePairs<String, String>)] = [
        "hwmon": (
            "sys/class/hwmon/hwmon0",
            [
                "name": "ina3221", "update_interval": "20", "in1_label": "VDD_IN", "in1_input": "5072",
                "curr1_input": "972",
            ]
        ),
        "battery": (
            "sys/class/power_supply/BAT0", ["type": "Battery", "status": "Discharging", "power_now": "5000000"]
        ),
        "powercap": (
            "sys/class/powercap/intel-rapl:0",
            ["name": "package-0", "energy_uj": "5000000", "max_energy_range_uj": "262143328850"]
        ),
    ]

    @Test(
        "a profile in a replay has no energy",
        .enabled(if: ReplayTests.isPermitted, "this system permits no user namespaces"),
        arguments: ["hwmon", "battery", "powercap"])
    func profile(meter: String) throws {
        let box = try FixtureTree()
        try box.write("proc/cpuinfo", "processor\t: 0\nvendor_id\t: X\nmodel name\t: Made-up CPU\nflags\t\t: fpu\n\n")
        let (folder, attributes) = try #require(Self.boxes[meter])
        try box.write(under: folder, attributes)
        let workspace = try Workspace()
        let archive = workspace.path("box.tar")
        let captured = try KerfProcess.run("capture", "--root", box.path.string, "--out", archive)
        try #require(captured.status == 0, "\(captured.standardError)")

        let outcome = try KerfProcess.run(
            "replay", archive, "--", "profile", "--model", try workspace.tinyModel(blocks: 1), "--seq", "16",
            "--budget", "0.3", "--quiet", "--out", workspace.path("p.json"))
        try #require(outcome.status == 0, "\(outcome.standardError)")
        let profile = try KerfJSON.decode(Profile.self, from: [UInt8](workspace.bytes("p.json")), named: "p.json")
        #expect(profile.meter.origin == .unavailable && profile.energyWindows.isEmpty && profile.idleWindows.isEmpty)
        let reason = try #require(profile.meter.reason)
        #expect(reason.hasPrefix("\(meter) stale: ") && reason.contains("recording"), "\(reason)")

        let requested = try KerfProcess.run(
            "replay", archive, "--", "profile", "--model", try workspace.tinyModel(blocks: 1), "--meter", meter,
            "--quiet", "--out", workspace.path("q.json"))
        #expect(requested.status == 69 && requested.failureLine?.contains("\(meter) stale: ") == true)

        let doctor = try KerfProcess.run("replay", archive, "--", "doctor")
        #expect(doctor.standardOutput.contains("\nenergy: recorded, not measured: the box has \(meter); "))
    }
}
