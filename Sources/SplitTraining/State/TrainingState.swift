import FoundationEssentials
import ModelFiles
import SystemIO
import TransformerKernels
import Workload

/// What a server keeps of a training between turns: everything that the next turn depends on.
///
/// Training is deterministic, so a turn that was not committed is simply run again from this state, with the same
/// result.
package struct TrainingState: Sendable, Hashable {
    package var settings: TrainingSettings
    /// The model and its weights.
    package var model: [RunTerm]
    /// Optimizer steps of the whole model.
    package var modelSteps = 0
    /// Turns that were committed.
    package var turns = 0
    /// By name.
    package var devices: [String: DeviceProgress] = [:]
    /// One for each block, in order.
    package var blocks: [AdapterState]

    package init(settings: TrainingSettings, model: [RunTerm], blocks: [AdapterState]) {
        self.settings = settings
        self.model = model
        self.blocks = blocks
    }
}

/// How far a device has come.
package struct DeviceProgress: Sendable, Hashable, Codable {
    /// Digest of the device's data, so that its order is not continued on other data.
    package var dataSHA256: String
    /// The loss of each of its committed optimizer steps; not a number where the training diverged.
    package var losses: [Double] = []

    /// Committed optimizer steps, which are also the position in the device's data.
    package var steps: Int { losses.count }

    package init(dataSHA256: String) { self.dataSHA256 = dataSHA256 }
}

extension TrainingState {
    /// The part that is not tensors, kept in the file's metadata.
    private struct Record: Codable {
        var version: Int
        var settings: TrainingSettings
        var model: [RunTerm]
        var modelSteps: Int
        var turns: Int
        var devices: [String: DeviceProgress]
    }

    private static let version = 1
    private static let key = "kerf.split_state"
    /// The most steps of all devices together: a header holds their losses.
    package static let maximumSteps = 500_000

    /// Committed steps of all devices.
    var committedSteps: Int { devices.values.reduce(0) { $0 + $1.steps } }

    /// The state as a safetensors file: tensors `parameters.K`, `first_moments.K` and `second_moments.K` of each block
    /// from 0, and the rest as JSON in the metadata.
    package func file() throws -> [UInt8] {
        var encoding = SafetensorsEncoding()
        for (index, block) in blocks.enumerated() {
            for (name, values) in Self.tensors(of: block) {
                encoding.append("\(name).\(index)", shape: [values.count], values)
            }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let record = try encoder.encode(
            Record(
                version: Self.version, settings: settings, model: model, modelSteps: modelSteps, turns: turns,
                devices: devices))
        encoding.metadata[Self.key] = String(decoding: record, as: UTF8.self)
        return try encoding.bytes()
    }

    /// Reads a state.
    ///
    /// - Throws: ``KerfError``: the file is malformed, of another version, or does not fit the model.
    package init(path: String, config: ModelConfig) throws {
        let file = try SafetensorsTensors(path: path)
        guard let text = file.metadata[Self.key] else {
            throw KerfError(.wrongSchema, at: path, "is not the state of a split training")
        }
        try JSONOutline.checkKeys(of: Array(text.utf8), file: path)
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let record: Record
        do { record = try decoder.decode(Record.self, from: Data(text.utf8)) } catch {
            throw KerfError(
                .malformed, at: path, "has a record that cannot be read",
                remedy: "use the version of Kerf that wrote it, or start a new training")
        }
        guard record.version == Self.version else {
            throw KerfError(.wrongSchema, at: path, "has version \(record.version); this Kerf reads \(Self.version)")
        }
        try record.settings.check()
        let count = AdapterLayout(model: config, lora: record.settings.lora).count
        let blocks = try (0..<config.blockCount).map { index in
            func read(_ name: String) throws -> [Float] { try file.read("\(name).\(index)", shape: [count]) }
            return AdapterState(
                parameters: try read("parameters"), firstMoments: try read("first_moments"),
                secondMoments: try read("second_moments"))
        }
        self.init(settings: record.settings, model: record.model, blocks: blocks)
        modelSteps = record.modelSteps
        turns = record.turns
        devices = record.devices
    }

    private static func tensors(of block: AdapterState) -> [(String, [Float])] {
        [
            ("parameters", block.parameters), ("first_moments", block.firstMoments),
            ("second_moments", block.secondMoments),
        ]
    }
}
