import ModelFiles
import SwiftProtobuf
import SystemIO
import Workload

extension TrainingSettings {
    /// The settings of a device's greeting.
    ///
    /// - Throws: ``KerfError/Code/protocolViolation`` for unknown names, `invalidArgument` for values out of range.
    init(_ message: Kerf_Split_V1_Settings) throws(KerfError) {
        func value<Name: RawRepresentable<String>>(_ text: String, _ what: String) throws(KerfError) -> Name {
            guard let value = Name(rawValue: text) else {
                throw KerfError(.protocolViolation, "the \(what) \(PlainText.quoted(text)) is not known")
            }
            return value
        }
        self.init()
        batch = Int(message.batch)
        sequence = Int(message.sequence)
        microBatches = Int(message.microBatches)
        rank = Int(message.rank)
        alpha = message.alpha
        guard message.targets.count <= Projection.allCases.count else {
            throw KerfError(.protocolViolation, "there are \(message.targets.count) LoRA targets")
        }
        var targets: [Projection] = []
        for name in message.targets { targets.append(try value(name, "LoRA target")) }
        self.targets = targets
        format = try value(message.format, "number format")
        learningRate = message.learningRate
        schedule = try value(message.schedule, "schedule")
        warmupSteps = Int(clamping: message.warmupSteps)
        scheduleSteps = Int(clamping: message.scheduleSteps)
        weightDecay = message.weightDecay
        beta1 = message.beta1
        beta2 = message.beta2
        epsilon = message.epsilon
        maximumGradientNorm = message.maximumGradientNorm == 0 ? nil : message.maximumGradientNorm
        seed = message.seed
        wire = try value(message.wire, "wire format")
        try check()
    }

    var message: Kerf_Split_V1_Settings {
        .with {
            $0.batch = UInt32(batch)
            $0.sequence = UInt32(sequence)
            $0.microBatches = UInt32(microBatches)
            $0.rank = UInt32(rank)
            $0.alpha = alpha
            $0.targets = targets.map(\.rawValue)
            $0.format = format.rawValue
            $0.learningRate = learningRate
            $0.schedule = schedule.rawValue
            $0.warmupSteps = UInt64(warmupSteps)
            $0.scheduleSteps = UInt64(scheduleSteps)
            $0.weightDecay = weightDecay
            $0.beta1 = beta1
            $0.beta2 = beta2
            $0.epsilon = epsilon
            $0.maximumGradientNorm = maximumGradientNorm ?? 0
            $0.seed = seed
            $0.wire = wire.rawValue
        }
    }

    /// The settings by name, as they are compared between the two sides.
    package var terms: [RunTerm] {
        [
            RunTerm("batch", batch), RunTerm("sequence", sequence), RunTerm("micro-batches", microBatches),
            RunTerm("LoRA rank", rank), RunTerm("LoRA alpha", alpha),
            RunTerm("LoRA targets", targets.map(\.rawValue).joined(separator: ",")),
            RunTerm("number format", format.rawValue), RunTerm("learning rate", learningRate),
            RunTerm("schedule", schedule.rawValue), RunTerm("warm-up steps", warmupSteps),
            RunTerm("schedule's steps", scheduleSteps), RunTerm("weight decay", weightDecay), RunTerm("beta1", beta1),
            RunTerm("beta2", beta2), RunTerm("epsilon", epsilon),
            RunTerm("gradient norm", maximumGradientNorm.map { "\($0)" } ?? "not clipped"), RunTerm("seed", seed),
            RunTerm("wire format", wire.rawValue),
        ]
    }
}
