import SystemIO
import Testing

@testable import SplitTraining

@Suite("Many devices in turn") struct ManyDevicesTests {
    /// Four of twenty vanish in the middle of a turn; later they come back and finish.
    @Test func theOthersFinish() async throws {
        var training = SmallTraining()
        (training.steps, training.turnSteps) = (4, 2)
        let folder = TemporaryFolder()
        let server = try training.server(StateFolder(path: folder.path))
        let vanishing = [3, 8, 13, 18]
        let settled = training
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask {
                    let vanishes = vanishing.contains(number)
                    let result = await Result {
                        try await settled.train(
                            with: server, device: "device-\(number)",
                            breakingAfter: vanishes ? 14 + number / 5 : .max
                        ) { _ in 1 + number % 3 }
                    }
                    switch result {
                    case .success(let losses): #expect(!vanishes && losses.count == 4, "device \(number)")
                    case .failure(let error): #expect(vanishes, "device \(number): \(error)")
                    }
                }
            }
            try await group.waitForAll()
        }
        var state = try #require(await server.state)
        #expect(state.devices.count == 20)
        #expect(state.devices.values.count { $0.steps == 4 } == 16)
        #expect(vanishing.allSatisfy { (state.devices["device-\($0)"]?.steps ?? 4) < 4 })
        #expect(state.modelSteps == state.devices.values.reduce(0) { $0 + $1.steps })
        for number in vanishing {
            #expect(try await training.train(with: server, device: "device-\(number)") { _ in 2 }.count == 4)
        }
        state = try #require(await server.state)
        #expect(state.modelSteps == 80 && state.turns == 40)
    }
}

extension Result where Failure == any Error {
    /// The outcome of asynchronous work.
    init(_ work: () async throws -> Success) async {
        do { self = .success(try await work()) } catch { self = .failure(error) }
    }
}
