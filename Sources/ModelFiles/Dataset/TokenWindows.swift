import SystemIO

/// A batch of sequences.
package struct TokenBatch: Sendable, Hashable {
    /// Number of sequences, B.
    package var batch: Int
    /// Tokens of each, S.
    package var length: Int
    /// `[B, S]`, row-major.
    package var inputs: [Int32]
    /// `[B, S]`, row-major: the token after each input; -1 where there is none, in a prompt.
    package var targets: [Int32]
}

/// Data cut into windows of S + 1 tokens, each of which starts at the last token of the one before it: every token but the
/// first is a target once. What is left at the end is not used, nor is a window without any target.
struct TokenWindows: Sendable {
    let data: Dataset
    /// S
    let length: Int
    let count: Int
    /// Number of each window that is used, of all from the first token on; `nil` when all are used.
    private let numbers: [Int32]?

    /// - Throws: `unusableData` when there is no window.
    init(_ data: Dataset, length: Int) throws(KerfError) {
        precondition(length > 0)
        guard data.tokenCount > length else {
            throw KerfError(
                .unusableData, at: data.path,
                "has \(data.tokenCount) tokens, but sequences of \(length) need at least \(length + 1)",
                remedy: "give more data, or shorter sequences")
        }
        let all = (data.tokenCount - 1) / length
        numbers =
            data.targets.hasAll
            ? nil
            : (0..<Int32(all)).filter { number in
                let start = Int(number) * length
                return (start + 1...start + length).contains { data.targets[$0] }
            }
        count = numbers?.count ?? all
        guard count > 0 else {
            throw KerfError(
                .unusableData, at: data.path,
                "none of its \(data.tokenCount) tokens is a target in a whole sequence of \(length)",
                remedy: "give longer completions, or shorter sequences")
        }
        self.data = data
        self.length = length
    }

    /// Windows as one batch.
    ///
    /// - Parameter indices: each below `count`.
    func batch(_ indices: some Collection<Int32>) -> TokenBatch {
        var batch = TokenBatch(batch: indices.count, length: length, inputs: [], targets: [])
        for index in indices {
            let start = Int(numbers?[Int(index)] ?? index) * length
            batch.inputs += data.tokens[start..<start + length]
            batch.targets += (start + 1...start + length).map { data.targets[$0] ? data.tokens[$0] : -1 }
        }
        return batch
    }
}
