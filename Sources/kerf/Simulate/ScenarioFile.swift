import CARD
import Calibration
import ModelFiles
import Simulation
import Statistics
import SystemPackage
import TransformerKernels

/// A scenario with everything that it names: model, calibrations, trace.
struct ScenarioFile {
    let scenario: Scenario
    let sha256: String
    private let folder: FilePath

    /// - Parameter name: a shipped scenario's name, or a path.
    init(_ name: String) throws {
        let path = Self.path(of: name)
        let read = try Self.read(path, name)
        scenario = read.file
        sha256 = read.sha256
        folder = path.removingLastComponent()
        try scenario.check()
    }

    private static var shippedNames: [String] {
        (try? ShippedProfiles.locate())?.names(in: "scenarios", extension: "json") ?? []
    }

    private static func path(of name: String) -> FilePath {
        guard shippedNames.contains(name), let shipped = try? ShippedProfiles.locate() else { return FilePath(name) }
        return shipped.file("scenarios", name + ".json")
    }

    private static func read(_ path: FilePath, _ name: String) throws(KerfFileError) -> (file: Scenario, sha256: String)
    {
        do {
            return try KerfJSON.read(Scenario.self, at: path.string)
        } catch  where error.code == .missing && !name.contains("/") {
            throw KerfFileError(
                .missing, file: PlainText.shown(name), "no such scenario",
                remedy: "known are \(shippedNames.joined(separator: ", ")); a path to a file works too")
        }
    }

    /// - Throws: a box, model or trace that is not there or does not fit.
    func fleet(rung: Rung) throws -> (fleet: Fleet, assumptions: [String]) {
        let server = try calibration(scenario.server, settable: true)
        // The channel's rates take the place of this link's.
        let link = try Link(
            uplinkBitsPerSecond: 1, downlinkBitsPerSecond: 1, roundTripSeconds: scenario.channel.roundTripSeconds,
            origin: .simulated, source: "the simulated channel")
        let decider = Decider(link: link, weight: scenario.weight, steps: scenario.steps, rung: rung)
        let models = try scenario.devices.map { device in
            try decider.model(device: try calibration(device, settable: false), server: server)
        }
        return (try Fleet(models: models, channel: try channel()), scenario.assumed + (models.first?.assumptions ?? []))
    }

    private func calibration(_ box: ScenarioBox, settable: Bool) throws -> Calibration {
        if let path = box.calibration {
            return try KerfJSON.read(Calibration.self, at: folder.pushing(FilePath(path)).string).file
        }
        guard let rated = box.rated else { throw KerfFailure(.badData, "\(box.name): neither calibration nor rated") }
        let (model, layers) = try modelAndLayers()
        return RatedCalibration.of(
            rated, name: box.name, model: model, workload: workload, layers: layers, settable: settable)
    }

    private var workload: WorkloadDescription {
        let asked = scenario.workload
        return WorkloadDescription(
            batch: asked.batch, sequence: asked.sequence, loraRank: asked.loraRank,
            loraAlpha: Double(2 * asked.loraRank),
            loraTargets: asked.loraTargets, dtype: "f32", threads: 1)
    }

    private func modelAndLayers() throws -> (ModelDescription, [LayerDescription]) {
        let config = try ModelReference.resolve(scenario.model)
        let asked = scenario.workload
        let targets = try asked.loraTargets.map { name in
            guard let target = Projection(rawValue: name) else {
                throw KerfFailure(.badData, "scenario: workload.lora_targets: \(PlainText.quoted(name)) is none known")
            }
            return target
        }
        let cost = LayerCost(
            model: config,
            lora: LoRAConfiguration(rank: asked.loraRank, alpha: Double(2 * asked.loraRank), targets: targets),
            batch: BatchShape(batch: asked.batch, sequence: asked.sequence))
        let model = ModelDescription(config, weightsKind: "random", weightsOrigin: "none: rated figures")
        return (model, LayerDescription.all(cost))
    }

    private func channel() throws -> FleetChannel {
        if let radio = scenario.channel.radio { return .radio(radio) }
        guard let trace = scenario.channel.trace else { throw KerfFailure(.badData, "scenario: no channel") }
        guard trace.roundSeconds > 0, trace.roundSeconds <= 1e9 else {
            throw KerfFailure(.badData, "scenario: channel.trace.round_seconds must be above 0 and at most 1e9")
        }
        let path = folder.pushing(FilePath(trace.file)).string
        let text = String(decoding: try FileBytes.read(path, limit: 64 << 20), as: UTF8.self)
        return .trace(try Trace(csv: text, named: path), roundSeconds: trace.roundSeconds)
    }
}
