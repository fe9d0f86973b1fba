import ModelFiles
import SplitTraining
import SystemPackage
import TransformerKernels

/// Everything of a training but where it is cut: the model, its weights, the data and the settings.
package struct TrainingSetup: Sendable {
    package let source: any WeightSource
    package let settings: TrainingSettings
    package let data: TrainingInput
    /// The identity of the weights.
    package let weights: String
    package let engine: @Sendable () throws -> any MatrixEngine

    package init(_ model: ModelOptions, _ input: TrainingDataOptions, _ training: TrainingOptions) throws {
        settings = try training.settings()
        source = try model.open(seed: training.weightsSeed)
        data = try input.open(
            weights: model.weights, settings: settings, vocabularySize: source.config.vocabularySize)
        weights = try WeightIdentity.text(weights: model.weights.map { FilePath($0) }, seed: training.weightsSeed)
        engine = MatrixEngines.maker(named: training.workload.engine, threadCount: training.workload.threads)
    }

    package func job(steps: Int, turnSteps: Int) -> DeviceSession.Job {
        let data = data
        return DeviceSession.Job(
            model: RunTerm.model(source.config, weights: weights), settings: settings, dataSHA256: data.source.sha256,
            steps: steps, turnSteps: turnSteps, validation: data.validation, batch: { data.batch($0) })
    }
}

extension MatrixEngines {
    /// Makes engines of one library, or of the default one.
    package static func maker(
        named name: String?, threadCount: Int?
    ) -> @Sendable () throws -> any MatrixEngine {
        { try name.map { try named($0, threadCount: threadCount) } ?? `default`(threadCount: threadCount) }
    }
}
