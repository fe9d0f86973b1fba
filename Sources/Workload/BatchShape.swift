/// How many sequences run at once, and how long each is.
package struct BatchShape: Sendable, Hashable, Codable {
    package var batch: Int
    /// Tokens a sequence; positions count from 0 in each.
    package var sequence: Int

    package init(batch: Int, sequence: Int) {
        self.batch = batch
        self.sequence = sequence
    }

    /// Tokens in all: the rows of every activation matrix.
    package var tokenCount: Int { batch * sequence }
}
