import SwiftProtobuf
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

    /// Before each message of the turns of one device, another one sends its own without having asked for a turn.
    @Test(arguments: [false, true]) func aTurnIsNotAnothersToUse(isEnd: Bool) async throws {
        let training = SmallTraining()
        let expected = try training.unsplit()
        let folder = TemporaryFolder()
        let server = try training.server(StateFolder(path: folder.path))
        let intrusion: Control.OneOf_Kind =
            isEnd
            ? .turnEnd(.with { ($0.squaredNorms, $0.losses) = ([1, 2], [3, 4]) }) : .microBatch(training.microBatch)
        // Five micro-batches and three ends.
        let losses = try await confirmation(expectedCount: 8) { refused in
            try await training.train(
                with: server, device: "a",
                beforeSending: { message in
                    switch message {
                    case .microBatch, .turnEnd: break
                    default: return
                    }
                    let refusal = try await server.refusal(of: [.hello(training.hello), intrusion], device: "b")
                    #expect(refusal?.code == .protocolViolation)
                    // The turn is still held.
                    #expect(await server.queue.length == 1)
                    refused()
                }
            ) { _ in 2 }
        }
        #expect(losses.map(\.bitPattern) == expected.losses.map(\.bitPattern))
        #expect(await server.state?.blocks == expected.blocks)
        #expect(await server.state?.devices["b"]?.steps ?? 0 == 0)
    }
}

extension Result where Failure == any Error {
    /// The outcome of asynchronous work.
    init(_ work: () async throws -> Success) async {
        do { self = .success(try await work()) } catch { self = .failure(error) }
    }
}
