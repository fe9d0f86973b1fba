import CARD
import SystemIO

/// A simulation's input: a fleet of devices that take turns, one server, their channel and the training workload.
package struct Scenario: Codable, Sendable, KerfFile {
    package static let schema = "kerf.scenario"
    package static let schemaVersion = 2
    package static let oldestReadableVersion = 1
    package static var remedy: Remedy { "see Profiles/scenarios for examples" }
    package static func renamedKeys(from version: Int) -> [String: String] { ["rung": "level"] }

    package var schema: String = Scenario.schema
    package var schemaVersion: Int = Scenario.schemaVersion
    package var name: String
    package var description: String
    /// A shipped model or the path of a `config.json`.
    package var model: String
    package var workload: ScenarioWorkload
    /// Local steps of a round.
    package var steps: Int
    /// Weight of delay, 0 to 1.
    package var weight: Double
    package var level: ModelLevel
    /// Blocks that must stay on the device, for privacy; used from level D on. Absent is 0.
    package var minimumCut: Int?
    /// Parts of a batch that pass through device, link and server as a pipeline; used at level E. Absent is 1, no
    /// overlap.
    package var microBatches: Int?
    package var server: ScenarioBox
    /// The kinds of devices; a fleet has equal numbers of each.
    package var devices: [ScenarioBox]
    package var channel: ScenarioChannel
    /// Assumptions without a source, one sentence each.
    package var assumed: [String]
}

/// The training step.
package struct ScenarioWorkload: Codable, Sendable, Hashable {
    package var batch: Int
    package var sequence: Int
    package var loraRank: Int
    package var loraTargets: [String]
}

/// A box: measured, by its calibration, or rated, by its specification.
package struct ScenarioBox: Codable, Sendable, Hashable {
    package var name: String
    /// Path of a calibration, from the scenario's folder.
    package var calibration: String?
    package var rated: RatedBox?
    /// Memory for the box's layers; used from level D on. Absent is no limit.
    package var memoryBytes: Double?
}

/// A box by its public specification. Nothing is measured.
package struct RatedBox: Codable, Sendable, Hashable {
    /// f32 operations per second at the highest frequency.
    package var operationsPerSecond: Double
    package var minimumHertz: Double
    package var maximumHertz: Double
    /// Rated power at the highest frequency.
    package var powerWatts: Double
    /// Share of the rated operations that training reaches, equal for all layers; 1 in the paper.
    package var efficiency: Double
    /// Source of the values.
    package var source: String
}

/// Source of the link rates: a radio cell or a recorded trace.
package struct ScenarioChannel: Codable, Sendable, Hashable {
    package var radio: RadioChannel?
    package var trace: TraceChannel?
    package var roundTripSeconds: Double
}

extension Scenario {
    /// - Throws: ``KerfError/Code/incomplete`` naming the field.
    package func check() throws(KerfError) {
        func refuse(_ field: String, _ why: String) -> KerfError {
            KerfError(.incomplete, "scenario \(PlainText.quoted(name)): \(field) \(why)")
        }
        guard !devices.isEmpty else { throw refuse("devices", "is empty: a fleet needs at least one kind of device") }
        guard weight >= 0, weight <= 1 else { throw refuse("weight", "must be between 0 and 1") }
        guard steps >= 1, steps <= 1_000_000 else { throw refuse("steps", "must be between 1 and 1000000") }
        let sizes = [workload.batch, workload.sequence, workload.loraRank]
        guard sizes.allSatisfy({ (1...1_000_000).contains($0) }) else {
            throw refuse("workload", "needs a batch, sequence and lora_rank of at least 1")
        }
        let parts = microBatches ?? 1
        guard parts >= 1, workload.batch % parts == 0 else {
            throw refuse("micro_batches", "must divide the batch of \(workload.batch)")
        }
        guard channel.roundTripSeconds >= 0, channel.roundTripSeconds <= 3600 else {
            throw refuse("channel.round_trip_seconds", "must be between 0 and 3600")
        }
        guard (channel.radio == nil) != (channel.trace == nil) else {
            throw refuse("channel", "needs one of radio and trace")
        }
        try channel.radio?.check(refuse)
        for (place, box) in [("server", server)] + devices.map({ ("device \(PlainText.quoted($0.name))", $0) }) {
            guard (box.calibration == nil) != (box.rated == nil) else {
                throw refuse(place, "needs one of calibration and rated")
            }
            if let memory = box.memoryBytes, !(memory > 0 && memory <= 1e18) {
                throw refuse(place, "has memory_bytes that are not between 0 and 1e18")
            }
            guard let rated = box.rated else { continue }
            let values = [rated.operationsPerSecond, rated.minimumHertz, rated.maximumHertz, rated.powerWatts]
            guard values.allSatisfy({ $0 > 0 && $0 <= 1e18 }), rated.minimumHertz <= rated.maximumHertz,
                rated.efficiency > 0, rated.efficiency <= 1
            else {
                throw refuse(
                    place, "has a rated value that is not above zero, or frequencies or an efficiency out of range")
            }
        }
    }
}
