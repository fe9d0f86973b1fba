import ModelFiles
import SplitTraining
import Statistics
import SystemIO

/// Data for runs whose costs matter and whose losses do not: random tokens, the same for equal seeds.
package struct RandomTokens: Sendable {
    private let settings: TrainingSettings
    private let vocabularySize: Int

    package init(_ settings: TrainingSettings, vocabularySize: Int) {
        self.settings = settings
        self.vocabularySize = vocabularySize
    }

    package var sha256: String { SHA256.hexDigest(of: Array("random tokens, seed \(settings.seed)".utf8)) }

    package func batch(_ step: Int) -> StepBatch {
        var generator = SeededGenerator(seed: settings.seed &+ UInt64(step))
        let tokens = (0...settings.batch * settings.sequence).map { _ in
            Int32.random(in: 0..<Int32(vocabularySize), using: &generator)
        }
        return StepBatch(inputs: Array(tokens.dropLast()), targets: Array(tokens.dropFirst()))
    }
}
