import Foundation
import Logging
import ModelFiles
import Statistics
import SystemIO
import TransformerKernels
import Workload

@testable import SplitTraining

/// A model of four small blocks and a training of it, split or not.
struct SmallTraining: Sendable {
    var model = ModelConfig(
        name: "small", hiddenSize: 24, blockCount: 4, headCount: 4, keyValueHeadCount: 2, headSize: 6,
        intermediateSize: 20, vocabularySize: 41, rmsNormEpsilon: 1e-5, rope: RotaryEmbedding(theta: 100),
        tiedEmbeddings: true)
    var settings: TrainingSettings
    var steps = 5
    var turnSteps = 2
    /// Which sides compute activations again in backward passes; the device is also the whole model in one process.
    var (deviceRecomputes, serverRecomputes) = (false, false)
    var dataSHA256 = String(repeating: "0", count: 64)

    init(_ change: (inout TrainingSettings) -> Void = { _ in }) {
        settings = TrainingSettings()
        settings.batch = 4
        settings.sequence = 6
        settings.rank = 2
        settings.targets = [.q, .v, .down]
        settings.learningRate = 0.01
        settings.maximumGradientNorm = 0.05
        settings.schedule = .cosine
        settings.warmupSteps = 1
        settings.scheduleSteps = 20
        change(&settings)
    }

    var source: RandomWeights { RandomWeights(model, seed: 3) }
    var terms: [RunTerm] { RunTerm.model(model, weights: "random 3") }

    static let engine: EngineMaker = { _ in try MatrixEngines.named("onednn", threadCount: 2) }

    /// Every fourth position has no target.
    func batch(_ step: Int) -> StepBatch {
        var generator = SeededGenerator(seed: UInt64(step))
        let count = settings.batch * settings.sequence
        let tokens = (0..<count).map { _ in Int32.random(in: 0..<Int32(model.vocabularySize), using: &generator) }
        return StepBatch(
            inputs: tokens, targets: tokens.enumerated().map { $0.offset % 4 == 3 ? -1 : ($0.element * 7 + 3) % 41 })
    }

    var job: DeviceSession.Job {
        DeviceSession.Job(
            model: terms, settings: settings, dataSHA256: dataSHA256, steps: steps, turnSteps: turnSteps,
            activationCheckpointing: deviceRecomputes, batch: { self.batch($0) })
    }

    /// The whole model in one process.
    func unsplit() throws -> (losses: [Double], blocks: [AdapterState]) {
        let side = try TrainingSide(
            source: source, settings: settings, layers: 0...model.blockCount + 1, engine: Self.engine(settings.format),
            activationCheckpointing: deviceRecomputes)
        let trainer = UnsplitTrainer(side: side)
        let losses = try (0..<steps).map { try trainer.train(batch($0)) }
        return (losses, side.adapterStates())
    }

    func server(_ folder: StateFolder, silenceSeconds: Double = 30) throws -> TrainingServer {
        try TrainingServer(
            source: source, folder: folder,
            configuration: .init(
                model: terms, silenceSeconds: silenceSeconds, activationCheckpointing: serverRecomputes),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, engine: Self.engine)
    }

    /// Trains what is left, one connection, with the cut of each turn.
    func train(
        with server: TrainingServer, device: String = "device", breakingAfter messages: Int = .max,
        beforeSending: @escaping HookedChannel.Hook = { _ in }, cut: @Sendable (_ turn: Int) -> Int
    ) async throws -> [Double] {
        try await connected(to: server, device: device, breakingAfter: messages, beforeSending: beforeSending) {
            session in
            var losses = try await session.greet().losses
            var turn = 0
            while losses.count < steps {
                losses += try await session.turn(TurnChoice(cut: cut(turn)), committed: losses.count).losses
                turn += 1
            }
            return losses
        }
    }

    /// Trains from the beginning, and tells what each turn took.
    func turns(
        with server: TrainingServer, cut: @Sendable (_ turn: Int) -> Int
    ) async throws -> [DeviceSession.Turn] {
        try await connected(to: server, device: "device") { session in
            var committed = try await session.greet().losses.count
            var turns: [DeviceSession.Turn] = []
            while committed < steps {
                turns.append(try await session.turn(TurnChoice(cut: cut(turns.count)), committed: committed))
                committed += turns[turns.count - 1].losses.count
            }
            return turns
        }
    }

    /// Runs a device's session.
    ///
    /// - Throws: what `body` throws; else what the server did.
    func connected<Value>(
        to server: TrainingServer, device: String, breakingAfter messages: Int = .max,
        checkAgain: @escaping @Sendable () throws -> Void = {},
        beforeSending: @escaping HookedChannel.Hook = { _ in }, _ body: (DeviceSession) async throws -> Value
    ) async throws -> Value {
        let (deviceEnd, serverEnd) = MemoryMessageChannel.pair(breakingAfter: messages)
        let serving = Task {
            defer { serverEnd.close() }
            try await server.serve(serverEnd, device: device, checkAgain: checkAgain)
        }
        let result: Result<Value, any Error>
        do {
            let session = try DeviceSession(
                job: job, source: source, channel: HookedChannel(channel: deviceEnd, beforeSending: beforeSending),
                engine: Self.engine)
            result = .success(try await body(session))
        } catch {
            result = .failure(error)
        }
        deviceEnd.close()
        let served = await serving.result
        let value = try result.get()
        try served.get()
        return value
    }
}

/// A new folder, removed with this object.
final class TemporaryFolder {
    let path = NSTemporaryDirectory() + "kerf-split-" + UUID().uuidString
    deinit { try? FileManager.default.removeItem(atPath: path) }
}
