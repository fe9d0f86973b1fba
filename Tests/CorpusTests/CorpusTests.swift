import CARD
import Calibration
import Capture
import Foundation
import Instrumentation
import ProbeKit
import ProfileFormat
import Profiling
import Quantities
import SelfTest
import Simulation
import Statistics
import SystemIO
import TestSupport
import Testing
import VirtualBoard

@testable import kerf

/// The files of Tests/Corpus: what earlier versions of Kerf wrote, and files of other programs that Kerf reads.
enum Corpus {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Corpus")

    static func path(_ file: String) -> String { folder.appending(path: file).path }

    static func bytes(_ file: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: folder.appending(path: file))) }

    /// Files of one folder, such as `profiles/ee26ccf-board.json`, in order. A name begins with the commit of the Kerf
    /// that wrote the file.
    static func files(_ folder: String, _ suffix: String = ".json") -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path(folder))) ?? []
        return names.filter { $0.hasSuffix(suffix) }.sorted().map { "\(folder)/\($0)" }
    }

    /// The calibration that 7aaa799, the last Kerf that wrote profiles of version 2, computed from a profile. That Kerf
    /// does not read version 1, so it was given such profiles as version 2: see Tests/Corpus/README.md.
    static func reference(for profile: String) -> String {
        let name = URL(fileURLWithPath: profile).lastPathComponent
        let converted = "calibrations/reference/\(name)"
        return FileManager.default.fileExists(atPath: path(converted)) ? converted : "calibrations/\(name)"
    }

    /// Profiles of version 1 whose `step_traces` hold the energy of the box's total, not of each domain.
    static let tracesOfTheTotal = ["profiles/a49cba0-board.json", "profiles/a49cba0-one-domain.json"]

    /// Files without a field that was added later and is required, and the field. Reading them has failed since the field
    /// was added; the message names the field.
    static let withoutRequiredField = [
        "calibrations/33f0510-board.json": "weight_residency",
        "calibrations/33f0510-plain.json": "weight_residency",
        "decisions/33f0510-rung-a.json": "energy_scope",
        "decisions/33f0510-rung-b.json": "energy_scope",
        "doctor/33f0510-tree.json": "origin",
    ]

    static func readable(_ folder: String) -> [String] { files(folder).filter { withoutRequiredField[$0] == nil } }

    /// Fields that newer files name otherwise: old name, new name.
    static let renamed = [
        "own_cost_pairs": "instrumentation_overhead_pairs",
        "own_time_ratio": "overhead_time_ratio",
        "own_energy_ratio": "overhead_energy_ratio",
        "counted_time_ratio": "computed_overhead_ratio",
        "looks_seconds": "sampling_seconds",
        "looks_per_step": "samples_per_step",
        "beside_power": "external_power",
        "peaks": "roofline",
        "optimiser_bytes": "optimizer_bytes",
        "largest_residual": "maximum_residual",
        "inverse_clock_residual": "inverse_frequency_residual",
        "delay_normaliser_seconds": "delay_normalizer_seconds",
        "energy_normaliser_joules": "energy_normalizer_joules",
        "believed_cut": "assumed_cut",
        "planted": "ground_truth",
        "rung": "level",
        // Of a decision. A doctor report has its own list, below.
        "rungs": "levels",
    ]

    static let renamedInDoctorReports = ["rungs": "backends"]

    static func numbers(
        _ bytes: [UInt8], renamed: [String: String] = renamed, omitting omitted: Set<String> = []
    ) throws -> JSONNumbers {
        try JSONNumbers(bytes, renamed: renamed, omitting: omitted.union(["schema_version"]))
    }
}

/// Every file of the corpus is read, and no number in it is lost.
@Suite("Files of earlier versions")
struct CorpusTests {
    @Test("the corpus is whole")
    func whole() {
        #expect(Corpus.files("profiles").count == 10)
        #expect(Corpus.files("calibrations").count == 10 && Corpus.files("calibrations/reference").count == 5)
        #expect(Corpus.files("decisions").count == 7)
        #expect(Corpus.files("doctor").count == 5)
        #expect(Corpus.files("selftest").count == 3)
        #expect(Corpus.files("simulations").count == 2 && Corpus.files("simulations", ".csv").count == 2)
        #expect(Corpus.files("captures", ".tar").count == 2)
        #expect(Corpus.files("scenarios").count == 2)
        #expect(Corpus.files("inputs").count == 3 && Corpus.files("inputs", ".csv").count == 3)
    }

