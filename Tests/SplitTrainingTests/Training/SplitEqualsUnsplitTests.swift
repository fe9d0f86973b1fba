import Statistics
import SystemIO
import Testing
import TransformerKernels

@testable import SplitTraining

@Suite("A split training has the bits of the unsplit one") struct SplitEqualsUnsplitTests {
    @Test(arguments: [0, 1, 3, 4], [1, 2])
    func atEveryCut(cut: Int, microBatches: Int) async throws {
        let training = SmallTraining { $0.microBatches = microBatches }
        let expected = try training.unsplit()
        let folder = TemporaryFolder()
        let server = try training.server(StateFolder(path: folder.path))
        let losses = try await training.train(with: server) { _ in cut }
        let state = try #require(await server.state)
        #expect(losses.map(\.bitPattern) == expected.losses.map(\.bitPattern))
        #expect(state.blocks == expected.blocks)
        #expect(state.modelSteps == training.steps && state.turns == 3)
        // The training moves: equal bits of two trainings that stand still would prove nothing.
        #expect(Set(losses).count == losses.count)
        #expect(state.blocks[0].parameters != expected.blocks[1].parameters)
        #expect(state.blocks.allSatisfy { $0.secondMoments.contains { $0 > 0 } })
    }

    @Test func withAnotherCutEachTurn() async throws {
        let training = SmallTraining()
        let expected = try training.unsplit()
        let folder = TemporaryFolder()
        let server = try training.server(StateFolder(path: folder.path))
        let losses = try await training.train(with: server) { [3, 0, 2][$0] }
        #expect(losses.map(\.bitPattern) == expected.losses.map(\.bitPattern))
        #expect(await server.state?.blocks == expected.blocks)
    }

    @Test("whichever side recomputes its activations", arguments: [false, true], [false, true])
    func withActivationCheckpointing(ofDevice: Bool, ofServer: Bool) async throws {
        var training = SmallTraining { $0.microBatches = 2 }
        let expected = try training.unsplit()
        (training.deviceRecomputes, training.serverRecomputes) = (ofDevice, ofServer)
        let whole = try training.unsplit()
        #expect(whole.losses == expected.losses && whole.blocks == expected.blocks)
        let folder = TemporaryFolder()
        let server = try training.server(StateFolder(path: folder.path))
        let losses = try await training.train(with: server) { [3, 0, 2][$0] }
        #expect(losses.map(\.bitPattern) == expected.losses.map(\.bitPattern))
        #expect(await server.state?.blocks == expected.blocks)
    }

    @Test func microBatchesAddUpToTheBatch() throws {
        let whole = try SmallTraining().unsplit()
        let divided = try SmallTraining { $0.microBatches = 4 }.unsplit()
        for (one, other) in zip(whole.losses, divided.losses) { #expect(abs(one - other) < 1e-5 * one) }
        #expect(whole.losses != divided.losses)
    }

    /// The connection breaks after every possible number of messages; each time a new one finishes the training.
    @Test func afterALostConnectionAtAnyMessage() async throws {
        let training = SmallTraining { $0.microBatches = 2 }
        let expected = try training.unsplit()
        var breaks = 0
        for messages in 1... {
            let folder = TemporaryFolder()
            let server = try training.server(StateFolder(path: folder.path))
            var isDone = false
            do {
                _ = try await training.train(with: server, breakingAfter: messages) { _ in 2 }
                isDone = true
            } catch {
                breaks += 1
            }
            // As after a crash: only the file is left.
            let losses = try await training.train(with: server) { _ in 3 }
            #expect(losses.map(\.bitPattern) == expected.losses.map(\.bitPattern), "broken after \(messages)")
            #expect(await server.state?.blocks == expected.blocks, "broken after \(messages)")
            #expect(await server.state?.modelSteps == training.steps)
            if isDone { break }
        }
        #expect(breaks > 30)
    }
}
