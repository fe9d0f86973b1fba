import SystemIO
import Testing

@testable import SplitTraining

/// The first step binds a training to its settings and a device to its data. A greeting alone does not.
@Suite("What a greeting binds") struct GreetingTests {
    private let training = SmallTraining()
    private static let changes = ["learning rate", "rank", "seed"]

    /// The same training with one setting changed.
    private static func changed(_ name: String) -> SmallTraining {
        SmallTraining { settings in
            switch name {
            case "rank": settings.rank = 3
            case "seed": settings.seed = 9
            default: settings.learningRate = 0.02
            }
        }
    }

    /// Checks that a training has ended with the bytes of the undisturbed one.
    private func check(_ losses: [Double]?, on server: TrainingServer, in folder: TemporaryFolder) async throws {
        let expected = try training.unsplit()
        let state = try #require(await server.state)
        #expect(losses?.map(\.bitPattern) == expected.losses.map(\.bitPattern))
        #expect(state.blocks == expected.blocks && state.settings == training.settings)
        #expect(try TrainingState(path: folder.path + "/state.safetensors", config: training.model) == state)
    }

    @Test(arguments: changes) func settingsOfADeviceThatHasLeft(change: String) async throws {
        let other = Self.changed(change)
        let folder = TemporaryFolder()
        let server = try training.server(StateFolder(path: folder.path))
        #expect(try await server.refusal(of: [.hello(other.hello)], device: "first") == nil)
        let losses = try await training.train(with: server, device: "second") { _ in 2 }
        try await check(losses, on: server, in: folder)
        #expect(try await server.refusal(of: [.hello(other.hello)], device: "first")?.code == .mismatch)
    }

    @Test(arguments: changes) func settingsOfADeviceThatAsksForItsTurnTooLate(change: String) async throws {
        let other = Self.changed(change)
        let folder = TemporaryFolder()
        let server = try training.server(StateFolder(path: folder.path))
        let turn = await Result {
            try await other.connected(to: server, device: "first") { session in
                _ = try await session.greet()
                // An error here would look like the first device's own.
                let losses = try? await training.train(with: server, device: "second") { _ in 2 }
                try await check(losses, on: server, in: folder)
                return try await session.turn(TurnChoice(cut: 2), committed: 0)
            }
        }
        let refusal = #expect(throws: KerfError.self) { try turn.get() }
        #expect(refusal?.code == .mismatch, "\(refusal?.description ?? "none")")
        #expect(refusal?.description.contains { $0.isNewline } == false)
        #expect(await server.state?.turns == 3)
    }

    /// It is refused or has no effect.
    @Test(arguments: changes) func settingsOfADeviceThatComesInTheFirstTurn(change: String) async throws {
        let other = Self.changed(change)
        let folder = TemporaryFolder()
        let server = try training.server(StateFolder(path: folder.path))
        let losses = try await confirmation(expectedCount: 3) { greeted in
            try await training.train(
                with: server, device: "first",
                beforeSending: { message in
                    guard case .turnEnd = message else { return }
                    _ = try await server.refusal(of: [.hello(other.hello)], device: "second")
                    greeted()
                }
            ) { _ in 2 }
        }
        try await check(losses, on: server, in: folder)
    }

    @Test func dataOfADeviceWithoutAStep() async throws {
        var other = training
        other.dataSHA256 = String(repeating: "1", count: 64)
        let folder = TemporaryFolder()
        let server = try training.server(StateFolder(path: folder.path))
        #expect(try await server.refusal(of: [.hello(other.hello)], device: "device") == nil)
        let losses = try await training.train(with: server) { _ in 2 }
        try await check(losses, on: server, in: folder)
        #expect(await server.state?.devices["device"]?.dataSHA256 == training.dataSHA256)
        // Now its data is settled; another device has its own.
        #expect(try await server.refusal(of: [.hello(other.hello)], device: "device")?.code == .mismatch)
        #expect(try await server.refusal(of: [.hello(other.hello)], device: "another") == nil)
    }
}
