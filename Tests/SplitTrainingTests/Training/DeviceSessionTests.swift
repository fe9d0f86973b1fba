import SwiftProtobuf
import SystemIO
import Testing

@testable import SplitTraining

/// A device gives up in order, whatever its server says and whatever becomes of its connection.
@Suite("A device and a scripted server") struct DeviceSessionTests {
    private let training = SmallTraining()
    /// Places in ``SmallTraining/answers``.
    private static let (grant, gradient, confirmation) = (4, 5, 7)

    /// - Returns: why the device gave up; nil where its turn ended in order.
    private func failure(of answers: [ScriptedServer.Answer]) async throws -> KerfError? {
        let server = try ScriptedServer(training)
        try await server.answer(answers)
        return try await failure(with: server)
    }

    private func failure(with server: ScriptedServer) async throws -> KerfError? {
        server.leave()
        do {
            try await server.turn()
            return nil
        } catch let error as KerfError {
            return error
        }
    }

    @Test func theScriptIsThatOfATurn() async throws { #expect(try await failure(of: training.answers) == nil) }

    @Test(arguments: [.max, UInt64(Int64.max)] as [UInt64])
    func aCountOfStepsThatIsImpossible(steps: UInt64) async throws {
        var answers = training.answers
        answers[Self.grant].kind = .turnGrant(.with { ($0.turn, $0.modelSteps) = (1, steps) })
        #expect(try await failure(of: answers)?.code == .protocolViolation)
    }

    /// A record of what the server did in step 1 is in order.
    @Test(arguments: [(1, nil), (.max, .protocolViolation)] as [(Int64, KerfError.Code?)])
    func aRecordOfAStepThatIsImpossible(step: Int64, code: KerfError.Code?) async throws {
        var answers = training.answers
        answers[Self.confirmation].tensor = TensorBytes.bytes(of: [0, step, 1, 2, 0])
        #expect(try await failure(of: answers)?.code == code)
    }

    @Test func aGradientThatComesBeforeItsMicroBatch() async throws {
        let training = SmallTraining { $0.microBatches = 2 }
        // The device never gets to the second micro-batch: the first is not taken from it.
        let server = try ScriptedServer(training) { message in
            if case .microBatch = message { try await Task.sleep(for: .seconds(60)) }
        }
        try await server.answer(Array(training.answers[..<Self.gradient]))
        var answer = training.answers[Self.gradient]
        for index: UInt32 in [0, 1] {
            answer.kind = .gradient(.with { ($0.index, $0.loss, $0.squaredNorms) = (index, 2, [1, 1]) })
            try await server.say(answer)
        }
        #expect(try await failure(with: server)?.code == .protocolViolation)
    }

    /// The device does not wait for the answer to what it could not send. The server stays, and says nothing more.
    @Test(arguments: [0, 1]) func aMicroBatchThatCannotBeSent(place: Int) async throws {
        let training = SmallTraining { $0.microBatches = 2 }
        let broken = KerfError(.ioError, "the micro-batch cannot be sent")
        let server = try ScriptedServer(training) { message in
            if case .microBatch(let part) = message, Int(part.index) == place { throw broken }
        }
        try await server.answer(Array(training.answers[..<(Self.gradient + place)]))
        let late = KerfError(.silent, "the device waits for ever")
        await #expect {
            try await withTimeLimit(seconds: 60, late) { try await server.turn() }
        } throws: {
            $0 as? KerfError == broken
        }
    }
}
