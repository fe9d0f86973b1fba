import Foundation
import SystemIO
import Testing

@testable import SplitTraining

@Suite("A commit that fails") struct FailedCommitTests {
    /// What a killed server has left of a commit is removed by the next one, and nothing else.
    @Test func remainsOfACommitAreRemoved() throws {
        let folder = TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        // Beyond the largest number that a process may have (proc(5), pid_max); this process's parent runs.
        let (ended, running) = (".state.safetensors.kerf-99999999-4", ".state.safetensors.kerf-\(getppid())-1")
        for name in [".state.safetensors.kerf-\(getpid())-23", ended, running, ".other.kerf-99999999-2", "notes"] {
            try Data([1]).write(to: URL(fileURLWithPath: folder.path + "/" + name))
        }
        _ = try StateFolder(path: folder.path)
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(left == [".other.kerf-99999999-2", running, "lock", "notes"].sorted())
    }

    /// The losses of a turn are not those of data that the device has greeted with since.
    @Test func aTurnOnOtherDataIsNotCommitted() async throws {
        let training = SmallTraining()
        let folder = TemporaryFolder()
        let server = try training.server(StateFolder(path: folder.path))
        _ = try await training.train(with: server) { _ in 2 }
        let state = try #require(await server.state)
        let other = DeviceProgress(dataSHA256: String(repeating: "0", count: 64))
        let failure = await #expect(throws: KerfError.self) {
            try await server.training.commit(state.blocks, device: "device", after: other, losses: [1])
        }
        #expect(failure?.code == .outdated)
        #expect(await server.state == state)
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
