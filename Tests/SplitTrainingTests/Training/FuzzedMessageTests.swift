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

    /// Damaged messages of each kind to a server, each in a session of its own: the first that is not in order ends it.
    private static let rounds = Int(number("KERF_FUZZ_ROUNDS") ?? 120)
    /// Those to a device, which computes a turn up to there.
    private static let deviceRounds = max(24, min(rounds / 20, 2000))
    private static let seed = number("KERF_FUZZ_SEED") ?? 1
    /// Bytes of a micro-batch's smashed data and of its gradient.
    private static let boundaryBytes = 2304

    private let training = SmallTraining()

    /// A message of each kind, as a device or a server would send it.
    private var samples: [Control.OneOf_Kind] {
        let turnRequest = Kerf_Split_V1_TurnRequest.with {
            ($0.cut, $0.steps, $0.deviceSteps, $0.serverHertz) = (2, 2, 4, 1e9)
        }
        return [
            .hello(training.hello), .turnRequest(turnRequest), .microBatch(training.microBatch),
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

    /// One of 16 comes within a turn, which the server must prepare first, and the others before and after the greeting. In
    /// long runs one of 64: preparing takes most of the time.
    private static func opening(_ round: Int) -> Int { round % (rounds > 10_000 ? 64 : 16) == 0 ? 2 : round % 2 }

    @Test("of each kind, before and after the greeting and within a turn", arguments: 0..<15)
    func serverGoesOn(kind: Int) async throws {
        try #require(samples.count == 15)
        let sample = samples[kind]
        let folder = TemporaryFolder()
        let server = try training.server(StateFolder(path: folder.path))
        // Four of five steps are committed.
        var first = training
        first.steps = 4
        _ = try await first.train(with: server) { _ in 2 }
        let state = try #require(await server.state)
        var generator = SeededGenerator(seed: Self.seed + UInt64(kind))
        let greeting = try bytes(samples[0], tensorBytes: 0)
        let request = try bytes(.turnRequest(.with { ($0.cut, $0.steps, $0.deviceSteps) = (2, 1, 4) }), tensorBytes: 0)
        let openings = [[], [greeting], [greeting, request]]
        var refusals: Set<KerfError.Code> = []
        for round in 0..<Self.rounds {
            let (device, end) = MemoryChannel.pair()
            try await send(openings[Self.opening(round)] + [damaged(sample, &generator)], to: device, &generator)
            device.finish()
            let refusal = try await server.refusal(on: FrameMessageChannel(end), device: "device")
            if let refusal { refusals.insert(refusal.code) }
        }
        #expect(refusals.contains(.protocolViolation))
        // A damaged greeting may have been that of another training's device; the state is as it was.
        let after = try #require(await server.state)
        #expect(after.blocks == state.blocks && after.modelSteps == state.modelSteps && after.turns == state.turns)
        #expect(after.devices["device"] == state.devices["device"])
        #expect(try await training.train(with: server) { _ in 2 }.count == 5)
    }

    private func damaged(_ sample: Control.OneOf_Kind, _ generator: inout SeededGenerator) throws -> [UInt8] {
        let tensorBytes = [0, UInt64(Self.boundaryBytes), .max].randomElement(using: &generator) ?? 0
        return Mutator.seeded.bytes(try bytes(sample, tensorBytes: tensorBytes), using: &generator)
    }

    /// Sends messages, some followed by bytes of a tensor.
    private func send(
        _ messages: [[UInt8]], to channel: MemoryChannel, _ generator: inout SeededGenerator
    ) async throws {
        for message in messages {
            try await channel.send(Frame(control: message))
            guard Int.random(in: 0..<4, using: &generator) == 0 else { continue }
            let isWhole = Bool.random(using: &generator)
            let count = isWhole ? Self.boundaryBytes : Int.random(in: 0...4000, using: &generator)
            try await channel.send([UInt8](repeating: 1, count: count).withUnsafeBytes { Frame(.chunk, $0) })
        }
    }

    /// Damaged messages come in place of each message of a turn, up to its confirmation.
    @Test("a device refuses what a server must not send") func deviceRefuses() async throws {
        var generator = SeededGenerator(seed: Self.seed)
        let openings = (0..<8).map { Array(training.answers[..<$0]) }
        var refusals: Set<KerfError.Code> = []
        for sample in samples {
            for round in 0..<Self.deviceRounds {
                let server = try ScriptedServer(training)
                try await server.answer(openings[round % openings.count])
                try #require(try await server.hear(), "the device left before a message was damaged")
                try await send([damaged(sample, &generator)], to: server.frames, &generator)
                server.leave()
                let error = await #expect(throws: KerfError.self) { try await server.turn() }
                guard let error else { continue }
                #expect(!error.description.contains { $0.isNewline })
                refusals.insert(error.code)
            }
        }
        #expect(refusals.contains(.protocolViolation))
    }
}
