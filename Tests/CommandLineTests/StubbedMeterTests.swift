import Calibration
import Foundation
import ProfileFormat
import Quantities
import SystemIO
import TestSupport
import Testing

/// Meters that no machine of a test has, through the built executable: a `power` PMU by stand-ins for the kernel's
/// calls, GPUs by a stand-in for NVIDIA's library. Whole, and with every fault.
@Suite("perf_event and NVML while running")
struct StubbedMeterTests {
    private func box(_ kind: String? = nil, midway: Bool = true, gpus: String? = nil) throws -> FaultRun {
        var run = try FaultRun(kind, "kerf-pmu", midway: midway)
        try run.addPMU()
        if let gpus { try run.addGPUs(gpus) }
        return run
    }

    @Test("perf_event", arguments: FaultTests.kinds)
    func perfFaults(kind: String) throws {
        let run = try box(kind)
        try run.expectLostMeter(run.profile("--meter", "perf"))
    }

    @Test("perf_event that may not be opened, and none at all")
    func perfIsRefused() throws {
        let refused = try box("permission", midway: false).profile("--meter", "perf", "--quiet")
        #expect(
            refused.status == 77 && refused.failureLine?.contains("cap_perfmon") == true, "\(refused.standardError)")
        let absent = try box("vanish", midway: false)
        try FileManager.default.removeItem(atPath: absent.workspace.path("pmu/events/energy-pkg"))
        let outcome = try absent.profile("--meter", "perf", "--quiet")
        #expect(outcome.status == 69 && outcome.failureLine?.contains("energy-pkg") == true, "\(outcome.standardError)")
    }

    /// The sum of joules of a domain over that of seconds, in all windows.
    private func watts(_ domain: String, _ profile: Profile) -> Double {
        let windows = profile.idleWindows + profile.energyWindows
        return windows.reduce(0) { $0 + ($1.joules[domain] ?? 0) } / windows.reduce(0) { $0 + $1.seconds }
    }

    @Test("a GPU is recorded as external, and never in the total")
    func gpuIsExternal() throws {
        let run = try box(gpus: "gpus=2")
        let outcome = try run.profile("--meter", "perf")
        try #require(outcome.status == 0, "\(outcome.standardError)")
        let profile = try run.written()
        #expect(profile.meter.name == "perf_event" && profile.meter.origin == .measured)
        #expect(profile.meter.totalOf == ["package-0", "package-0/dram"])
        #expect(profile.meter.domains.filter { $0.role == .external }.map(\.identifier) == ["gpu-0", "gpu-1"])
        // Ten watts each; 143 W of GPUs would stand out here.
        let total = profile.meter.totalOf.reduce(0) { $0 + watts($1, profile) }
        #expect(abs(total - 20) < 2, "the total is \(total) W")
        for gpu in ["gpu-0", "gpu-1"] {
            // Its counter steps every 20 ms, and windows are of that order.
            #expect(abs(watts(gpu, profile) - 71.5) < 20, "\(gpu) draws \(watts(gpu, profile)) W")
        }
        #expect(outcome.standardOutput.contains("meter        perf_event: package-0 + package-0/dram, "))
        #expect(outcome.standardOutput.contains("external     gpu-0 Stub?G: "))

        let calibrated = try KerfProcess.run(
            "calibrate", run.workspace.path("p.json"), "--out", run.workspace.path("c.json"))
        #expect(calibrated.status == 0, "\(calibrated.standardError)")
        let bytes = try [UInt8](run.workspace.bytes("c.json"))
        let calibration = try KerfJSON.decode(Calibration.self, from: bytes, named: "c.json")
        #expect(calibration.externalPower?.map(\.domain) == ["gpu-0", "gpu-1"])
        #expect(calibration.meter.totalOf == profile.meter.totalOf)
        if SchemaChecker.isPossible {
            #expect(try SchemaChecker.faults(in: [UInt8](run.workspace.bytes("p.json")), schema: "profile") == [])
            #expect(try SchemaChecker.faults(in: bytes, schema: "calibration") == [])
        }
    }

    /// Lost, unsupported, forbidden, an unknown error, beyond any counter, fallen, and fallen off the bus.
    @Test("NVML", arguments: ["energy=15", "energy=3", "energy=4", "energy=999", "energy=-1", "energy=-2", "gone=1"])
    func gpuFaults(fault: String) throws {
        let run = try box(gpus: fault)
        let outcome = try run.profile("--meter", "perf")
        try #require(outcome.status == 0, "\(outcome.standardError)")
        let profile = try run.written()
        #expect(profile.meter.origin == .measured && profile.energyWindows.count > 1, "the box's meter goes on")
        let gpu = try #require(profile.meter.domains.first { $0.identifier == "gpu-0" })
        guard case .unreadable(let reason) = gpu.role else {
            Issue.record("\(fault): gpu-0 is \(gpu.role)")
            return
        }
        #expect(reason.hasPrefix("NVML failed during the run: "))
        #expect(profile.energyWindows.allSatisfy { $0.joules["gpu-0"] != 0 }, "no zero stands for what was lost")
        #expect(outcome.standardOutput.contains("not read     gpu-0: NVML failed during the run: "))
    }

    @Test(
        "NVML that fails from the start leaves the box's meter",
        arguments: ["init=4", "init=999", "gpus=0", "energy=3"])
    func gpuNeverThere(fault: String) throws {
        let run = try box(midway: false, gpus: fault)
        let outcome = try run.profile("--meter", "perf", "--quiet")
        #expect(outcome.status == 0, "\(outcome.standardError)")
        #expect(try run.written().meter.domains.map(\.identifier) == ["package-0", "package-0/core", "package-0/dram"])
        let doctor = try run.kerf("doctor")
        #expect(doctor.status == 0 && doctor.standardOutput.contains("NVML"), "\(doctor.standardError)")
    }
}
