import CARD
import Instrumentation
import ModelFiles
import ProbeKit
import ProfileFormat
import SwiftProtobuf
import SystemIO
import TransformerKernels
import Workload

/// The device's side of split training, over one connection.
///
/// Everything durable is on the server: after a crash or a lost connection, a new session goes on after the last committed
/// turn, with the same result.
package final class DeviceSession: Sendable {
    /// What the device trains.
    package struct Job: Sendable {
        package var model: [RunTerm]
        package var settings: TrainingSettings
        package var dataSHA256: String
        /// Optimizer steps in all.
        package var steps: Int
        /// Optimizer steps of one turn.
        package var turnSteps: Int
        /// Whether this device's blocks recompute their forward passes in their backward passes. Bits are the same, so the
        /// server need not know.
        package var activationCheckpointing: Bool
        /// The batch of an optimizer step, counted from 0.
        package var batch: @Sendable (_ step: Int) -> StepBatch
        /// Batches on whose targets the loss is computed before the first step and after the last; none if empty.
        package var validation: [StepBatch]

        package init(
            model: [RunTerm], settings: TrainingSettings, dataSHA256: String, steps: Int, turnSteps: Int,
            activationCheckpointing: Bool = false, validation: [StepBatch] = [],
            batch: @escaping @Sendable (Int) -> StepBatch
        ) {
            self.model = model
            self.settings = settings
            self.dataSHA256 = dataSHA256
            self.steps = steps
            self.turnSteps = turnSteps
            self.activationCheckpointing = activationCheckpointing
            self.validation = validation
            self.batch = batch
        }
    }

    /// What a session tells while it runs.
    package enum Event: Sendable {
        /// Devices before this one.
        case queued(position: Int)
        case turnBegan(turn: Int, cut: Int)
        /// Counted from 1, of this device; the loss before the step.
        case step(Int, loss: Double, seconds: Double)
        /// The committed steps of this device.
        case committed(steps: Int)
        /// The connection was lost for this reason and is made again.
        case reconnecting(String)
    }

    let job: Job
    let channel: any MessageChannel
    let compute: DeviceCompute
    let blockCount: Int
    let hiddenSize: Int
    let recorder: ActivityRecorder
    private let meter: RunMeter
    private let layout: AdapterLayout
    private let report: @Sendable (Event) -> Void

    package init(
        job: Job, source: any WeightSource, channel: any MessageChannel, meter: RunMeter = .none,
        report: @escaping @Sendable (Event) -> Void = { _ in },
        engine: @escaping EngineMaker
    ) throws {
        self.job = job
        self.channel = channel
        self.report = report
        blockCount = source.config.blockCount
        hiddenSize = source.config.hiddenSize
        self.meter = meter
        recorder = meter.recorder()
        compute = try DeviceCompute(
            source: source, settings: job.settings, activationCheckpointing: job.activationCheckpointing,
            recorder: recorder, engine: engine)
        layout = AdapterLayout(model: source.config, lora: job.settings.lora)
    }

    /// Greets the server.
    ///
    /// - Parameter isNew: whether a server with a training must refuse.
    /// - Returns: the losses of the device's committed steps, and what meters the server.
    package func greet(isNew: Bool = false) async throws -> (losses: [Double], serverMeter: SideMeter) {
        let job = job
        try await channel.send(
            .hello(
                .with {
                    $0.protocolVersion = ServerSession.protocolVersion
                    $0.programVersion = KerfVersion.build
                    $0.model = job.model.map(\.message)
                    $0.settings = job.settings.message
                    $0.dataSha256 = job.dataSHA256
                    $0.steps = UInt64(job.steps)
                    $0.newTraining = isNew
                }))
        let (welcome, bytes) = try await channel.expect("a welcome") {
            if case .welcome(let welcome) = $0 { welcome } else { nil }
        }
        guard welcome.deviceSteps <= UInt64(job.steps) else {
            throw KerfError(.protocolViolation, "the server counts \(welcome.deviceSteps) steps of \(job.steps)")
        }
        guard !isNew || welcome.deviceSteps == 0 else {
            throw KerfError(
                .protocolViolation, "the server counts \(welcome.deviceSteps) steps of a training that has not begun")
        }
        let losses = try await channel.receiveTensor(
            announced: bytes, expected: 8 * Int(welcome.deviceSteps), "the losses so far")
        return (TensorBytes.numbers(losses), try SideMeter(welcome.meter))
    }

    /// Runs one turn.
    ///
    /// - Parameters:
    ///   - choice: where to cut it and how fast the server shall run.
    ///   - committed: the device's steps so far; at least one is left.
    /// - Returns: what is known after the commit.
    package func turn(_ choice: TurnChoice, committed: Int) async throws -> Turn {
        let steps = min(job.turnSteps, job.steps - committed)
        let cut = choice.cut
        var turn = Turn()
        turn.cut = cut
        turn.firstStep = committed
        let before = try await clockOffset()
        try await channel.send(
            .turnRequest(
                .with {
                    $0.cut = UInt32(cut)
                    $0.steps = UInt32(steps)
                    $0.deviceSteps = UInt64(committed)
                    if let hertz = choice.serverHertz { $0.serverHertz = hertz }
                }))
        try await begin(&turn)
        let conditions = meter.conditions()
        let began = MonotonicInstant.now()
        recorder.start()
        defer { _ = recorder.finish() }
        let norms = try await train(steps, &turn)
        let (losses, lastNorms) = (cut == blockCount ? turn.losses : [], norms)
        let adapters = TensorBytes.bytes(of: await compute.adapterStates())
        let sent = MonotonicInstant.now()
        recorder.begin(.sending)
        try await channel.send(
            .turnEnd(
                .with {
                    $0.squaredNorms = lastNorms
                    $0.losses = losses
                }), tensor: adapters)
        recorder.end(.sending)
        let (confirmation, bytes) = try await channel.expect("a turn's confirmation") {
            if case .turnCommitted(let confirmation) = $0 { confirmation } else { nil }
        }
        guard confirmation.deviceSteps == UInt64(committed + steps) else {
            throw KerfError(
                .protocolViolation,
                "the server counts \(confirmation.deviceSteps) steps, the device \(committed + steps)")
        }
        if !adapters.isEmpty {
            turn.measurement.transfers.append(
                ObservedTransfer(
                    .adapters, .up, bytes: adapters.count, sent: sent,
                    received: MonotonicInstant(confirmation.received)))
        }
        turn.measurement.server = try await serverIntervals(byteCount: bytes, steps: steps)
        let record = recorder.finish()
        turn.measurement.device = record.intervals
        turn.measurement.deviceMeterFailure = record.meterFailure
        turn.measurement.serverMeterFailure = Self.text(confirmation.meterFailure)
        let seconds = MonotonicInstant.now().seconds(since: began)
        let after = meter.conditions()
        turn.measurement.deviceDisturbance =
            BoxConditions.turnDisturbance(from: conditions, to: after, seconds: seconds)?.rawValue
        turn.measurement.deviceReferenceSeconds = BoxConditions.longerReference(conditions, after)
        // Protobuf's 0 is an absent value.
        let reference = confirmation.referenceSeconds
        turn.measurement.serverReferenceSeconds = reference > 0 && reference.isFinite ? reference : nil
        turn.measurement.serverDisturbance = Self.text(confirmation.disturbance)
        report(.committed(steps: committed + steps))
        turn.measurement.offset = ClockOffset(between: before, and: try await clockOffset())
        return turn
    }

    /// A text of the server; nil where it is empty.
    private static func text(_ text: String) -> String? { text.isEmpty ? nil : PlainText.shown(text, limit: 200) }

    /// The steps of a turn, and the losses before the first and after the last step of the training.
    ///
    /// - Returns: the last step's squared norms of the device's blocks.
    private func train(_ steps: Int, _ turn: inout Turn) async throws -> [Double] {
        var norms: [Double] = []
        let first = turn.firstStep
        if first == 0 { (turn.validationBefore, norms) = try await evaluate(cut: turn.cut, squaredNorms: norms) }
        for step in first..<first + steps {
            let batch = job.batch(step)
            let start = MonotonicInstant.now()
            recorder.enter(step: step)
            let loss: Double
            if turn.cut == blockCount {
                loss = try await compute.train(batch)
            } else {
                (loss, norms) = try await split(batch, step: step, squaredNorms: norms, &turn)
            }
            recorder.enter(step: nil)
            let seconds = MonotonicInstant.now().seconds(since: start)
            turn.losses.append(loss)
            turn.stepSeconds.append(seconds)
            report(.step(step + 1, loss: loss, seconds: seconds))
        }
        if first + steps == job.steps {
            (turn.validationAfter, norms) = try await evaluate(cut: turn.cut, squaredNorms: norms)
        }
        return norms
    }

    /// One committed turn.
    package struct Turn: Sendable, Hashable {
        /// Number in the whole training, from 1.
        package var number = 0
        package var cut = 0
        /// Steps of this device before the turn.
        package var firstStep = 0
        /// Mean loss of each step.
        package var losses: [Double] = []
        /// Wall time of each step.
        package var stepSeconds: [Double] = []
        /// Mean loss over the validation's targets, where the turn is the first or the last.
        package var validationBefore: Double?
        package var validationAfter: Double?
        package var measurement = TurnMeasurement()

        package init() {}
    }

    /// The parameters of all blocks, as committed.
    package func adapters() async throws -> [[Float]] {
        try await channel.send(.adaptersRequest(.init()))
        let (_, bytes) = try await channel.expect("the adapters") {
            if case .adapters(let adapters) = $0 { adapters } else { nil }
        }
        let size = 4 * layout.count
        let parameters = try await channel.receiveTensor(
            announced: bytes, expected: blockCount * size, "the adapters")
        return (0..<blockCount).map { TensorBytes.numbers(parameters[$0 * size..<($0 + 1) * size]) }
    }

    /// Waits for the turn and makes the layers ready.
    private func begin(_ turn: inout Turn) async throws {
        while true {
            guard let message = try await channel.receive() else {
                throw KerfError(.connectionLost, "the server ended the exchange where a turn was due")
            }
            switch message.kind {
            case .turnQueued(let place):
                report(.queued(position: Int(place.position)))
            case .turnGrant(let grant):
                guard grant.modelSteps <= UInt64(TrainingState.maximumSteps) else {
                    throw KerfError(.protocolViolation, "the server counts \(grant.modelSteps) steps of the model")
                }
                let bytes = try await channel.receiveTensor(
                    announced: message.tensorBytes, expected: turn.cut * 12 * layout.count, "the turn's adapters")
                if !bytes.isEmpty {
                    turn.measurement.transfers.append(
                        ObservedTransfer(
                            .adapters, .down, bytes: bytes.count, sent: MonotonicInstant(grant.sent),
                            received: channel.lastArrival))
                }
                turn.number = Int(clamping: grant.turn)
                turn.measurement.serverHertz = grant.hasServerHertz ? grant.serverHertz : nil
                try await compute.prepare(
                    cut: turn.cut, states: TensorBytes.states(bytes, count: layout.count),
                    step: Int(clamping: grant.modelSteps))
                report(.turnBegan(turn: turn.number, cut: turn.cut))
                return
            case .failure(let failure):
                throw KerfError(failure)
            default:
                throw KerfError(.protocolViolation, "\(message.kind.name) came where a turn was due")
            }
        }
    }
}