    /// A file that is read and written again has every number that it had.
    private func expectNothingLost<File: KerfFile>(
        _ type: File.Type, _ file: String, omitting omitted: Set<String> = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let bytes = try Corpus.bytes(file)
        let read = try KerfJSON.decode(type, from: bytes, named: file)
        let old = try Corpus.numbers(bytes, omitting: omitted)
        let new = try Corpus.numbers(try KerfJSON.encode(read), omitting: omitted)
        #expect(!old.values.isEmpty, sourceLocation: sourceLocation)
        #expect(old.differences(from: new, tolerance: 0) == [], sourceLocation: sourceLocation)
    }

    @Test("profiles", arguments: Corpus.files("profiles"))
    func profiles(file: String) throws {
        let isOfTheTotal = Corpus.tracesOfTheTotal.contains(file)
        try expectNothingLost(Profile.self, file, omitting: isOfTheTotal ? ["step_traces"] : [])
    }

    /// With one domain in the total, the total is that domain's energy. With several, the split is not known.
    @Test("energy of the total between layers", arguments: Corpus.tracesOfTheTotal)
    func tracesOfTheTotal(file: String) throws {
        struct File: Decodable {
            struct Trace: Decodable { var joules: [Double?] }
            enum CodingKeys: String, CodingKey { case stepTraces = "step_traces" }
            var stepTraces: [Trace]
        }
        let bytes = try Corpus.bytes(file)
        let old = try JSONDecoder().decode(File.self, from: Data(bytes)).stepTraces.map(\.joules)
        try #require(!old.isEmpty)
        let profile = try KerfJSON.decode(Profile.self, from: bytes, named: file)
        let traces = profile.stepTraces ?? []
        if let domain = profile.meter.totalOf.first, profile.meter.totalOf.count == 1 {
            #expect(traces.map { $0.joules } == old.map { [domain: $0] })
        } else {
            #expect(traces.isEmpty)
        }
    }

    @Test("meters beside the total")
    func besideTheTotal() throws {
        let file = "profiles/7aaa799-gpu.json"
        let profile = try KerfJSON.decode(Profile.self, from: try Corpus.bytes(file), named: file)
        let domains = profile.meter.domains.filter { $0.role == .external }
        #expect(domains.map(\.identifier) == ["gpu-0", "gpu-1"])
        #expect(profile.meter.totalOf == ["package-0", "package-0/dram"])
    }

    @Test("calibrations", arguments: Corpus.readable("calibrations"))
    func calibrations(file: String) throws { try expectNothingLost(Calibration.self, file) }

    @Test("a profile gives the calibration that it gave", arguments: Corpus.files("profiles"))
    func calibrated(file: String) throws {
        let calibration = try Calibrator.calibrate([.init(name: file, bytes: try Corpus.bytes(file))])
        let now = try Corpus.numbers(try KerfJSON.encode(calibration))
        let then = try Corpus.numbers(try Corpus.bytes(Corpus.reference(for: file)))
        #expect(!then.values.isEmpty)
        // A rating that the roofline of the same profile exceeds is no longer used.
        let isRefuted = calibration.warnings.contains { $0.hasPrefix("Rated speed is not used") }
        let isExplained = { (difference: String) in isRefuted && difference.hasPrefix("rated.flops_per_cycle_per_core")
        }
        #expect(then.differences(from: now, tolerance: 1e-12).filter { !isExplained($0) } == [])
        // Traces of the total of several domains cannot be read; the calibration counts them as left out.
        let added = now.differences(from: then, tolerance: 1e-12).filter {
            !isExplained($0) && (!$0.hasPrefix("rejections[") || !Corpus.tracesOfTheTotal.contains(file))
        }
        #expect(added == [])
    }

