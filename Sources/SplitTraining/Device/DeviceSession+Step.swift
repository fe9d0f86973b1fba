import FoundationEssentials
import SwiftProtobuf
import SystemIO
import TransformerKernels

extension DeviceSession {
    /// One optimizer step at a cut below the last.
    ///
    /// All micro-batches go forward one after the other; what one leaves is sent while the next is computed, and the server
    /// works on the earlier ones meanwhile. Gradients are added up in the order of the micro-batches, so the result is
    /// that of the same step without overlap.
    ///
    /// - Parameter squaredNorms: of the device's blocks in the step before, for the server; empty before the first.
    /// - Returns: the loss, and the norms of this step.
    func split(_ batch: StepBatch, cut: Int, squaredNorms: [Double]) async throws -> (Double, [Double]) {
        let count = job.settings.microBatches
        let total = batch.targetCount
        guard total > 0 else { throw KerfError(.invalidToken, "no token of the batch has a target") }
        let (outgoing, queue) = AsyncStream<Outgoing>.makeStream()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            // A child task that fails ends the group; the failure of the connection also ends the wait for gradients.
            group.addTask { [channel] in
                for await part in outgoing { try await channel.send(part.message, tensor: part.tensor) }
            }
            defer { queue.finish() }
            for index in 0..<count {
                let part = batch.part(index, of: count)
                let tensor =
                    cut == 0 ? [] : try await compute.forward(part, index: index, batchTargets: total)
                let message = microBatch(part, index: index, cut: cut, batchTargets: total, squaredNorms)
                queue.yield(Outgoing(message: .microBatch(message), tensor: tensor))
            }
            queue.finish()
            let result = try await receiveGradients(count, cut: cut)
            try await group.waitForAll()
            return result
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

    private func receiveGradients(_ count: Int, cut: Int) async throws -> (Double, [Double]) {
        let size = BoundaryCodec(settings: job.settings, hiddenSize: hiddenSize).gradient.encodedBytes
        var loss = 0.0
        var serverNorms: [Double] = []
        for index in 0..<count {
            let (gradient, bytes) = try await channel.expect("a gradient") {
                if case .gradient(let gradient) = $0 { gradient } else { nil }
            }
            guard Int(gradient.index) == index else {
                throw KerfError(.protocolViolation, "gradient \(gradient.index) came where \(index) was due")
            }
            let tensor = try await channel.receiveTensor(
                announced: bytes, expected: cut == 0 ? 0 : size, "the gradient")
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
        return (loss, norms)
    }
}
