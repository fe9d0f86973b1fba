import Foundation
import SystemIO
import Testing

@testable import SplitTraining

@Suite("A commit that fails") struct FailedCommitTests {
    /// What a killed server has left of a commit is removed by the next one, and nothing else.
    @Test func remainsOfACommitAreRemoved() throws {
        let folder = TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        for name in [".state.safetensors.kerf-1-23", ".state.safetensors.kerf-99999-4", ".other.kerf-1-2", "notes"] {
            try Data([1]).write(to: URL(fileURLWithPath: folder.path + "/" + name))
        }
        _ = try StateFolder(path: folder.path)
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(left == [".other.kerf-1-2", "lock", "notes"])
    }

    /// The state's folder is gone when the second turn ends, and is back when the turn is run again.
    @Test(arguments: [0, 2, 4]) func leavesTheStateAsItWas(cut: Int) async throws {
        let training = SmallTraining()
        let expected = try training.unsplit()
        let (folder, elsewhere) = (TemporaryFolder(), TemporaryFolder())
        let server = try training.server(StateFolder(path: folder.path))
        var first = training
        first.steps = training.turnSteps
        _ = try await first.train(with: server) { _ in cut }
        let state = try #require(await server.state)
        #expect(state.turns == 1)

        try FileManager.default.moveItem(atPath: folder.path, toPath: elsewhere.path)
        let failure = await #expect(throws: KerfError.self) {
            try await training.train(with: server) { _ in cut }
        }
        #expect(failure?.message.contains("cannot be written") == true, "\(failure?.description ?? "none")")
        #expect(failure?.description.contains { $0.isNewline } == false)
        #expect(await server.state == state)
        #expect(try TrainingState(path: elsewhere.path + "/state.safetensors", config: training.model) == state)

        try FileManager.default.moveItem(atPath: elsewhere.path, toPath: folder.path)
        let losses = try await training.train(with: server) { _ in 2 }
        let last = try #require(await server.state)
        #expect(losses.map(\.bitPattern) == expected.losses.map(\.bitPattern))
        #expect(last.blocks == expected.blocks && last.turns == 3)
        #expect(try TrainingState(path: folder.path + "/state.safetensors", config: training.model) == last)
    }
}
