import CARD
import Calibration
import ProfileFormat
import Quantities
import Statistics
import SystemIO

/// Compares measured rounds with what a decision predicts. A pure function of its input.
package struct Validator: Sendable {
    /// The link and the settings of the prediction.
    package var decider: Decider
    package var conditions: RoundConditions
    /// Of resampling.
    package var seed: UInt64

    package init(decider: Decider, conditions: RoundConditions, seed: UInt64 = 1) {
        self.decider = decider
        self.conditions = conditions
        self.seed = seed
    }

    /// - Parameters:
    ///   - rounds: all that were run, rejected ones too.
    ///   - created: end of the last round, in UTC, as in a profile.
    /// - Throws: ``KerfError``: calibrations that cannot be paired; rounds that do not belong to them; no usable round.
    package func validate(
        device: Decider.Side, server: Decider.Side, rounds: [MeasuredRound], created: String
    ) throws -> ValidationReport {
        let decision = try decider.decide(device: device, server: server)
        let set = try RoundSet(rounds, steps: decision.steps, blockCount: decision.blockCount)
        let prediction = try prediction(device.calibration, server.calibration, decision)
        let account = prediction.model.energyBasis?.account ?? decision.energyAccount
        let terms = RoundTerms(serverAccount: account, deviceAccount: decision.energyAccount)
        let costs = RoundCosts(set, decision, terms)
        let predictedCosts = try predictedCosts(set, prediction, decision)
        let points = try points(set, prediction, terms, costs, predictedCosts)
        let table = RegretTable(decision, costs, conditions, seed: seed)
        let summary = ValidationSummary(
            usedRounds: set.rounds.reduce(0) { $0 + $1.count }, rejectedRounds: set.rejected.reduce(0, +),
            terms: PerTerm { ErrorSummary($0, points) },
            delayRanks: RankAgreement(
                predicted: points.map(\.terms.delaySeconds.predicted.value), measured: costs.values(.delaySeconds),
                origin: conditions.origin(of: .delay), seed: seed),
            costRanks: RankAgreement(
                predicted: predictedCosts, measured: costs.values(.cost), origin: conditions.origin, seed: seed),
            best: BestCut(decision, best: table.best, costs, seed: seed),
            frequencies: try FrequencyError.all(set, prediction, terms, conditions))
        let deviations = RoundDeviations(
            set: set, prediction: prediction,
            byOperations: try decider.model(
                device: device.calibration, server: server.calibration, assuming: .timeByOperations),
            deviceIsRated: device.calibration.ratedSpeed != nil, serverIsRated: server.calibration.ratedSpeed != nil,
            conditions: conditions)
        return ValidationReport(
            kerfVersion: KerfVersion.build, created: created, origin: conditions.origin, verdict: Verdict(summary),
            prediction: PredictionSource(decision, serverAccount: account), conditions: conditions, seed: seed,
            summary: summary, points: points, delayNormalizerSeconds: costs.delayNormalizer,
            energyNormalizerJoules: costs.energyNormalizer, normalizersMeasured: costs.normalizersAreMeasured,
            regrets: table.regrets, assumptions: MeasuredAssumption.all(deviations, decision),
            warnings: warnings(set, decision, costs, device: device.calibration, server: server.calibration),
            rounds: rounds.sorted { $0.order < $1.order })
    }

    private func prediction(
        _ device: Calibration, _ server: Calibration, _ decision: Decision
    ) throws -> Prediction {
        let passes = device.layers.flatMap { [$0.forward, $0.backward] }
        let energies = passes.map { decision.energyAccount == .net ? $0.netEnergyJoules : $0.grossEnergyJoules }
        return Prediction(
            model: try decider.model(device: device, server: server),
            deviceEnergies: try decider.deviceEnergies(
                device: device, server: server, account: decision.energyAccount),
            // A cut with a layer of unknown energy has no prediction.
            deviceEnergyOrigin: Origin.weakest(energies.map(\.origin).filter { $0 != .unavailable } + [.modelled]))
    }

    /// U by the model, by place of the point; `nil` where energy counts and is not predicted.
    private func predictedCosts(
        _ set: RoundSet, _ prediction: Prediction, _ decision: Decision
    ) throws -> [Double?] {
        let solver = try Solver(model: prediction.model, weight: decision.weight)
        return try set.points.map { point in
            let ratio = try prediction.ratio(of: point)
            return solver.model.cuts.first { $0.cut == point.cut }.map { solver.cost($0, ratio: ratio) }
        }
    }

    private func points(
        _ set: RoundSet, _ prediction: Prediction, _ terms: RoundTerms, _ costs: RoundCosts,
        _ predictedCosts: [Double?]
    ) throws -> [PointComparison] {
        let measuredCosts = costs.values(.cost)
        return try set.points.indices.map { place in
            var comparison = try PointComparison(
                set.points[place], rounds: set.rounds[place], rejected: set.rejected[place], prediction, terms,
                conditions)
            comparison.predictedCost = predictedCosts[place]
            comparison.measuredCost = Estimate.mean(of: measuredCosts[place])?.value
            return comparison
        }
    }

    private func warnings(
        _ set: RoundSet, _ decision: Decision, _ costs: RoundCosts, device: Calibration, server: Calibration
    ) -> [String] {
        var warnings: [String] = []
        if let shape = conditions.linkShape { warnings.append("The link was shaped: \(shape).") }
        for (side, name) in [(conditions.device, "device"), (conditions.server, "server")] {
            if let board = side.virtualBoard { warnings.append("The \(name)'s meter is a virtual board: \(board).") }
        }
        for (calibration, name) in [(device, "device"), (server, "server")] where calibration.provenance.count == 1 {
            warnings.append(
                "The \(name)'s calibration is from one profile, so that its intervals leave out what differs from run to run."
            )
        }
        let single = set.rounds.count { $0.count == 1 }
        if single > 0 {
            warnings.append(
                "\(single) of \(set.points.count) cuts and frequencies have one usable round, and no interval.")
        }
        let empty = set.rounds.count { $0.isEmpty }
        if empty > 0 {
            warnings.append("At \(empty) of \(set.points.count) cuts and frequencies every round was rejected.")
        }
        if !costs.normalizersAreMeasured {
            warnings.append(
                "Costs are normalized as predicted: server-only and device-only were not both measured.")
        }
        if let verdict = decision.verdict, !verdict.stands {
            warnings.append("The decision does not stand: " + verdict.reasons.joined(separator: " "))
        }
        return warnings
    }
}
