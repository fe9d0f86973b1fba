import CARD
import Calibration
import ModelFiles
import ProfileFormat
import SplitTraining
import SystemIO
import SystemPackage
import TransformerKernels
import Workload

/// Everything of a training but its data and where it is cut: the model, its weights, and the settings.
package struct TrainingSetup: Sendable {
    package let source: any WeightSource
    package let settings: TrainingSettings
    /// The identity of the weights.
    package let weights: String
    package let engine: EngineMaker
    /// Of this device; its server chooses for itself.
    package let activationCheckpointing: Bool

    /// - Parameter steps: of this device.
    package init(_ model: ModelOptions, _ training: TrainingOptions, steps: Int) throws {
        settings = try training.settings(steps: steps)
        source = try model.open(seed: training.weightsSeed)
        weights = try model.weightIdentity(seed: training.weightsSeed)
        engine = training.workload.step.engine.maker(quantized: source.isQuantized)
        activationCheckpointing = training.workload.step.engine.activationCheckpointing
    }

    package func job(
        steps: Int, turnSteps: Int, dataSHA256: String, validation: [StepBatch] = [],
        batch: @escaping @Sendable (_ step: Int) -> StepBatch
    ) -> DeviceSession.Job {
        DeviceSession.Job(
            model: RunTerm.model(source.config, weights: weights), settings: settings, dataSHA256: dataSHA256,
            steps: steps, turnSteps: turnSteps, activationCheckpointing: activationCheckpointing,
            validation: validation, batch: batch)
    }
}

extension TrainingSetup {
    /// What this training sends.
    package var exchange: CutExchange {
        CutExchange(wire: settings.wire, hiddenSize: source.config.hiddenSize)
    }

    /// Refuses a calibration of another model or training step.
    ///
    /// - Parameter name: the file, or such as "the device's calibration".
    package func check(_ calibration: Calibration, of name: String) throws(KerfError) {
        let (workload, model) = (calibration.workload, calibration.model)
        guard workload.forwardOnly != true else {
            throw KerfError(.mismatch, "\(name) is of forward passes alone", remedy: "profile a training step")
        }
        let formats = MatrixFormats(source).names(of: source.config, plain: settings.format)
        try RunTerm.checkEqual(
            [
                RunTerm("model", source.config.name), RunTerm("batch", settings.batch),
                RunTerm("sequence", settings.sequence), RunTerm("LoRA rank", settings.rank),
                RunTerm("LoRA targets", settings.lora.targets.map(\.rawValue).joined(separator: ",")),
                RunTerm("number format", settings.format.rawValue),
                RunTerm("weight formats", Self.text(formats)),
            ], of: "this run",
            [
                RunTerm("model", model.name), RunTerm("batch", workload.batch),
                RunTerm("sequence", workload.sequence), RunTerm("LoRA rank", workload.loraRank),
                RunTerm("LoRA targets", workload.loraTargetNames),
                RunTerm("number format", workload.dtype.rawValue),
                RunTerm("weight formats", Self.text(workload.weightFormats)),
            ], of: name)
    }

    private static func text(_ formats: [String]?) -> String { formats?.joined(separator: ", ") ?? "none quantized" }
}

extension TrainingSetup {
    /// In what this device runs otherwise than when it was profiled, one sentence each.
    package func differences(from calibration: Calibration) throws -> [String] {
        let (workload, engine) = (calibration.workload, try engine(settings.format))
        var differences: [String] = []
        if engine.threadCount != workload.threads {
            differences.append(
                "The device runs with \(engine.threadCount) threads, its calibration with \(workload.threads).")
        }
        if engine.identity.name != calibration.box.engine.name {
            differences.append(
                "The device multiplies by \(engine.identity.name), its calibration by \(calibration.box.engine.name).")
        }
        if activationCheckpointing != (workload.activationCheckpointing == true) {
            let (own, profiled) = activationCheckpointing ? ("with", "without") : ("without", "with")
            differences.append("The device runs \(own) activation checkpointing, its calibration \(profiled).")
        }
        return differences
    }
}

extension MatrixEngines {
    /// Makes engines of one library, or of the default one.
    package static func maker(
        named name: String?, quantized: Bool, threadCount: Int?
    ) -> EngineMaker {
        { format in
            try name.map { try named($0, threadCount: threadCount) }
                ?? `default`(for: format, quantized: quantized, threadCount: threadCount)
        }
    }
}
