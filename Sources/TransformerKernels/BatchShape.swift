/// How many sequences run at once, and how long each is.
public struct BatchShape: Sendable, Hashable, Codable {
    public var batch: Int
    /// Tokens a sequence; positions count from 0 in each.
    public var sequence: Int

    public init(batch: Int, sequence: Int) {
        self.batch = batch
        self.sequence = sequence
    }

    /// Tokens in all: the rows of every activation matrix.
    public var tokenCount: Int { batch * sequence }
}
