import FoundationEssentials
import SystemIO

/// Token ids in a JSON file: a list of sequences, each a list of ids.
package struct TokenFile: Sendable {
    package let path: String
    /// `[sequence][position]`
    package let sequences: [[Int32]]

    private static let maximumBytes = 64 << 20

    /// - Throws: ``KerfError``: no such file, larger than 64 MiB, or not a list of lists of 32-bit integers.
    package init(path: String) throws(KerfError) {
        let text = try JSONText.checked(try FileBytes.read(path, limit: Self.maximumBytes), file: path)
        guard let sequences = try? JSONDecoder().decode([[Int32]].self, from: Data(text)) else {
            throw KerfError(.unusableData, at: path, "not a JSON list of lists of token ids")
        }
        self.path = path
        self.sequences = sequences
    }

    /// The inputs and targets of a training step: a target is the id after its input.
    ///
    /// - Throws: ``KerfError/Code/unusableData`` unless there are `batch` sequences of `length + 1` ids.
    package func trainingPairs(batch: Int, length: Int) throws(KerfError) -> (inputs: [Int32], targets: [Int32]) {
        guard sequences.count == batch, sequences.allSatisfy({ $0.count == length + 1 }) else {
            throw KerfError(
                .unusableData, at: path,
                "a batch of \(batch) with sequences of \(length) tokens needs \(batch) lists of \(length + 1) ids")
        }
        return (sequences.flatMap { $0.dropLast() }, sequences.flatMap { $0.dropFirst() })
    }
}