    @Test("decisions", arguments: Corpus.readable("decisions"))
    func decisions(file: String) throws { try expectNothingLost(Decision.self, file) }

    /// Each decision is made again from the calibrations that it names by their SHA-256.
    @Test(
        "calibrations give the decision that they gave",
        arguments: Corpus.files("decisions").filter { $0.hasPrefix("decisions/7aaa799-") })
    func decidedAgain(file: String) throws {
        let bytes = try Corpus.bytes(file)
        let old = try KerfJSON.decode(Decision.self, from: bytes, named: file)
        func side(_ side: DecisionSide) throws -> Decider.Side {
            for name in Corpus.readable("calibrations") {
                let bytes = try Corpus.bytes(name)
                guard SHA256.hexDigest(of: bytes) == side.calibrationSha256 else { continue }
                let calibration = try KerfJSON.decode(Calibration.self, from: bytes, named: name)
                return Decider.Side(calibration: calibration, sha256: side.calibrationSha256)
            }
            throw Missing(sha256: side.calibrationSha256)
        }
        let decider = Decider(
            link: old.link, weight: old.weight, steps: old.steps, level: old.level, account: old.energyAccount,
            scope: old.energyScope, limits: old.limits, microBatches: old.microBatches)
        let decision = try decider.decide(device: side(old.device), server: side(old.server))
        #expect(decision.choice == old.choice)
        let now = try Corpus.numbers(try KerfJSON.encode(decision))
        // The search for a frequency ends within a tolerance: the last digits differ.
        let differences = try Corpus.numbers(bytes).differences(from: now, tolerance: 1e-6)
        #expect(differences == [])
    }

    struct Missing: Error { var sha256: String }

    @Test("simulations", arguments: Corpus.files("simulations"))
    func simulations(file: String) throws { try expectNothingLost(SimulationResult.self, file) }

    /// Tables have the columns that they had.
    @Test("rounds of a simulation", arguments: Corpus.files("simulations", ".csv"))
    func rounds(file: String) throws {
        let heading = String(decoding: try Corpus.bytes(file), as: UTF8.self).prefix { $0 != "\n" }
        #expect(heading + "\n" == SimulationCSV.text(seeds: [], tallies: []))
    }

    @Test("self-tests of the estimator", arguments: Corpus.files("selftest"))
    func selftest(file: String) throws { try expectNothingLost(EstimatorReport.self, file) }

    @Test("doctor reports", arguments: Corpus.readable("doctor"))
    func doctor(file: String) throws {
        let bytes = try Corpus.bytes(file)
        let report = try KerfJSON.decode(DoctorReport.self, from: bytes, named: file)
        #expect(!report.probes.isEmpty && !report.energy.backends.isEmpty)
        let old = try Corpus.numbers(bytes, renamed: Corpus.renamedInDoctorReports)
        let new = try Corpus.numbers(Array(try KerfJSON.text(of: report).utf8), renamed: Corpus.renamedInDoctorReports)
        #expect(old.differences(from: new, tolerance: 0) == [])
    }

