import ArgumentParser
import ModelFiles
import SplitTraining
import SystemIO
import SystemPackage

/// The data that a device trains on.
package struct TrainingDataOptions: ParsableArguments {
    package init() {}

    @Option(
        help: ArgumentHelp(
            "Training data: .txt, .jsonl (text, or prompt and completion) or .ids (token ids).", valueName: "file"))
    package var data: String

    @Option(help: ArgumentHelp("Held-out data, whose loss is computed before and after.", valueName: "file"))
    package var validation: String?

    @Option(
        help: ArgumentHelp(
            "Tokenizer: a GGUF file, a tokenizer.json, or its folder. (default: that of the weights)",
            valueName: "file|dir"))
    package var tokenizer: String?

    /// - Parameter weights: the path of the weights, whose tokenizer is used where none is named.
    package func open(weights: String?, settings: TrainingSettings, vocabularySize: Int) throws -> TrainingInput {
        // Token ids need no tokenizer.
        let needsTokenizer = [data, validation].compactMap(\.self).contains { !$0.hasSuffix(".ids") }
        let path = needsTokenizer ? tokenizer ?? weights : nil
        let tokenizer = try path.map { try Tokenizer.open(FilePath($0)) }
        let dataset = try Dataset(path: data, tokenizer: tokenizer, vocabularySize: vocabularySize)
        let training = try TrainingData(
            dataset, batch: settings.batch, length: settings.sequence, seed: settings.seed)
        var held: [StepBatch] = []
        if let validation {
            let data = try ValidationData(
                Dataset(path: validation, tokenizer: tokenizer, vocabularySize: vocabularySize),
                length: settings.sequence)
            held = (0..<data.batchCount(of: settings.batch)).map {
                StepBatch(data.batch($0, of: settings.batch), sequences: settings.batch)
            }
        }
        return TrainingInput(
            source: TrainingDataSource(
                name: FilePath(data).lastComponent?.string ?? data, sha256: dataset.sha256, tokens: dataset.tokenCount),
            training: training, validation: held)
    }
}

/// The data as batches.
package struct TrainingInput: Sendable {
    package let source: TrainingDataSource
    package let training: TrainingData
    package let validation: [StepBatch]

    package func batch(_ step: Int) -> StepBatch { StepBatch(training.batch(step: step), sequences: training.batch) }
}
