import Foundation
import Instrumentation
import ModelFiles
import SwiftProtobuf
import Workload

@testable import SplitTraining

extension SmallTraining {
    /// A device's greeting.
    var hello: Kerf_Split_V1_Hello {
        .with {
            $0.protocolVersion = ServerSession.protocolVersion
            $0.programVersion = "1"
            $0.model = terms.map(\.message)
            $0.settings = settings.message
            $0.dataSha256 = dataSHA256
            $0.steps = UInt64(steps)
        }
    }

    /// The first step's only micro-batch, with the norms of a step before at cut 2.
    var microBatch: Kerf_Split_V1_MicroBatch {
        let batch = batch(0)
        return .with {
            $0.batchTargets = UInt32(batch.targetCount)
            $0.tokens = Data(TensorBytes.bytes(of: batch.inputs))
            $0.targets = Data(TensorBytes.bytes(of: batch.targets))
            $0.squaredNorms = [1, 2]
        }
    }

    /// What a server answers to each message of a device's first turn, of two steps at cut 2: the greeting, three questions
    /// for the time, the request for the turn, two micro-batches, the turn's end, and three questions for the time.
    var answers: [ScriptedServer.Answer] {
        let codec = BoundaryCodec(settings: settings, hiddenSize: model.hiddenSize)
        let adapterCount = AdapterLayout(model: model, lora: settings.lora).count
        let time = ScriptedServer.Answer(.clockAnswer(.with { ($0.received, $0.sent) = (1, 2) }))
        let gradient = ScriptedServer.Answer(
            .gradient(.with { ($0.loss, $0.squaredNorms) = (2, [1, 1]) }), byteCount: codec.gradient.encodedBytes)
        return [
            .init(.welcome(.with { $0.meter = RunMeter.none.message })), time, time, time,
            .init(.turnGrant(.with { $0.turn = 1 }), byteCount: 2 * 3 * 4 * adapterCount), gradient, gradient,
            .init(.turnCommitted(.with { $0.deviceSteps = 2 })), time, time, time,
        ]
    }
}