    @Test(
        "files without a field that was required later",
        arguments: Corpus.withoutRequiredField.sorted { $0.key < $1.key })
    func withoutRequiredField(file: (key: String, value: String)) throws {
        let bytes = try Corpus.bytes(file.key)
        let kind = file.key.prefix { $0 != "/" }
        let error = #expect(throws: KerfError.self) {
            if kind == "doctor" {
                _ = try KerfJSON.decode(DoctorReport.self, from: bytes, named: file.key)
            } else if kind == "decisions" {
                _ = try KerfJSON.decode(Decision.self, from: bytes, named: file.key)
            } else {
                _ = try KerfJSON.decode(Calibration.self, from: bytes, named: file.key)
            }
        }
        #expect(error?.description.contains("no field \(file.value)") == true, "\(String(describing: error))")
    }

    @Test("captures", arguments: Corpus.files("captures", ".tar"))
    func captures(file: String) throws {
        let capture = try Capture(try Corpus.bytes(file), name: file)
        #expect(capture.isVirtualBoard == file.contains("board"))
        func content(_ path: String) throws -> [UInt8] {
            guard case .file(let bytes) = capture.entries[path]?.content else { throw CocoaError(.fileNoSuchFile) }
            return bytes
        }
        let manifest = try JSONDecoder().decode(CaptureManifest.self, from: Data(content(CaptureManifest.path)))
        #expect(manifest.schema == CaptureManifest.schema)
        #expect(manifest.schemaVersion <= CaptureManifest.schemaVersion)
        // The box is read as it was when it was recorded.
        let tree = try FixtureTree()
        try capture.unpack(into: tree.path)
        let (then, now) = (
            try KerfJSON.decode(DoctorReport.self, from: content("kerf/doctor.json"), named: file),
            DoctorReport(root: tree.root)
        )
        #expect(now.energy.domains == then.energy.domains && !now.energy.domains.isEmpty)
        #expect(now.energy.totalFormula == then.energy.totalFormula)
        #expect(now.frequencyPolicies == then.frequencyPolicies)
        #expect(now.pciDevices == then.pciDevices)
        // What is read from a recording is not measured; earlier versions said so.
        #expect(now.origin == (then.origin == .measured ? .recorded : then.origin))
        #expect((VirtualBoard.marker(in: tree.root) != nil) == capture.isVirtualBoard)
    }

    @Test("scenarios", arguments: Corpus.files("scenarios"))
    func scenarios(file: String) throws {
        // With its checks, as `kerf simulate` reads it.
        let scenario = try ScenarioFile(Corpus.path(file)).scenario
        let old = try Corpus.numbers(try Corpus.bytes(file))
        let new = try Corpus.numbers(try KerfJSON.encode(scenario))
        #expect(old.differences(from: new, tolerance: 0) == [])
        for box in [scenario.server] + scenario.devices {
            guard let calibration = box.calibration else { continue }
            _ = try KerfJSON.read(Calibration.self, at: Corpus.path("scenarios/\(calibration)"))
        }
        guard let trace = scenario.channel.trace else { return }
        let text = String(decoding: try Corpus.bytes("scenarios/\(trace.file)"), as: UTF8.self)
        #expect(try Trace(csv: text, named: trace.file).timesSeconds.count == 60)
    }

    @Test("links measured by iperf3")
    func iperf3() throws {
        func read(_ names: String...) throws -> Link {
            try Link(iperf3: try names.map { (name: $0, bytes: try Corpus.bytes("inputs/\($0)")) })
        }
        for link in [try read("iperf3-up.json", "iperf3-down.json"), try read("iperf3-bidir.json")] {
            #expect(link.uplinkBitsPerSecond == 21.5e6 && link.downlinkBitsPerSecond == 78.25e6)
            #expect(abs(link.roundTripSeconds - 0.0142) < 1e-12)
            #expect(link.source == "iperf3 to edge-server" && link.origin == .measured)
            #expect(link.uplinkRelativeHalfWidth != nil && link.downlinkRelativeHalfWidth != nil)
        }
    }

    @Test("update intervals of a counter", arguments: [("package_ms", 399), ("dram_ms", 400)])
    func updateIntervals(column: String, count: Int) throws {
        let file = try UpdateIntervalFile(path: Corpus.path("inputs/update-intervals.csv"), column: column)
        #expect(file.intervalsSeconds.count == count && file.skippedRows == 400 - count)
        #expect(abs(file.intervalsSeconds.reduce(0, +) / Double(count) - 1e-3) < 5e-5)
    }

    @Test("recorded rates of a channel", arguments: ["channel-trace.csv", "channel-trace-one-rate.csv"])
    func channelTraces(name: String) throws {
        let text = String(decoding: try Corpus.bytes("inputs/\(name)"), as: UTF8.self)
        let trace = try Trace(csv: text, named: name)
        #expect(trace.timesSeconds == (0..<60).map(Double.init))
        #expect(trace.uplinkBitsPerSecond.first == 25_037_147)
        #expect((trace.uplinkBitsPerSecond == trace.downlinkBitsPerSecond) == name.contains("one-rate"))
    }
}
