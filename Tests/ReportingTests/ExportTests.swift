import CARD
import Calibration
import Foundation
import ProfileFormat
import Quantities
import Simulation
import SplitTraining
import Statistics
import SystemIO
import TestSupport
import Testing
import Validation
import Workload

@testable import Reporting

/// Files of earlier versions, see Tests/Corpus/README.md, and the manual's.
enum ExportedFiles {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func bytes(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: root.appending(path: path)))
    }

    /// Files of the first Kerf lack fields that are required since.
    static func old(_ folder: String) -> [String] {
        let path = "Tests/Corpus/\(folder)"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: path).path)) ?? []
        return names.filter { $0.hasSuffix(".json") && (folder == "profiles" || !$0.hasPrefix("33f0510")) }.sorted()
            .map { "\(path)/\($0)" }
    }

    static let profiles = old("profiles")
    static let all =
        profiles + ["calibrations", "decisions", "simulations"].flatMap(old)
        + ["profile", "device", "server"].map { "docs/examples/\($0).json" }
}

/// What any export has to be.
private func expectComplete(
    _ export: CSVExport, of bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation
) throws {
    var cells: Set<Double> = []
    for table in export.tables {
        let parsed = try ParsedCSV(table.bytes)
        #expect(parsed.columns == table.columns.map(\.name), sourceLocation: sourceLocation)
        #expect(Set(parsed.columns).count == parsed.columns.count, "\(table.name)", sourceLocation: sourceLocation)
        #expect(parsed.rows.count == table.rowCount, sourceLocation: sourceLocation)
        #expect(table.columns.allSatisfy { !$0.meaning.isEmpty } && !table.row.isEmpty, sourceLocation: sourceLocation)
        for row in parsed.rows { cells.formUnion(row.compactMap(Double.init)) }
    }
    let described = try export.table("columns")
    let listed = zip(try described.column("file"), try described.column("column")).map { "\($0) \($1)" }
    let actual = export.tables.dropLast().flatMap { table in table.columns.map { "\(table.fileName) \($0.name)" } }
    #expect(listed == actual, sourceLocation: sourceLocation)
    // No number of the file is lost.
    let lost = try JSONDecoder().decode(JSONTree.self, from: Data(bytes)).numbers.subtracting(cells).sorted().prefix(5)
    #expect(lost == [], sourceLocation: sourceLocation)
}

/// A JSON value, of which the numbers count. `JSONSerialization` would round them.
private indirect enum JSONTree: Decodable {
    case number(Double)
    case list([JSONTree])
    case object([String: JSONTree])
    case other

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if (try? container.decode(Bool.self)) != nil {
            self = .other
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let list = try? container.decode([JSONTree].self) {
            self = .list(list)
        } else if let object = try? container.decode([String: JSONTree].self) {
            self = .object(object)
        } else {
            self = .other
        }
    }

    var numbers: Set<Double> {
        switch self {
        case .number(let number): [number]
        case .list(let list): list.reduce(into: []) { $0.formUnion($1.numbers) }
        case .object(let object): object.values.reduce(into: []) { $0.formUnion($1.numbers) }
        case .other: []
        }
    }
}

