/// How much is computed at a time, by how much memory it may take; smaller in tests, so that small models come in
/// several pieces too.
package struct MemoryLimits: Sendable, Hashable {
    /// Bytes of logits that are computed together.
    package var logitsBytes: Int
    /// Bytes of the logits' gradient that the head keeps from its forward for its backward pass.
    package var keptLogitsBytes: Int
    /// Bytes that the head's matrix may take in the engine's layouts, both directions together; a larger one is
    /// multiplied as it lies.
    package var packedHeadBytes: Int
    /// Bytes that a stack may take in all.
    package var memoryBytes: Int

    package init(
        logitsBytes: Int = 64 << 20, keptLogitsBytes: Int = 256 << 20, packedHeadBytes: Int = 256 << 20,
        memoryBytes: Int
    ) {
        self.logitsBytes = logitsBytes
        self.keptLogitsBytes = keptLogitsBytes
        self.packedHeadBytes = packedHeadBytes
        self.memoryBytes = memoryBytes
    }
}
