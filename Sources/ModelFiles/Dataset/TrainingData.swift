import Statistics
import SystemIO

/// The batches of a training run, in an order that depends on a seed alone.
///
/// Windows are shuffled anew for each epoch; within an epoch none comes twice. A batch that an epoch does not fill goes on
/// in the next one.
package struct TrainingData: Sendable {
    package let seed: UInt64
    /// Sequences of a batch, B.
    package let batch: Int
    private let windows: TokenWindows

    /// - Parameters:
    ///   - batch: sequences of a batch, B; at least 1.
    ///   - length: tokens of a sequence, S; at least 1.
    /// - Throws: ``KerfError/Code/unusableData`` when the data does not fill one sequence, or none holds a target.
    package init(_ data: Dataset, batch: Int, length: Int, seed: UInt64) throws(KerfError) {
        precondition(batch > 0)
        self.batch = batch
        self.seed = seed
        windows = try TokenWindows(data, length: length)
    }

    /// Sequences of an epoch.
    package var windowCount: Int { windows.count }

    /// The batch of a step: a pure function of the data, B, S, the seed and the step's number, so that a run can go on
    /// anywhere. Takes time proportional to the number of windows.
    ///
    /// - Parameter step: from 0 on.
    package func batch(step: Int) -> TokenBatch {
        precondition(step >= 0)
        var indices: [Int32] = []
        var position = step * batch
        while indices.count < batch {
            let order = order(epoch: position / windowCount)
            let first = position % windowCount
            let taken = order[first..<min(first + batch - indices.count, windowCount)]
            indices += taken
            position += taken.count
        }
        return windows.batch(indices)
    }

    /// All windows in the order of an epoch: the shuffle of Fisher and Yates. Written out, since the standard library does
    /// not promise that its own gives the same order in every version.
    private func order(epoch: Int) -> [Int32] {
        var scramble = SeededGenerator(seed: seed)
        var random = SeededGenerator(seed: scramble.next() &+ UInt64(epoch))
        var order = Array(0..<Int32(windowCount))
        for index in stride(from: windowCount - 1, to: 0, by: -1) {
            // Uniform up to 2^-34, since no file has 2^30 windows.
            let other = Int(random.next().multipliedFullWidth(by: UInt64(index + 1)).high)
            order.swapAt(index, other)
        }
        return order
    }
}

/// The sequences of a validation set, in the order of the file, each once.
package struct ValidationData: Sendable {
    private let windows: TokenWindows

    /// - Parameter length: tokens of a sequence, S; at least 1.
    /// - Throws: ``KerfError/Code/unusableData`` when the data does not fill one sequence, or none holds a target.
    package init(_ data: Dataset, length: Int) throws(KerfError) { windows = try TokenWindows(data, length: length) }

    package var windowCount: Int { windows.count }

    /// Number of batches of up to `batch` sequences.
    package func batchCount(of batch: Int) -> Int { (windowCount + batch - 1) / batch }

    /// - Parameters:
    ///   - index: below ``batchCount(of:)``.
    ///   - batch: sequences of a batch; the last one has what is left.
    package func batch(_ index: Int, of batch: Int) -> TokenBatch {
        windows.batch(Int32(index * batch)..<Int32(min((index + 1) * batch, windowCount)))
    }
}
