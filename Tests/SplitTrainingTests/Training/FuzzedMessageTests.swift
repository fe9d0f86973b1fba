import Foundation
import Statistics
import SwiftProtobuf
import SystemIO
import TestSupport
import Testing

@testable import SplitTraining

/// Whatever a device sends, the server refuses it in one line, keeps its state and serves the next device.
///
/// `make fuzz-messages` sets KERF_FUZZ_ROUNDS and KERF_FUZZ_SEED for longer runs.
@Suite("Damaged messages") struct FuzzedMessageTests {
    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }

    /// Damaged messages of each kind.
    private static let rounds = Int(number("KERF_FUZZ_ROUNDS") ?? 400)
    private static let seed = number("KERF_FUZZ_SEED") ?? 1
    /// Messages of one connection that leaves the server's state as it is.
    private static let messagesPerSession = 8

    private let training = SmallTraining()

    /// A message of each kind, as a device or a server would send it.
    private var samples: [Control.OneOf_Kind] {
        let batch = training.batch(0)
        let hello = Kerf_Split_V1_Hello.with {
            $0.protocolVersion = ServerSession.protocolVersion
            $0.programVersion = "1"
            $0.model = training.terms.map(\.message)
            $0.settings = training.settings.message
            $0.dataSha256 = String(repeating: "0", count: 64)
            $0.steps = 5
        }
        let turnRequest = Kerf_Split_V1_TurnRequest.with {
            ($0.cut, $0.steps, $0.deviceSteps, $0.serverHertz) = (2, 2, 4, 1e9)
        }
        let microBatch = Kerf_Split_V1_MicroBatch.with {
            $0.index = 0
            $0.batchTargets = 18
            $0.tokens = Data(TensorBytes.bytes(of: batch.inputs))
            $0.targets = Data(TensorBytes.bytes(of: batch.targets))
            $0.squaredNorms = [1, 2]
        }
        return [
            .hello(hello), .turnRequest(turnRequest), .microBatch(microBatch),
            .turnEnd(.with { ($0.squaredNorms, $0.losses) = ([1, 2], [3, 4]) }), .adaptersRequest(.init()),
            .failure(.with { ($0.code, $0.message, $0.remedy) = ("refused", "no", "none") }), .clockRequest(.init()),
            .welcome(.with { $0.deviceSteps = 3 }), .turnQueued(.with { $0.position = 1 }),
            .turnGrant(.with { ($0.turn, $0.modelSteps) = (1, 2) }), .gradient(.with { $0.loss = 2 }),
            .turnCommitted(.with { $0.deviceSteps = 2 }), .adapters(.init()),
            .clockAnswer(.with { ($0.received, $0.sent) = (1, 2) }), .progress(.init()),
        ]
    }

    private func bytes(_ kind: Control.OneOf_Kind, tensorBytes: UInt64) throws -> [UInt8] {
        var control = Control()
        control.kind = kind
        control.tensorBytes = tensorBytes
        return try control.serializedBytes()
    }

    @Test("of each kind, before and after the greeting and within a turn") func serverGoesOn() async throws {
        let folder = TemporaryFolder()
        let server = try training.server(StateFolder(path: folder.path))
        // Four of five steps are committed.
        var first = training
        first.steps = 4
        _ = try await first.train(with: server) { _ in 2 }
        let state = try #require(await server.state)
        var generator = SeededGenerator(seed: Self.seed)
        let greeting = try bytes(samples[0], tensorBytes: 0)
        let request = try bytes(.turnRequest(.with { ($0.cut, $0.steps, $0.deviceSteps) = (2, 1, 4) }), tensorBytes: 0)
        let openings = [[], [greeting], [greeting, request]]
        var refusals: Set<KerfError.Code> = []
        for sample in samples {
            let sizes: [UInt64] = [0, 2304, .max]
            for round in 0..<Self.rounds / Self.messagesPerSession {
                var messages = openings[round % openings.count]
                for _ in 0..<Self.messagesPerSession {
                    let good = try bytes(sample, tensorBytes: sizes.randomElement(using: &generator) ?? 0)
                    messages.append(Mutator.seeded.bytes(good, using: &generator))
                }
                if let code = try await refusal(of: messages, by: server, &generator) { refusals.insert(code) }
            }
        }
        #expect(refusals.contains(.protocolViolation) && refusals.contains(.mismatch))
        // A damaged greeting may have been that of another training's device; the state is as it was.
        let after = try #require(await server.state)
        #expect(after.blocks == state.blocks && after.modelSteps == state.modelSteps && after.turns == state.turns)
        #expect(after.devices["device"] == state.devices["device"])
        #expect(try await training.train(with: server) { _ in 2 }.count == 5)
    }

    /// Sends messages, some followed by bytes of a tensor.
    ///
    /// - Returns: why the server ended the connection; nil where it ended in order.
    private func refusal(
        of messages: [[UInt8]], by server: TrainingServer, _ generator: inout SeededGenerator
    ) async throws -> KerfError.Code? {
        let (device, end) = MemoryChannel.pair()
        for message in messages {
            try await device.send(Frame(control: message))
            if Int.random(in: 0..<4, using: &generator) == 0 {
                let chunk = [UInt8](repeating: 1, count: Int.random(in: 0...4000, using: &generator))
                try await device.send(chunk.withUnsafeBytes { Frame(.chunk, $0) })
            }
        }
        device.finish()
        do {
            try await server.serve(FrameMessageChannel(end), device: "device")
            return nil
        } catch let error as KerfError {
            #expect(!error.description.contains { $0.isNewline })
            return error.code
        }
    }

    /// What a server may send to a device.
    @Test("a device refuses what a server must not send") func deviceRefuses() async throws {
        var generator = SeededGenerator(seed: Self.seed)
        for sample in samples {
            for _ in 0..<Self.rounds / 20 {
                let (end, server) = MemoryChannel.pair()
                for tensorBytes: UInt64 in [0, 8, .max] {
                    let good = try bytes(sample, tensorBytes: tensorBytes)
                    try await server.send(Frame(control: Mutator.seeded.bytes(good, using: &generator)))
                }
                server.finish()
                let session = try DeviceSession(
                    job: training.job, source: training.source, channel: FrameMessageChannel(end),
                    engine: SmallTraining.engine)
                await #expect(throws: KerfError.self) {
                    _ = try await session.greet()
                    _ = try await session.turn(TurnChoice(cut: 2), committed: 0)
                }
            }
        }
    }
}
