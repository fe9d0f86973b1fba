import Quantities
import SystemIO

/// `run.json`: what one training did, split or not. Times and losses are measured.
package struct SplitRun: Codable, Sendable, Hashable, KerfFile {
    package static let schema = "kerf.run"
    package static let schemaVersion = 1
    package static var remedy: Remedy { "train first" }

    package var schema: String = SplitRun.schema
    package var schemaVersion: Int = SplitRun.schemaVersion
    package var kerfVersion: String
    package var origin: Origin
    package var model: String
    /// Identity of the weights: `sha256:...` or `random:SEED`.
    package var weights: String
    package var data: TrainingDataSource
    package var settings: TrainingSettings
    /// Blocks 1...cut ran on this device; nil where the whole model ran in this process, and where the cut changed.
    package var cut: Int?
    /// What metered each side; nil where the whole model ran in this process.
    package var deviceMeter: SideMeter?
    package var serverMeter: SideMeter?
    /// The link that the device imitated, as it was asked for; nil for the link as it was.
    package var linkShape: String?
    /// Mean loss of each step, in nats; nil where it was not a number.
    package var losses: [Double?]
    /// Committed turns, in order. Those of earlier processes are among them as far as their record was there to go on
    /// from.
    package var turns: [TurnRecord]
    /// Mean loss over the validation's targets before the first step and after the last; nil where it was not asked for
    /// or was lost with a process that was killed.
    package var validationLossBefore: Double?
    package var validationLossAfter: Double?
    /// Connections that were lost and made again.
    package var reconnections: Int

    package init(
        model: String, weights: String, data: TrainingDataSource, settings: TrainingSettings, cut: Int?,
        linkShape: String?, deviceMeter: SideMeter?, serverMeter: SideMeter?, losses: [Double],
        turns: [DeviceSession.Turn], reconnections: Int
    ) {
        kerfVersion = KerfVersion.build
        // A virtual board may slow its side down.
        let isReal = linkShape == nil && [deviceMeter, serverMeter].allSatisfy { $0?.origin != .simulated }
        origin = isReal ? .measured : .simulated
        self.deviceMeter = deviceMeter
        self.serverMeter = serverMeter
        self.model = model
        self.weights = weights
        self.data = data
        self.settings = settings
        self.cut = cut
        self.linkShape = linkShape
        self.losses = losses.map(Self.finite)
        self.turns = turns.map { TurnRecord($0, isSplit: serverMeter != nil) }
        validationLossBefore = turns.lazy.compactMap(\.validationBefore).first.flatMap(Self.finite)
        validationLossAfter = turns.lazy.compactMap(\.validationAfter).last.flatMap(Self.finite)
        self.reconnections = reconnections
    }

    /// JSON has no infinities.
    private static func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }

    /// One committed turn.
    package struct TurnRecord: Codable, Sendable, Hashable {
        /// Number in the whole training, from 1.
        package var number: Int
        package var cut: Int
        /// Steps of this device before the turn.
        package var firstStep: Int
        /// Wall time of each step.
        package var stepSeconds: [Double]
        /// The frequency that the server was set to, in hertz; nil where it was left as it was.
        package var serverHertz: Double?
        /// nil where the whole model ran in this process.
        package var costs: TurnCosts?

        package init(_ turn: DeviceSession.Turn, isSplit: Bool) {
            number = turn.number
            cut = turn.cut
            firstStep = turn.firstStep
            stepSeconds = turn.stepSeconds
            serverHertz = turn.measurement.serverHertz
            costs = isSplit ? TurnCosts(turn) : nil
        }
    }
}

/// The data of a training.
package struct TrainingDataSource: Codable, Sendable, Hashable {
    /// The file's name without its path.
    package var name: String
    package var sha256: String
    package var tokens: Int

    package init(name: String, sha256: String, tokens: Int) {
        self.name = name
        self.sha256 = sha256
        self.tokens = tokens
    }
}