@Suite("Export of files")
struct ExportTests {
    @Test("files of every version: tables are whole, and no number is lost", arguments: ExportedFiles.all)
    func complete(path: String) throws {
        var bytes = try ExportedFiles.bytes(path)
        let export = try CSVExport(bytes, named: path)
        if path.hasSuffix("profiles/a49cba0-board.json") {
            // Traces of one energy for several domains cannot be used; their count is among the rejections.
            #expect(try export.table("step_traces").rows.isEmpty)
            #expect(
                try export.table("rejections").column("reason").contains {
                    $0.hasPrefix("step trace of file version 1")
                })
            var profile = try KerfJSON.decode(Profile.self, from: bytes, named: path)
            profile.stepTraces = nil
            bytes = try KerfJSON.encode(profile)
        }
        try expectComplete(export, of: bytes)
        #expect(
            try CSVExport(try ExportedFiles.bytes(path), named: path).tables.map(\.bytes) == export.tables.map(\.bytes))
    }

    @Test("means of the marked samples are the calibration's", arguments: ExportedFiles.profiles)
    func means(path: String) throws {
        let bytes = try ExportedFiles.bytes(path)
        let calibration = try Calibrator.calibrate([.init(name: path, bytes: bytes)])
        let export = try CSVExport(bytes, named: path)
        let times = try export.table("layer_times")
        let (layers, directions) = (try times.column("layer"), try times.column("direction"))
        let (used, seconds) = (try times.column("used_by_fit"), try times.numbers("seconds"))
        var samples: [LayerPass: [Double]] = [:]
        for row in used.indices where used[row] == "TRUE" {
            let pass = LayerPass(
                layer: try #require(Int(layers[row])), direction: try #require(Direction(rawValue: directions[row])))
            samples[pass, default: []].append(try #require(seconds[row]))
        }
        #expect(samples.count >= 5)
        for (pass, seconds) in samples {
            let layer = calibration.layers[pass.layer]
            let fitted = (pass.direction == .forward ? layer.forward : layer.backward).timeSeconds.value ?? 0
            let mean = seconds.reduce(0, +) / Double(seconds.count)
            #expect(abs(mean - fitted) <= 1e-9 * fitted, "\(pass)")
        }
        let steps = try export.table("steps")
        let ofSteps = zip(try steps.column("used_by_fit"), try steps.numbers("seconds")).filter { $0.0 == "TRUE" }
            .compactMap(\.1)
        let step = try #require(calibration.step.timeSeconds.value)
        #expect(abs(ofSteps.reduce(0, +) / Double(ofSteps.count) - step) <= 1e-9 * step)
    }

    @Test("a window has a row for each domain, and the counted ones add up to its energy")
    func windows() throws {
        let profile = SyntheticProfile().make()
        let export = try CSVExport(try KerfJSON.encode(profile), named: "p.json")
        let table = try export.table("energy_windows")
        #expect(table.rows.count == profile.energyWindows.count * 4)
        var totals = [Double](repeating: 0, count: profile.energyWindows.count)
        let (windows, joules) = (try table.column("window").map(Int.init), try table.numbers("joules"))
        for (row, counted) in try table.column("counted").enumerated() where counted == "TRUE" {
            totals[try #require(windows[row])] += try #require(joules[row])
        }
        for (total, window) in zip(totals, profile.energyWindows) {
            #expect(total == profile.meter.totalOf.reduce(0) { $0 + (window.joules[$1] ?? 0) })
        }
        #expect(Set(try table.column("origin")) == ["simulated"])
        #expect(Set(try table.column("work_seconds")) == [""], "what is missing is empty, not zero")
        #expect(Set(try export.table("layer_times").column("origin")) == ["measured"])
    }

    @Test("a sweep's samples have the frequency that was set")
    func sweep() throws {
        let path = "Tests/Corpus/profiles/7aaa799-sweep.json"
        let bytes = try ExportedFiles.bytes(path)
        let sweep = try #require(try KerfJSON.decode(Profile.self, from: bytes, named: path).frequencySweep)
        let steps = try CSVExport(bytes, named: path).table("sweep_steps")
        #expect(steps.rows.count == sweep.visits.reduce(0) { $0 + $1.steps.count })
        let hertz = zip(try steps.column("visit").compactMap(Int.init), try steps.numbers("set_hertz"))
        for (visit, hertz) in hertz { #expect(sweep.visits[visit].hertz == hertz) }
        #expect(Set(try steps.column("group")).count == 2, "the whole box and one kind of core")
        #expect(Set(try steps.column("origin")) == ["simulated"])
    }

    @Test("quantities and reasons of a calibration")
    func calibration() throws {
        var planted = SyntheticProfile()
        planted.origin = .unavailable
        let calibration = try Calibration.planted(planted)
        let export = try CSVExport(try KerfJSON.encode(calibration), named: "c.json")
        let passes = try export.table("passes")
        #expect(Set(try passes.column("net_energy_joules").prefix(1)) == [""])
        #expect(try passes.column("net_energy_origin")[0] == "unavailable")
        #expect(try passes.column("net_energy_reason")[0].hasPrefix("powercap is absent"))
        #expect(try passes.numbers("time_seconds")[2] == calibration.layers[1].forward.timeSeconds.value)
        #expect(try passes.numbers("time_lower_seconds")[2] == calibration.layers[1].forward.timeSeconds.lower)
        let quantities = try export.table("quantities")
        let step = try #require(quantities.rows.first { $0[0] == "step.time_seconds" })
        #expect(Double(step[1]) == calibration.step.timeSeconds.value)
        #expect(try export.table("fields").rows.contains { $0 == ["workload.sequence", "128"] })
    }

    @Test("a calibration over several workloads has every value of its functions")
    func workloads() throws {
        let inputs = try [64, 128].map { sequence in
            let profile = SyntheticWorkload(sequence: sequence).make()
            return Calibrator.Input(name: "\(sequence).json", bytes: try KerfJSON.encode(profile))
        }
        let calibration = try Calibrator.calibrate(inputs, of: WorkloadChoice(sequence: 96))
        let laws = try #require(calibration.workloadLaws)
        let bytes = try KerfJSON.encode(calibration)
        let export = try CSVExport(bytes, named: "c.json")
        try expectComplete(export, of: bytes)
        let passes = try export.table("workload_passes")
        #expect(passes.rows.count == 2 * laws.passes.count)
        #expect(try passes.column("sequence").prefix(2) == ["64", "128"])
        #expect(try passes.numbers("time_seconds").prefix(2) == laws.passes[0].timeSeconds.map(\.value).prefix(2))
        #expect(try export.table("workload_steps").numbers("time_seconds") == laws.step.timeSeconds.map(\.value))
        #expect(try export.table("workload_profiles").column("sha256").count == 2)
    }

    @Test("decisions of several boxes: each pair's alternatives have the pair's names")
    func pairs() throws {
        let side = Decider.Side(
            calibration: try Calibration.planted(SyntheticProfile()), sha256: String(repeating: "0", count: 64))
        let link = try Link(parsing: "up=20mbit,down=80mbit,rtt=20ms")
        func boxes(_ names: String...) -> [PairsDecider.Box] { names.map { .init(name: $0, side: side) } }
        let decisions = try PairsDecider(
            decider: Decider(link: link), devices: boxes("phone", "=tablet"), servers: boxes("edge", "a,b"),
            links: Array(repeating: link, count: 4)
        ).decide()
        let export = try CSVExport(try KerfJSON.encode(decisions), named: "d.json")
        let pairs = try export.table("pairs")
        #expect(try pairs.column("device") == ["phone", "phone", "=tablet", "=tablet"])
        #expect(try pairs.column("server") == ["edge", "a,b", "edge", "a,b"])
        #expect(try pairs.column("cut") == decisions.pairs.map { "\($0.decision?.choice.cut ?? -1)" })
        let cuts = try export.table("cuts")
        let all = decisions.pairs.compactMap(\.decision).flatMap(\.cuts)
        #expect(try cuts.numbers("delay_seconds") == all.map(\.delaySeconds.value))
        #expect(try cuts.column("chosen").count { $0 == "TRUE" } == 4)
        // One pair's decision by itself has the same rows without the names.
        let alone = try CSVExport(
            try KerfJSON.encode(try #require(decisions.pairs[0].decision)), named: "d.json"
        ).table("cuts")
        #expect(cuts.rows.filter { $0[0] == "phone" && $0[1] == "edge" }.map { Array($0.dropFirst(2)) } == alone.rows)
        #expect(try export.table("rounds").numbers("cost") == decisions.round.servers.map(\.cost))
        #expect(try export.table("boxes").rows.count == 4 && export.table("device_choices").rows.count == 2)
    }

    @Test("a link, a run and a validation")
    func otherKinds() throws {
        let link = try KerfJSON.encode(Self.link)
        let ofLink = try CSVExport(link, named: "link.json")
        try expectComplete(ofLink, of: link)
        #expect(try ofLink.table("transfers").numbers("seconds") == [0.25, 0.5, 0.75])

        let run = try KerfJSON.encode(Self.run)
        let ofRun = try CSVExport(run, named: "run.json")
        try expectComplete(ofRun, of: run)
        #expect(try ofRun.table("steps").column("step") == ["1", "2", "3"])
        #expect(try ofRun.table("steps").numbers("loss_nats") == [2.5, nil, 1.5])

        let report = try ValidationTextTests().report(blocks: 3)
        let validation = try KerfJSON.encode(report)
        let ofValidation = try CSVExport(validation, named: "validation.json")
        try expectComplete(ofValidation, of: validation)
        #expect(try ofValidation.table("points").rows.count == report.points.count * Term.allCases.count)
        #expect(try ofValidation.table("rounds").numbers("delay_seconds") == report.rounds.map(\.delaySeconds))
    }

    private static var link: LinkProfile {
        let known = Quantity(value: 0.5, lower: 0.25, upper: 0.75, confidence: 0.95, count: 3, origin: .measured)
        return LinkProfile(
            created: "2026-01-01T00:00:00Z", server: "edge:1", origin: .measured, shape: nil, socket: LinkSocket(),
            settings: LinkSettings(
                budgetSeconds: 10, idleSeconds: 1, seed: 7, trainingBytes: [4096], windowBytes: 65_536, chunkBytes: 1024
            ),
            roundTripSeconds: known,
            laws: [
                LinkLaw(
                    direction: .up, condition: .cold, latencySeconds: known, bitsPerSecond: known,
                    points: [
                        LinkPoint(
                            bytes: 4096, timeSeconds: known, residualRatio: 0.125, sampleSeconds: [0.25, 0.5, 0.75])
                    ])
            ], warnings: ["slow"])
    }

    private static var run: SplitRun {
        var turn = DeviceSession.Turn()
        (turn.number, turn.cut, turn.firstStep, turn.stepSeconds) = (1, 2, 0, [1.25, 1.5, 1.75])
        let data = TrainingDataSource(name: "data.ids", sha256: String(repeating: "0", count: 64), tokens: 100)
        return SplitRun(
            model: "tiny", weights: "random:1", data: data, settings: TrainingSettings(), cut: 2, linkShape: nil,
            deviceMeter: nil, serverMeter: nil, losses: [2.5, .nan, 1.5], turns: [turn], reconnections: 0)
    }

    @Test("what has no tables, is damaged, or is of a later Kerf is refused in one line")
    func refused() throws {
        for (text, says) in [
            ("", "empty"), ("{", "JSON"), (#"{"schema": "kerf.doctor", "schema_version": 1}"#, "no tables"),
            (#"{"schema": "a\nb", "schema_version": 1}"#, "a?b"),
            (#"{"schema": "kerf.profile", "schema_version": 99}"#, "99"),
            (#"{"schema": "kerf.calibration", "schema_version": 2}"#, "damaged"), ("[]", "x.json"),
        ] {
            let error = #expect(throws: KerfError.self) { try CSVExport(Array(text.utf8), named: "x.json") }
            let message = error.map { "\($0)" } ?? ""
            #expect(message.contains(says) && message.contains("x.json") && !message.contains("\n"), "\(message)")
        }
        var profile = SyntheticProfile().make()
        profile.layerTimes[1].seconds.removeLast()
        let bytes = try KerfJSON.encode(profile)
        #expect(throws: KerfError.self) { try CSVExport(bytes, named: "x.json") }
    }
}
