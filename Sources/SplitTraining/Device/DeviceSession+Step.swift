import CARD
import FoundationEssentials
import Instrumentation
import SwiftProtobuf
import Synchronization
import SystemIO
import TransformerKernels
import Workload

extension DeviceSession {
    /// One optimizer step at a cut below the last.
    ///
    /// All micro-batches go forward one after the other; what one leaves is sent while the next is computed, and the server
    /// works on the earlier ones meanwhile. Gradients are added up in the order of the micro-batches, so the result is
    /// that of the same step without overlap.
    ///
    /// - Parameters:
    ///   - step: of the device, from 0.
    ///   - squaredNorms: of the device's blocks in the step before, for the server; empty before the first.
    ///   - turn: receives the step's transfers.
    /// - Returns: the loss, and the norms of this step.
    func split(
        _ batch: StepBatch, step: Int, squaredNorms: [Double], _ turn: inout Turn
    ) async throws -> (Double, [Double]) {
        let cut = turn.cut
        let count = job.settings.microBatches
        let total = batch.targetCount
        guard total > 0 else { throw KerfError(.invalidToken, "no token of the batch has a target") }
        let (outgoing, queue) = AsyncStream<Outgoing>.makeStream()
        let sendTimes = SendTimes()
        let result = try await withThrowingTaskGroup(of: SplitStep?.self) { group in
            // The first of the two that fails ends the other: it would wait for what never comes.
            group.addTask { [channel, recorder] in
                for await part in outgoing {
                    sendTimes.add(.now())
                    recorder.begin(.sending)
                    defer { recorder.end(.sending) }
                    do {
                        try await channel.send(part.message, tensor: part.tensor)
                    } catch let error as KerfError where error.code == .connectionLost {
                        // The server may have said why it ended the exchange, which the other task then reads.
                        try await Task.sleep(for: .seconds(Self.reasonSeconds))
                        throw error
                    }
                }
                return nil
            }
            group.addTask { [self] in
                defer { queue.finish() }
                for index in 0..<count {
                    try Task.checkCancellation()
                    let part = batch.part(index, of: count)
                    let tensor =
                        cut == 0 ? [] : try await compute.forward(part, index: index, batchTargets: total)
                    let message = microBatch(part, index: index, cut: cut, batchTargets: total, squaredNorms)
                    queue.yield(Outgoing(message: .microBatch(message), tensor: tensor))
                }
                queue.finish()
                return try await receiveGradients(count, cut: cut, step: step, sendTimes)
            }
            var result = SplitStep()
            for try await step in group { result = step ?? result }
            return result
        }
        turn.measurement.transfers += result.transfers
        return (result.loss, result.norms)
    }

    /// Time for the server's reason to arrive.
    private static let reasonSeconds = 1.0

    /// What a step leaves.
    private struct SplitStep: Sendable {
        var loss = 0.0
        var norms: [Double] = []
        var transfers: [ObservedTransfer] = []
    }

    /// When each micro-batch began to be sent.
    private final class SendTimes: Sendable {
        private let times = Mutex<[MonotonicInstant]>([])
        func add(_ time: MonotonicInstant) { times.withLock { $0.append(time) } }
        /// Nil for one that is not sent yet: no answer can be due.
        subscript(index: Int) -> MonotonicInstant? {
            times.withLock { $0.indices.contains(index) ? $0[index] : nil }
        }
    }

    /// The mean loss over the validation's targets; nothing is trained.
    ///
    /// - Parameter squaredNorms: as in ``split(_:cut:squaredNorms:)``.
    /// - Returns: nil without a validation; and the norms that the server still needs.
    func evaluate(cut: Int, squaredNorms: [Double]) async throws -> (Double?, [Double]) {
        guard !job.validation.isEmpty else { return (nil, squaredNorms) }
        var norms = squaredNorms
        var (sum, count) = (0.0, 0)
        for batch in job.validation {
            let loss: Double
            if cut == blockCount {
                loss = try await compute.evaluate(batch)
            } else {
                loss = try await evaluate(batch, cut: cut, squaredNorms: norms)
                norms = []
            }
            sum += loss * Double(batch.targetCount)
            count += batch.targetCount
        }
        return (sum / Double(count), norms)
    }

