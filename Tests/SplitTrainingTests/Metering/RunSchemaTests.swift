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
