import CARD
import Calibration
import ModelFiles
import ProfileFormat
import Quantities
import SystemIO
import SystemPackage
import Workload

/// A scenario with the files that it names: model, calibrations, trace.
package struct ScenarioFile {
    package let scenario: Scenario
    package let sha256: String
    /// For messages.
    private let path: String
    private let folder: FilePath

    /// - Parameter name: a shipped scenario's name, or a path.
    package init(_ name: String) throws {
        let path = Self.path(of: name)
        let read = try Self.read(path, name)
        scenario = read.file
        sha256 = read.sha256
        folder = path.removingLastComponent()
        self.path = path.string
        do throws(KerfError) { try scenario.check() } catch { throw Self.located(error, path.string) }
    }

    /// Every file that the scenario is read from.
    package var inputs: [String] {
        let calibrations = ([scenario.server] + scenario.devices).compactMap(\.calibration)
        let named = calibrations + [scenario.channel.trace?.file].compactMap(\.self)
        return [path, scenario.model] + named.map { folder.pushing(FilePath($0)).string }
    }

    /// The error with the scenario's file.
    private static func located(_ error: KerfError, _ path: String) -> KerfError {
        var error = error
        error.location = path
        return error
    }

    private static var shippedNames: [String] {
        (try? ShippedProfiles.locate())?.names(in: "scenarios", extension: "json") ?? []
    }

    private static func path(of name: String) -> FilePath {
        guard shippedNames.contains(name), let shipped = try? ShippedProfiles.locate() else { return FilePath(name) }
        return shipped.file("scenarios", name + ".json")
    }

    private static func read(_ path: FilePath, _ name: String) throws(KerfError) -> (file: Scenario, sha256: String) {
        do {
            return try KerfJSON.read(Scenario.self, at: path.string)
        } catch  where error.code == .noSuchFile && !name.contains("/") {
            throw KerfError(
                .noSuchFile, at: PlainText.shown(name), "no such scenario",
                remedy: "known are \(shippedNames.joined(separator: ", ")); a path to a file works too")
        }
    }

    /// - Throws: ``KerfError`` for a box, model or trace that is missing or does not fit.
    package func fleet(level: ModelLevel) throws -> (fleet: Fleet, assumptions: [String]) {
        let blocks = try modelAndLayers().0.blockCount
        guard (0...blocks).contains(scenario.minimumCut ?? 0) else {
            throw KerfError(
                .unusableData, at: path,
                "scenario \(PlainText.quoted(scenario.name)): minimum_cut must be between 0 and \(blocks), the model's "
                    + "blocks")
        }
        let server = try calibration(scenario.server, settable: true)
        // The channel's rates replace this link's.
        let link = try Link(
            uplinkBitsPerSecond: 1, downlinkBitsPerSecond: 1, roundTripSeconds: scenario.channel.roundTripSeconds,
            origin: .simulated, source: "the simulated channel")
        let models = try scenario.devices.map { device in
            let limits = CutLimits(
                deviceMemoryBytes: device.memoryBytes, serverMemoryBytes: scenario.server.memoryBytes,
                minimumCut: scenario.minimumCut ?? 0)
            let decider = Decider(
                link: link, weight: scenario.weight, steps: scenario.steps, level: level, limits: limits,
                microBatches: scenario.microBatches ?? 1)
            return try decider.model(device: try calibration(device, settable: false), server: server)
        }
        var assumptions = scenario.assumed
        for sentence in models.flatMap(\.assumptions) where !assumptions.contains(sentence) {
            assumptions.append(sentence)
        }
        let rates = try channel()
        if case .trace(let trace, _) = rates { assumptions += trace.notes }
        return (try Fleet(models: models, channel: rates), assumptions)
    }

    private func calibration(_ box: ScenarioBox, settable: Bool) throws -> Calibration {
        if let path = box.calibration {
            let place = folder.pushing(FilePath(path)).string
            let calibration = try KerfJSON.read(Calibration.self, at: place).file
            try check(calibration, at: place)
            return calibration
        }
        guard let rated = box.rated else {
            throw KerfError(.unusableData, at: path, "\(box.name): neither calibration nor rated")
        }
        let (model, layers) = try modelAndLayers()
        return RatedCalibration.of(
            rated, name: box.name, model: model, workload: try workload(), layers: layers, settable: settable)
    }

    /// Checks that a calibration has the scenario's model and workload.
    private func check(_ calibration: Calibration, at path: String) throws {
        let model = try modelAndLayers().0
        func refuse(_ found: String, _ asked: String) -> KerfError {
            KerfError(
                .unusableData,
                "\(PlainText.shown(path)): is a calibration of \(found), the scenario trains \(asked)",
                remedy: "profile the box for the scenario's training step, or change the scenario")
        }
        let found = calibration.model
        guard found.ignoringWeights == model.ignoringWeights else {
            throw refuse(
                "\(PlainText.quoted(found.name)) with \(found.blockCount) blocks",
                "\(PlainText.quoted(model.name)) with \(model.blockCount)")
        }
        let (measured, asked) = (calibration.workload, try workload())
        guard measured.batch == asked.batch, measured.sequence == asked.sequence, measured.loraRank == asked.loraRank,
            measured.loraTargets == asked.loraTargets
        else { throw refuse(measured.summary, asked.summary) }
    }

    private func workload() throws -> WorkloadDescription {
        let asked = scenario.workload
        return WorkloadDescription(
            batch: asked.batch, sequence: asked.sequence, loraRank: asked.loraRank,
            loraAlpha: Double(2 * asked.loraRank),
            loraTargets: try targets(), dtype: .f32, threads: 1)
    }

    private func targets() throws -> [Projection] {
        try scenario.workload.loraTargets.map { name in
            guard let target = Projection(rawValue: name) else {
                throw KerfError(
                    .unusableData, at: path, "workload.lora_targets: \(PlainText.quoted(name)) is not a projection",
                    remedy: "use q, k, v, o, gate, up or down")
            }
            return target
        }
    }

    private func modelAndLayers() throws -> (ModelDescription, [LayerDescription]) {
        let config = try ModelReference.resolve(scenario.model)
        let asked = scenario.workload
        let cost = LayerCost(
            model: config,
            lora: LoRAConfiguration(rank: asked.loraRank, alpha: Double(2 * asked.loraRank), targets: try targets()),
            batch: BatchShape(batch: asked.batch, sequence: asked.sequence))
        let model = ModelDescription(config, weightsKind: .random, weightsOrigin: "none: rated values")
        // A rated box is assumed to store its weights once, in f32.
        let layers = LayerDescription.all(cost).map { layer in
            var layer = layer
            layer.memory = LayerMemory(
                cost.memory(layer: layer.index, format: .f32, layout: .plain, threadCount: 1))
            return layer
        }
        return (model, layers)
    }

    private func channel() throws -> FleetChannel {
        if let radio = scenario.channel.radio { return .radio(radio) }
        guard let trace = scenario.channel.trace else { throw KerfError(.unusableData, at: path, "no channel") }
        guard trace.roundSeconds > 0, trace.roundSeconds <= 1e9 else {
            throw KerfError(
                .unusableData, at: path, "channel.trace.round_seconds must be above 0 and at most 1e9")
        }
        let place = folder.pushing(FilePath(trace.file)).string
        let bytes = try FileBytes.read(place, limit: 64 << 20)
        return .trace(try Trace(csv: bytes, named: place), roundSeconds: trace.roundSeconds)
    }
}

extension WorkloadDescription {
    fileprivate var summary: String {
        "batch \(batch), sequence \(sequence), LoRA rank \(loraRank) on \(loraTargetNames)"
    }
}