    private func evaluate(_ batch: StepBatch, cut: Int, squaredNorms: [Double]) async throws -> Double {
        let (count, total) = (job.settings.microBatches, batch.targetCount)
        guard total > 0 else { throw KerfError(.invalidToken, "no token of the batch has a target") }
        var sum = 0.0
        for index in 0..<count {
            let part = batch.part(index, of: count)
            let tensor = cut == 0 ? [] : try await compute.forward(part, index: index, batchTargets: total)
            var message = microBatch(part, index: index, cut: cut, batchTargets: total, squaredNorms)
            message.evaluation = true
            try await channel.send(.microBatch(message), tensor: tensor)
            let (answer, _) = try await channel.expect("a loss") {
                if case .gradient(let gradient) = $0 { gradient } else { nil }
            }
            sum += answer.loss
        }
        return sum
    }

    private func microBatch(
        _ part: StepBatch, index: Int, cut: Int, batchTargets: Int, _ squaredNorms: [Double]
    ) -> Kerf_Split_V1_MicroBatch {
        .with {
            $0.index = UInt32(index)
            $0.batchTargets = UInt32(batchTargets)
            if cut == 0 { $0.tokens = .init(TensorBytes.bytes(of: part.inputs)) }
            $0.targets = .init(TensorBytes.bytes(of: part.targets))
            if index == 0 { $0.squaredNorms = squaredNorms }
        }
    }

    /// A message on its way to the task that sends.
    private struct Outgoing: Sendable {
        let message: Control.OneOf_Kind
        let tensor: [UInt8]
    }

    private func receiveGradients(
        _ count: Int, cut: Int, step: Int, _ sendTimes: SendTimes
    ) async throws -> SplitStep {
        let codec = BoundaryCodec(settings: job.settings, hiddenSize: hiddenSize)
        let tokenBytes = 4 * job.settings.microBatch.tokenCount
        var loss = 0.0
        var serverNorms: [Double] = []
        var transfers: [ObservedTransfer] = []
        for index in 0..<count {
            let (gradient, bytes) = try await channel.expect("a gradient") {
                if case .gradient(let gradient) = $0 { gradient } else { nil }
            }
            guard Int(gradient.index) == index, let sent = sendTimes[index] else {
                throw KerfError(.protocolViolation, "gradient \(gradient.index) came where \(index) was due")
            }
            let tensor = try await channel.receiveTensor(
                announced: bytes, expected: cut == 0 ? 0 : codec.gradient.encodedBytes, "the gradient")
            let arrival = channel.lastArrival
            transfers.append(
                ObservedTransfer(
                    .smashedData, .up, step: step,
                    bytes: tokenBytes + (cut == 0 ? tokenBytes : codec.activation.encodedBytes),
                    sent: sent, received: MonotonicInstant(gradient.received)))
            transfers.append(
                ObservedTransfer(
                    .gradient, .down, step: step, bytes: tensor.count, sent: MonotonicInstant(gradient.sent),
                    received: arrival))
            if cut > 0 { try await compute.backward(index: index, gradient: tensor) }
            loss += gradient.loss
            serverNorms = gradient.squaredNorms
        }
        guard serverNorms.count == blockCount - cut else {
            throw KerfError(
                .protocolViolation, "\(serverNorms.count) gradient norms came where \(blockCount - cut) are due")
        }
        let norms = await compute.squaredNorms()
        try await compute.update(squaredNorms: norms + serverNorms)
        return SplitStep(loss: loss, norms: norms, transfers: transfers)
    }
}
