import Instrumentation
import Quantities
import TestSupport
import Testing

@testable import SplitTraining

@Suite("run.json and its schema") struct RunSchemaTests {
    /// A split run with every field, and an unsplit one.
    private var samples: [SplitRun] {
        var meter = SideMeter(.none)
        (meter.name, meter.origin, meter.idleWatts) = ("powercap", .measured, 5)
        var turn = TurnMeasurementTests().turn
        turn.losses = [2.5]
        (turn.validationBefore, turn.validationAfter) = (3, 2)
        turn.measurement.serverHertz = 2e9
        turn.measurement.deviceDisturbance = "steal time"
        turn.measurement.serverDisturbance = "steal time"
        (turn.measurement.deviceReferenceSeconds, turn.measurement.serverReferenceSeconds) = (1e-3, 1e-3)
        turn.measurement.deviceMeterFailure = "gone"
        turn.measurement.serverMeterFailure = "gone"
        var settings = TrainingSettings()
        settings.maximumGradientNorm = 1
        let data = TrainingDataSource(name: "data.ids", sha256: String(repeating: "0", count: 64), tokens: 100)
        return [
            SplitRun(
                model: "tiny", weights: "random:1", data: data, settings: settings, cut: 2,
                linkShape: "up=1mbit,down=1mbit,rtt=1ms", deviceMeter: meter, serverMeter: SideMeter(.none),
                losses: [2.5], turns: [turn], reconnections: 1),
            SplitRun(
                model: "tiny", weights: "random:1", data: data, settings: settings, cut: nil, linkShape: nil,
                deviceMeter: nil, serverMeter: nil, losses: [.nan], turns: [turn], reconnections: 0),
        ]
    }

    @Test(.enabled(if: SchemaChecker.isPossible, SchemaChecker.needs)) func agree() throws {
        #expect(try SchemaAgreement.faults(of: samples, schema: "run") == [])
    }

    @Test func aPartOfTheEnergyIsNotTheEnergy() {
        #expect(samples[0].turns[0].costs?.server.computingJoules == 16)
        #expect(samples[1].turns[0].costs == nil)
    }
}

@Suite("run.json over several processes") struct RunRecordTests {
    private func run(_ turns: [Int], losses: Int, seed: UInt64 = 1) -> SplitRun {
        var settings = TrainingSettings()
        settings.seed = seed
        let meter = SideMeter(.none)
        return SplitRun(
            model: "tiny", weights: "random:1",
            data: TrainingDataSource(name: "data.ids", sha256: String(repeating: "0", count: 64), tokens: 100),
            settings: settings, cut: 2, linkShape: nil, deviceMeter: meter, serverMeter: meter,
            losses: (0..<losses).map(Double.init),
            turns: turns.map { number in
                var turn = DeviceSession.Turn()
                (turn.number, turn.cut, turn.firstStep, turn.stepSeconds) = (number + 1, number, 2 * number, [1, 1])
                return turn
            }, reconnections: 1)
    }

    @Test func turnsOfAnEarlierProcessAreKept() {
        var later = run([2, 3], losses: 8)
        later.goOn(from: run([0, 1, 2], losses: 5))
        // The third turn was run again.
        #expect(later.turns.map(\.number) == [1, 2, 3, 4] && later.reconnections == 2)
        #expect(later.cut == nil, "the cut changed")
        // Started again after its end, a training keeps what it had.
        var ended = run([], losses: 8)
        ended.goOn(from: later)
        #expect(ended.turns == later.turns)
    }

    @Test func anotherTrainingIsNotContinued() {
        var other = run([2], losses: 6, seed: 2)
        other.goOn(from: run([0, 1], losses: 4))
        #expect(other.turns.map(\.number) == [3])
        var restarted = run([0], losses: 2)
        restarted.goOn(from: run([0, 1], losses: 4))
        #expect(restarted.turns.map(\.number) == [1])
    }
}
