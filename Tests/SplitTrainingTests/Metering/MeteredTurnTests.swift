import Instrumentation
import Logging
import SystemIO
import Testing

@testable import SplitTraining

@Suite("A metered turn") struct MeteredTurnTests {
    /// What both sides record of a training in memory: complete, in order, and with the steps' numbers.
    @Test(arguments: [0, 2, 4]) func everyStepHasItsCosts(cut: Int) async throws {
        let training = SmallTraining { $0.microBatches = 2 }
        let folder = TemporaryFolder()
        let server = try training.server(StateFolder(path: folder.path))
        let turns = try await training.turns(with: server) { _ in cut }
        #expect(turns.map(\.firstStep) == [0, 2, 4])
        for turn in turns {
            let costs = TurnCosts(turn)
            #expect(costs.device.steps.count == turn.stepSeconds.count)
            #expect(costs.server.steps.count == turn.stepSeconds.count)
            for step in costs.device.steps { #expect((step.computing.seconds > 0) == (cut > 0)) }
            for step in costs.server.steps { #expect((step.computing.seconds > 0) == (cut < 4)) }
            let steps = turn.measurement.transfers.filter { $0.content == .smashedData }
            #expect(steps.count == (cut < 4 ? 2 * turn.stepSeconds.count : 0))
            #expect(turn.measurement.transfers.filter { $0.content == .adapters }.count == (cut > 0 ? 2 : 0))
            // Both ends are on one machine.
            #expect(abs(turn.measurement.offset.nanoseconds) <= turn.measurement.offset.errorNanoseconds)
        }
    }
}
