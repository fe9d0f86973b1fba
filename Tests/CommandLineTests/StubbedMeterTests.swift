import Calibration
import Foundation
import Instrumentation
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

    /// The calibration of what the run wrote, and its text.
    private func calibrate(_ run: FaultRun) throws -> (calibration: Calibration, text: String) {
        let outcome = try KerfProcess.run(
            "calibrate", run.workspace.path("p.json"), "--out", run.workspace.path("c.json"))
        try #require(outcome.status == 0, "\(outcome.standardError)")
        let bytes = try [UInt8](run.workspace.bytes("c.json"))
        return (try KerfJSON.decode(Calibration.self, from: bytes, named: "c.json"), outcome.standardOutput)
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

        let (calibration, _) = try calibrate(run)
        #expect(calibration.externalPower?.map(\.domain) == ["gpu-0", "gpu-1"])
        #expect(calibration.meter.totalOf == profile.meter.totalOf)
        if SchemaChecker.isPossible {
            #expect(try SchemaChecker.faults(in: [UInt8](run.workspace.bytes("p.json")), schema: "profile") == [])
            #expect(try SchemaChecker.faults(in: [UInt8](run.workspace.bytes("c.json")), schema: "calibration") == [])
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

    // MARK: - A program's step on a GPU

    /// A profile of Tests/MarkedProgram, whose step says that it runs on the second GPU.
    private func profile(_ behavior: String, in run: FaultRun, _ options: String...) throws -> KerfProcess.Outcome {
        let program = KerfProcess.executable.deletingLastPathComponent().appendingPathComponent("marked-program").path
        return try KerfProcess(
            ["profile", "--out", run.workspace.path("p.json")] + options + ["--", program, "spin", behavior],
            environment: run.environment
        ).finish()
    }

    /// Slow counters and fast ones in one window: the GPU's step comes every 20 ms.
    @Test("the GPU that runs a program's step is part of the total, and the others are not")
    func usedGPUIsCounted() throws {
        let run = try box(gpus: "gpus=3")
        let outcome = try profile("gpu", in: run, "--meter", "perf", "--budget", "4")
        try #require(outcome.status == 0, "\(outcome.standardError)")
        let profile = try run.written()
        #expect(profile.meter.name == "perf_event + NVML" && profile.meter.origin == .measured)
        #expect(profile.meter.totalOf == ["gpu-1", "package-0", "package-0/dram"] && profile.meter.reason == nil)
        #expect(
            profile.meter.domains.filter { $0.role == .external }.map(\.identifier) == ["gpu-0", "gpu-2"],
            "\(profile.meter.domains)")
        #expect(profile.box.engine.instructionSet.hasPrefix("Stub G"))
        #expect(abs(watts("gpu-1", profile) - 71.5) < 10, "the GPU draws \(watts("gpu-1", profile)) W")
        #expect(abs(watts("package-0", profile) - 10) < 1.5, "the package draws \(watts("package-0", profile)) W")
        // The slow counter's, not that of the package, which changes with every read. A busy machine may miss some.
        let interval = try #require(profile.meter.updateIntervalSeconds.value)
        #expect(interval > 0.01, "an update every \(interval) s")
        #expect(outcome.standardOutput.contains("meter        perf_event + NVML: gpu-1 + package-0 + package-0/dram, "))

        let (calibration, _) = try calibrate(run)
        #expect(calibration.externalPower?.map(\.domain) == ["gpu-0", "gpu-2"])
        let power = try #require(calibration.step.grossPowerWatts.value)
        #expect(abs(power - 91.5) < 12, "the step draws \(power) W")
    }

    @Test(
        "a total that is not the whole says so",
        arguments: [
            ("gpu-unnamed", "gpus=2", "gpu-0 + gpu-1 + box", "counts every GPU"),
            ("gpu", "gpus=1", "gpu-0 + box", "counts every GPU"), ("gpu", "gpus=2", "gpu-1 + box", "declared: "),
            ("gpu", "gpus=2,energy=3", "box", "may not hold the GPU"),
            ("gpu", "gpus=0", "box", "the NVIDIA driver finds no GPU"),
        ])
    func reservations(behavior: String, gpus: String, total: String, text: String) throws {
        var run = try FaultRun(midway: false)
        try run.addGPUs(gpus)
        let outcome = try profile(behavior, in: run, "--power-model", "idle=4,busy=24", "--budget", "2")
        try #require(outcome.status == 0, "\(outcome.standardError)")
        let meter = try run.written().meter
        let read = meter.totalOf.count > 1 ? "no meter but the GPU's was read" : "no meter was read"
        #expect(try calibrate(run).text.contains(read))
        // The box is modelled, and so is its sum with what is measured.
        #expect(meter.origin == .modelled && meter.totalOf.joined(separator: " + ") == total)
        #expect(meter.reason?.hasPrefix("declared: ") == true && meter.reason?.contains(text) == true)
    }

    @Test(
        "without a meter of the box, the total is the GPU's alone",
        .enabled(if: MeterSurvey(root: SystemRoot()).used == nil, "this box has a meter"))
    func gpuAlone() throws {
        var run = try FaultRun()
        try run.addGPUs("gpus=3")
        let outcome = try profile("gpu", in: run, "--budget", "2")
        try #require(outcome.status == 0, "\(outcome.standardError)")
        let meter = try run.written().meter
        #expect(meter.name == "NVML" && meter.origin == .measured && meter.totalOf == ["gpu-1"])
        #expect(meter.reason?.contains("lacks the rest of the box") == true, "\(meter.reason ?? "-")")
        #expect(outcome.standardOutput.contains("the total is the GPU's alone"))
        #expect(try calibrate(run).text.contains("Energies: the total is the GPU's alone"))
    }
}
