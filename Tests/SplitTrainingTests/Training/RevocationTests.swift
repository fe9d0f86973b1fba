import Synchronization
import SystemIO
import Testing

@testable import SplitTraining

/// A device that is revoked while it is connected gets no further turn and no adapters.
@Suite("Revocation in an exchange") struct RevocationTests {
    private let training = SmallTraining()

    @Test(arguments: [1, 2]) func afterATurn(turns: Int) async throws {
        let folder = TemporaryFolder()
        let server = try training.server(StateFolder(path: folder.path))
        let isRevoked = Atomic<Bool>(false)
        let made = Atomic<Int>(0)
        let result = await Result {
            try await training.connected(
                to: server, device: "device",
                checkAgain: {
                    if isRevoked.load(ordering: .relaxed) { throw KerfError(.revokedCertificate, "is revoked") }
                }
            ) { session in
                var committed = try await session.greet().losses.count
                while committed < training.steps {
                    committed += try await session.turn(TurnChoice(cut: 2), committed: committed).losses.count
                    let count = made.add(1, ordering: .relaxed).newValue
                    if count == turns { isRevoked.store(true, ordering: .relaxed) }
                }
            }
        }
        let refusal = #expect(throws: KerfError.self) { try result.get() }
        #expect(refusal?.description.contains("is revoked") == true, "\(refusal?.description ?? "none")")
        #expect(await server.state?.turns == turns)
        // The queue is free for another device.
        _ = try await training.train(with: server, device: "another") { _ in 2 }
    }
}
