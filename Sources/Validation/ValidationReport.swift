import CARD
import Quantities
import SystemIO

/// `validation.json`: what was predicted and what was measured, and what the decision was worth.
package struct ValidationReport: Codable, Sendable, Hashable, KerfFile {
    package static let schema = "kerf.validation"
    package static let schemaVersion = 1
    package static var remedy: Remedy { "validate a decision first" }

    package var schema: String = ValidationReport.schema
    package var schemaVersion: Int = ValidationReport.schemaVersion
    package var kerfVersion: String
    /// End of the last round, in UTC.
    package var created: String
    /// The weakest origin of what was measured.
    package var origin: Origin
    /// Whether the prediction holds, by its errors and intervals.
    package var verdict: Verdict
    /// What was predicted with.
    package var prediction: PredictionSource
    package var conditions: RoundConditions
    /// Of resampling.
    package var seed: UInt64
    package var summary: ValidationSummary
    /// By cut and frequency, ascending.
    package var points: [PointComparison]
    package var delayNormalizerSeconds: Normalizer
    package var energyNormalizerJoules: Normalizer
    /// Whether the normalizers are from measured corners; else they are the prediction's.
    package var normalizersMeasured: Bool
    /// The choices of the levels A to E, then the baselines.
    package var regrets: [MeasuredRegret]
    package var assumptions: [MeasuredAssumption]
    /// Warnings, one sentence each.
    package var warnings: [String]
    /// All rounds as they were measured, rejected ones too, in order.
    package var rounds: [MeasuredRound]
}

/// The calibrations, the link and the settings of a prediction.
package struct PredictionSource: Codable, Sendable, Hashable {
    package var device: DecisionSide
    package var server: DecisionSide
    package var modelName: String
    /// L: cuts go from 0 to this.
    package var blockCount: Int
    package var link: Link
    package var level: ModelLevel
    package var weight: Double
    /// Local steps of a round.
    package var steps: Int
    package var microBatches: Int
    package var limits: CutLimits
    package var energyScope: EnergyScope
    /// Which joules are compared. The server's is that of its prediction, which is gross where the calibration has no net
    /// energy.
    package var serverEnergyAccount: EnergyAccount
    package var deviceEnergyAccount: EnergyAccount
    /// The chosen cut and the frequency that the server should run at.
    package var cut: Int
    package var frequencyHertz: Double?
}

extension PredictionSource {
    init(_ decision: Decision, serverAccount: EnergyAccount) {
        self.init(
            device: decision.device, server: decision.server, modelName: decision.modelName,
            blockCount: decision.blockCount, link: decision.link, level: decision.level, weight: decision.weight,
            steps: decision.steps, microBatches: decision.microBatches, limits: decision.limits,
            energyScope: decision.energyScope, serverEnergyAccount: serverAccount,
            deviceEnergyAccount: decision.energyAccount, cut: decision.choice.cut,
            frequencyHertz: decision.cuts.first { $0.cut == decision.choice.cut }?.frequencyHertz.value)
    }
}
