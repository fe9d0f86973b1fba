import Instrumentation
import Logging
import ModelFiles
import ProbeKit
import ProfileFormat
import SwiftProtobuf
import SystemIO
import TransformerKernels
import Workload

/// One turn of one device: its steps, then the commit. An error anywhere ends it without a trace.
struct ServerTurn: Sendable {
    private let session: ServerSession
    private let request: Kerf_Split_V1_TurnRequest
    private let settings: TrainingSettings
    private let stepsInAll: Int
    private let channel: any MessageChannel

    /// - Parameters:
    ///   - settings: that the device greeted with.
    ///   - stepsInAll: that the device announced.
    init(
        session: ServerSession, request: Kerf_Split_V1_TurnRequest, settings: TrainingSettings, stepsInAll: Int
    ) {
        self.session = session
        self.request = request
        self.settings = settings
        self.stepsInAll = stepsInAll
        channel = session.channel.limited(session.silence)
    }

    private var server: TrainingServer { session.server }
    private var cut: Int { Int(request.cut) }

    func run() async throws {
        let (state, progress) = try await server.training.beginTurn(of: session.device, settings)
        do {
            try await run(state, progress)
            await server.training.endTurn()
        } catch {
            await server.training.endTurn()
            throw error
        }
    }

    private func run(_ state: TrainingState, _ progress: DeviceProgress) async throws {
        let blockCount = state.blocks.count
        guard cut <= blockCount else {
            throw KerfError(.invalidArgument, "there is no cut \(cut) of \(blockCount) blocks")
        }
        guard request.deviceSteps == UInt64(progress.steps) else {
            // An older connection of the device has committed a turn in the meantime.
            throw KerfError(
                .outdated, "the device counts \(request.deviceSteps) steps of its own, the server \(progress.steps)",
                remedy: "start the device again")
        }
        guard request.steps >= 1, Int(request.steps) <= stepsInAll - progress.steps else {
            throw KerfError(.invalidArgument, "\(request.steps) steps are not left to train")
        }
        guard state.committedSteps + Int(request.steps) <= TrainingState.maximumSteps else {
            throw KerfError(
                .refused,
                "the training has \(state.committedSteps) steps, near the maximum of \(TrainingState.maximumSteps)",
                remedy: "begin a new training from its adapters")
        }
        do {
            let hertz = try setFrequency()
            try await server.compute.prepare(
                cut: cut, settings: state.settings, states: Array(state.blocks[cut...]), step: state.modelSteps)
            let conditions = session.meter.conditions()
            server.recorder.start()
            let adapters = TensorBytes.bytes(of: Array(state.blocks[..<cut]))
            try await send(
                .turnGrant(
                    .with {
                        $0.turn = UInt64(state.turns + 1)
                        $0.modelSteps = UInt64(state.modelSteps)
                        $0.sent = MonotonicInstant.now().message
                        if let hertz { $0.serverHertz = hertz }
                    }), tensor: adapters)
            try await train(state, progress, conditions)
        } catch {
            _ = server.recorder.finish()
            do { try server.configuration.frequency?.reset() } catch let failure {
                // The turn's own error goes to the device; this one is the server's.
                server.logger.error("the frequency limits were not restored: \(failure)")
            }
            throw error
        }
        try server.configuration.frequency?.reset()
    }

    /// - Returns: the frequency that was set, in hertz; nil where none was asked for.
    private func setFrequency() throws -> Double? {
        guard request.hasServerHertz else { return nil }
        guard let frequency = server.configuration.frequency else {
            throw KerfError(
                .unavailable, "this server does not let devices set its frequency",
                remedy: "start the server so that devices may set its frequency")
        }
        return try frequency.set(hertz: request.serverHertz)
    }

    private func send(_ message: Control.OneOf_Kind, tensor: [UInt8] = []) async throws {
        server.recorder.begin(.sending)
        defer { server.recorder.end(.sending) }
        try await channel.send(message, tensor: tensor)
    }

    /// - Parameters:
    ///   - progress: the device's before the turn.
    ///   - conditions: of the box at the turn's begin.
    private func train(
        _ state: TrainingState, _ progress: DeviceProgress, _ conditions: BoxConditions
    ) async throws {
        let firstStep = progress.steps
        var losses: [Double] = []
        let began = MonotonicInstant.now()
        var step = StepProgress(settings: state.settings)
        while true {
            guard let message = try await channel.receive() else {
                throw KerfError(.connectionLost, "the device left in the middle of its turn")
            }
            switch message.kind {
            case .microBatch(let part) where cut < state.blocks.count:
                if part.index == 0 {
                    server.recorder.enter(step: part.evaluation ? nil : firstStep + losses.count)
                }
                try await run(part, message.tensorBytes, state, &step, &losses)
            case .progress: continue
            case .turnEnd(let end):
                server.recorder.enter(step: nil)
                let received = try await finish(
                    end, message.tensorBytes, state, step, progress, losses)
                let seconds = MonotonicInstant.now().seconds(since: began)
                let after = session.meter.conditions()
                let disturbance = BoxConditions.turnDisturbance(from: conditions, to: after, seconds: seconds)
                let record = server.recorder.finish()
                let isMetered = session.meter.name != nil
                let intervals = isMetered ? record.intervals : record.intervals.withoutEnergy
                let steps = firstStep + Int(request.steps)
                try await channel.send(
                    .turnCommitted(
                        .with {
                            $0.deviceSteps = UInt64(steps)
                            $0.received = received.message
                            $0.disturbance = disturbance?.rawValue ?? ""
                            $0.meterFailure = isMetered ? record.meterFailure ?? "" : ""
                            $0.referenceSeconds = BoxConditions.longerReference(conditions, after) ?? 0
                        }), tensor: IntervalBytes.bytes(of: intervals))
                return
            case .failure(let failure):
                throw KerfError(.refused, "the device gave up: \(PlainText.shown(failure.message))")
            default:
                throw KerfError(.protocolViolation, "\(message.kind.name) came in the middle of a turn")
            }
        }
    }

