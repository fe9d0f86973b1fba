import CARD
import Calibration
import Instrumentation
import ModelFiles
import ProfileFormat
import SplitTraining
import SystemIO
import TransformerKernels
import Validation

/// Rounds of a split training at planned cuts, and their comparison with the prediction.
package struct ValidationRun: Sendable {
    package let setup: TrainingSetup
    /// With the link and the settings of the prediction.
    package let decider: Decider
    package let device: Decider.Side
    package let server: Decider.Side
    package let plan: ValidationPlan

    /// Plans the rounds.
    ///
    /// - Parameters:
    ///   - frequencies: that the server is set to, in hertz; none to leave it as it is.
    ///   - repetitions: rounds at each cut and frequency.
    /// - Throws: ``KerfError/Code/mismatch`` where a calibration is of another model or training step; whatever makes a
    ///   decision impossible.
    package init(
        setup: TrainingSetup, decider: Decider, device: Decider.Side, server: Decider.Side, cuts: ValidationPlan.Cuts,
        frequencies: [Double], repetitions: Int
    ) throws {
        try setup.check(device.calibration, of: "the device's calibration")
        try setup.check(server.calibration, of: "the server's calibration")
        self.setup = setup
        var decider = decider
        (decider.microBatches, decider.exchange) = (setup.settings.microBatches, setup.exchange)
        // The decision is among what is run.
        decider.frequencies = frequencies.isEmpty ? .asProfiled : .steps(frequencies)
        self.decider = decider
        (self.device, self.server) = (device, server)
        plan = try ValidationPlan(
            for: try decider.decide(device: device, server: server), cuts: cuts, frequenciesHertz: frequencies,
            repetitions: repetitions, seed: setup.settings.seed)
    }

    /// The time of all rounds by the prediction.
    package var estimatedSeconds: Double {
        get throws {
            plan.estimatedSeconds(try decider.model(device: device.calibration, server: server.calibration))
        }
    }

    /// Runs all rounds, and again those that were disturbed or lost with their connection, until they can be used or as many
    /// were added as were planned.
    package func measure(
        meter: RunMeter, retrySeconds: Double, connect: @escaping DeviceRun.Connect,
        report: @escaping @Sendable (DeviceSession.Event) -> Void
    ) async throws -> Measured {
        let tokens = RandomTokens(setup.settings, vocabularySize: setup.source.config.vocabularySize)
        let choices = plan.rounds.map { TurnChoice(cut: $0.point.cut, serverHertz: $0.point.serverHertz) }
        let steps = decider.steps
        let speeds = ProfiledSpeeds(device: device.calibration, server: server.calibration)
        let repeats = max(0, min(choices.count, TrainingState.maximumSteps / steps - choices.count))
        let policy = PlannedCuts(choices, turnSteps: steps, maximumRepeats: repeats) { turn in
            SplitRun.TurnRecord(turn, isSplit: true).costs.map { speeds.rejection(of: $0) == nil } ?? true
        }
        let result = try await DeviceRun(
            job: setup.job(
                steps: (choices.count + repeats) * steps, turnSteps: steps, dataSHA256: tokens.sha256,
                batch: { tokens.batch($0) }),
            source: setup.source, policy: policy, meter: meter,
            retrySeconds: retrySeconds, requiresNewTraining: true, connect: connect, engine: setup.engine
        ).run(report: report)
        let deviceMeter = SideMeter(meter)
        let places = await policy.places
        return Measured(
            rounds: result.turns.compactMap { turn in
                let number = turn.firstStep / steps
                var round = plan.rounds[places[number]]
                round.order = number
                return MeasuredRound(
                    turn, at: round, speeds: speeds, deviceMeter: deviceMeter, serverMeter: result.serverMeter)
            }, turnCount: places.count, deviceMeter: deviceMeter, serverMeter: result.serverMeter)
    }

    /// What was measured, before it is compared with anything.
    package struct Measured: Sendable {
        package let rounds: [MeasuredRound]
        /// Rounds that were run, also those of which nothing is known.
        let turnCount: Int
        let deviceMeter: SideMeter
        let serverMeter: SideMeter?
    }

    /// - Parameter shape: of the link; nil for the link as it is.
    package func compare(_ measured: Measured, shape: String?) throws -> ValidationReport {
        var report = try Validator(
            decider: decider,
            conditions: RoundConditions(
                shape: shape, deviceMeter: measured.deviceMeter, serverMeter: measured.serverMeter),
            seed: setup.settings.seed
        ).validate(device: device, server: server, rounds: measured.rounds, created: currentTimestamp())
        report.warnings += try setup.differences(from: device.calibration)
        if BusyMachine.isAccepted {
            report.warnings.append("Other work on this box was no reason to reject a round, as KERF_IGNORE_LOAD asks.")
        }
        let lost = measured.turnCount - measured.rounds.count
        if lost > 0 {
            report.warnings.append("\(lost) of \(measured.turnCount) rounds were lost with their connection.")
        }
        return report
    }
}
