import ArgumentParser
import ModelFiles
import SplitTraining
import SystemIO
import SystemPackage

/// The data that a device trains on.
struct TrainingDataOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Training data: .txt, .jsonl (text, or prompt and completion) or .ids (token ids).", valueName: "file"))
    var data: String

    @Option(help: ArgumentHelp("Held-out data, whose loss is computed before and after.", valueName: "file"))
    var validation: String?

    @Option(
        help: ArgumentHelp(
            "Tokenizer: a GGUF file, a tokenizer.json, or its folder. (default: that of the weights)",
            valueName: "file|dir"))
    var tokenizer: String?

    /// - Parameter weights: the path of the weights, whose tokenizer is used where none is named.
    func open(weights: String?, settings: TrainingSettings, vocabularySize: Int) throws -> TrainingInput {
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
struct TrainingInput: Sendable {
    let source: TrainingDataSource
    let training: TrainingData
    let validation: [StepBatch]

    func batch(_ step: Int) -> StepBatch { StepBatch(training.batch(step: step), sequences: training.batch) }
}