    /// Where a step stands.
    private struct StepProgress {
        let settings: TrainingSettings
        /// The micro-batch that is due.
        var next = 0
        /// Whether the micro-batches are an evaluation's.
        var isEvaluation = false
        /// Whether the server's gradients of the last step wait for the device's norms.
        var isUpdateDue = false
        var loss = 0.0

        init(settings: TrainingSettings) { self.settings = settings }
    }

    private func run(
        _ part: Kerf_Split_V1_MicroBatch, _ tensorBytes: UInt64, _ state: TrainingState, _ step: inout StepProgress,
        _ losses: inout [Double]
    ) async throws {
        let settings = state.settings
        guard Int(part.index) == step.next else {
            throw KerfError(.protocolViolation, "micro-batch \(part.index) came where \(step.next) was due")
        }
        if part.index == 0 { step.isEvaluation = part.evaluation }
        guard part.evaluation == step.isEvaluation else {
            throw KerfError(.protocolViolation, "a step and an evaluation are mixed")
        }
        if step.isUpdateDue, part.index == 0 { try await update(part.squaredNorms, &step) }
        guard losses.count < Int(request.steps) || part.evaluation else {
            throw KerfError(.protocolViolation, "a step came after the last of the turn")
        }
        let count = settings.microBatch.tokenCount
        let codec = BoundaryCodec(settings: settings, hiddenSize: server.modelConfig.hiddenSize)
        let activation = try await channel.receiveTensor(
            announced: tensorBytes, expected: cut == 0 ? 0 : codec.activation.encodedBytes, "the smashed data")
        let received = channel.lastArrival.message
        let result = try await server.compute.run(
            index: Int(part.index), tokens: cut == 0 ? try tokens(part.tokens, count, "tokens") : nil,
            targets: tokens(part.targets, count, "targets"), batchTargets: Int(part.batchTargets),
            activation: activation, isEvaluation: part.evaluation)
        let isLast = Int(part.index) == settings.microBatches - 1
        let norms = isLast && !part.evaluation ? await server.compute.squaredNorms() : []
        try await send(
            .gradient(
                .with {
                    $0.index = part.index
                    $0.loss = result.loss
                    $0.squaredNorms = norms
                    $0.received = received
                    $0.sent = MonotonicInstant.now().message
                }), tensor: result.gradient)
        step.loss += result.loss
        step.next = isLast ? 0 : step.next + 1
        guard isLast else { return }
        if !part.evaluation {
            losses.append(step.loss)
            step.isUpdateDue = true
        }
        step.loss = 0
    }

    /// Applies the server's gradients, for which the device's norms are needed.
    private func update(_ deviceNorms: [Double], _ step: inout StepProgress) async throws {
        guard deviceNorms.count == cut else {
            throw KerfError(.protocolViolation, "\(deviceNorms.count) gradient norms came where \(cut) are due")
        }
        try await server.compute.update(deviceNorms: deviceNorms)
        step.isUpdateDue = false
    }

    /// Makes the turn durable.
    ///
    /// - Returns: when the device's adapters had arrived.
    private func finish(
        _ end: Kerf_Split_V1_TurnEnd, _ tensorBytes: UInt64, _ state: TrainingState, _ step: StepProgress,
        _ progress: DeviceProgress, _ serverLosses: [Double]
    ) async throws -> MonotonicInstant {
        var step = step
        let isWhole = cut == state.blocks.count
        let losses = isWhole ? end.losses : serverLosses
        guard step.next == 0, losses.count == Int(request.steps) else {
            throw KerfError(.protocolViolation, "the turn ended after \(losses.count) of \(request.steps) steps")
        }
        let count = AdapterLayout(model: server.modelConfig, lora: state.settings.lora).count
        let bytes = try await channel.receiveTensor(
            announced: tensorBytes, expected: cut * 3 * count * MemoryLayout<Float>.size, "the turn's adapters")
        let received = channel.lastArrival
        if step.isUpdateDue {
            // It belongs to the last step.
            server.recorder.enter(step: progress.steps + losses.count - 1)
            try await update(end.squaredNorms, &step)
            server.recorder.enter(step: nil)
        }
        let blocks = TensorBytes.states(bytes, count: count) + (await server.compute.adapterStates())
        // A newer connection of the device may have taken its place.
        try Task.checkCancellation()
        try await server.training.commit(blocks, device: session.device, after: progress, losses: losses)
        return received
    }

    private func tokens(_ bytes: some Collection<UInt8>, _ count: Int, _ name: String) throws(KerfError) -> [Int32] {
        guard bytes.count == 4 * count else {
            throw KerfError(.protocolViolation, "\(bytes.count) bytes of \(name) came where \(4 * count) are due")
        }
        return TensorBytes.numbers(bytes)
    }
}
