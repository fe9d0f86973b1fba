public import CARD
public import Calibration

/// What is simulated: a fleet of devices that take turns, one server, their channel, and the training they do.
public struct Scenario: Codable, Sendable, KerfFile {
    public static let schema = "kerf.scenario"
    public static let schemaVersion = 1
    public static var remedy: String { "see Profiles/scenarios for examples" }

    public var schema: String = Scenario.schema
    public var schemaVersion: Int = Scenario.schemaVersion
    public var name: String
    public var description: String
    /// A shipped model or the path of a `config.json`.
    public var model: String
    public var workload: ScenarioWorkload
    /// Local steps of a round.
    public var steps: Int
    /// Of delay.
    public var weight: Double
    public var rung: Rung
    /// Blocks that must stay on the device, for privacy; counts from rung D on. Absent is 0.
    public var minimumCut: Int?
    /// Parts of a batch that go through device, link and server in a pipeline; counts at rung E. Absent is 1, no overlap.
    public var microBatches: Int?
    public var server: ScenarioBox
    /// The kinds of devices; a fleet has as many of each as of any other.
    public var devices: [ScenarioBox]
    public var channel: ScenarioChannel
    /// What was assumed for want of a source, one sentence each.
    public var assumed: [String]
}

/// The training step.
public struct ScenarioWorkload: Codable, Sendable, Hashable {
    public var batch: Int
    public var sequence: Int
    public var loraRank: Int
    public var loraTargets: [String]
}

/// A box: measured, by its calibration, or rated, by public figures.
public struct ScenarioBox: Codable, Sendable, Hashable {
    public var name: String
    /// Path of a calibration, from the scenario's folder.
    public var calibration: String?
    public var rated: RatedBox?
    /// What the box has for its layers; counts from rung D on. Absent is no limit.
    public var memoryBytes: Double?
}

/// What a public specification says of a box. Nothing of it is measured.
public struct RatedBox: Codable, Sendable, Hashable {
    /// f32 operations a second at the highest clock.
    public var operationsPerSecond: Double
    public var minimumHertz: Double
    public var maximumHertz: Double
    /// Rated power at the highest clock.
    public var powerWatts: Double
    /// Share of the rated operations that training reaches, taken as the same for all layers; 1 is the paper's.
    public var efficiency: Double
    /// Where the figures stand.
    public var source: String
}

/// How rates come about: a radio cell, or a recorded trace.
public struct ScenarioChannel: Codable, Sendable, Hashable {
    public var radio: RadioChannel?
    public var trace: TraceChannel?
    public var roundTripSeconds: Double
}

extension Scenario {
    /// - Throws: ``CARDError/Code/incomplete`` naming the field.
    public func check() throws(CARDError) {
        func refuse(_ field: String, _ why: String) -> CARDError {
            CARDError(.incomplete, "scenario \(PlainText.quoted(name)): \(field) \(why)")
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
            let figures = [rated.operationsPerSecond, rated.minimumHertz, rated.maximumHertz, rated.powerWatts]
            guard figures.allSatisfy({ $0 > 0 && $0 <= 1e18 }), rated.minimumHertz <= rated.maximumHertz,
                rated.efficiency > 0, rated.efficiency <= 1
            else {
                throw refuse(place, "has a rated figure that is not above zero, or clocks or efficiency out of order")
            }
        }
    }
}
