import Foundation
import ProfileFormat
import Quantities
import SystemIO
import Testing

/// A profile with the fault library preloaded: which reads fail, from when, and which hardware is stubbed.
struct FaultRun {
    private static let folder = KerfProcess.executable.deletingLastPathComponent()

    let workspace: Workspace
    private(set) var environment: [String: String]

    /// - Parameters:
    ///   - kind: as in Tests/FaultInjection/fault.c; `nil` lets all reads succeed.
    ///   - path: part of the path of the files whose reads fail.
    ///   - midway: whether they fail only when the run has begun.
    init(_ kind: String? = nil, _ path: String = "", midway: Bool = true) throws {
        let library = Self.folder.appendingPathComponent("libkerf-fault.so").path
        #expect(FileManager.default.fileExists(atPath: library), "the fault library was not built")
        workspace = try Workspace()
        environment = ["LD_PRELOAD": library]
        if let kind {
            environment["KERF_FAULT_KIND"] = kind
            environment["KERF_FAULT_PATH"] = path
        }
        // Steal time and load of a busy machine would disturb all windows; losing their monitor has its own test.
        if path != "/proc/stat" { environment["KERF_FAULT_HIDE"] = "/proc/stat" }
        if midway { environment["KERF_FAULT_SINCE"] = "kerf: idle" }
    }

    /// Puts a `power` PMU into the box: a package, its cores and memory, 10 W each.
    mutating func addPMU() throws {
        let events = workspace.url.appendingPathComponent("pmu/events")
        try FileManager.default.createDirectory(at: events, withIntermediateDirectories: true)
        for (name, text) in ["type": "1", "cpumask": "0"] { try workspace.write("pmu/\(name)", text) }
        for event in ["energy-pkg", "energy-cores", "energy-ram"] {
            try workspace.write("pmu/events/\(event)", "event=0x02")
            try workspace.write("pmu/events/\(event).unit", "Joules")
            try workspace.write("pmu/events/\(event).scale", "1e-9")
        }
        environment["KERF_FAULT_PMU"] = workspace.path("pmu")
    }

    /// Puts GPUs into the box, 71.5 W each, configured as in Tests/NVMLStub/stub.c.
    mutating func addGPUs(_ settings: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: workspace.path("libnvidia-ml.so.1"),
            withDestinationPath: Self.folder.appendingPathComponent("libkerf-nvml-stub.so").path)
        environment["LD_LIBRARY_PATH"] = workspace.url.path
        environment["KERF_NVML_STUB"] = "milliwatts=71500," + settings
    }

    func kerf(_ arguments: String...) throws -> KerfProcess.Outcome {
        try KerfProcess(arguments, environment: environment).finish()
    }

    /// A run of a third of a second on a model of one tiny block.
    func profile(_ arguments: String...) throws -> KerfProcess.Outcome {
        try KerfProcess(
            ["profile", "--model", try workspace.tinyModel(blocks: 1), "--seq", "16", "--budget", "0.3"] + arguments
                + ["--out", workspace.path("p.json")], environment: environment
        ).finish()
    }

    /// What the run wrote.
    func written() throws -> Profile {
        try KerfJSON.decode(Profile.self, from: [UInt8](workspace.bytes("p.json")), named: "p.json")
    }

    /// Checks that a run completed without its meter and says so.
    func expectLostMeter(_ outcome: KerfProcess.Outcome, sourceLocation: SourceLocation = #_sourceLocation) throws {
        try #require(outcome.status == 0, "\(outcome.standardError)", sourceLocation: sourceLocation)
        let profile = try written()
        #expect(profile.steps.count >= 2, sourceLocation: sourceLocation)
        #expect(profile.meter.origin == .unavailable, sourceLocation: sourceLocation)
        #expect(
            profile.meter.reason?.contains("failed during the run") == true, "\(profile.meter.reason ?? "-")",
            sourceLocation: sourceLocation)
        #expect(profile.energyWindows.isEmpty && profile.idleWindows.isEmpty, sourceLocation: sourceLocation)
        #expect(outcome.standardOutput.contains("energy       unavailable: "), sourceLocation: sourceLocation)
    }
}
