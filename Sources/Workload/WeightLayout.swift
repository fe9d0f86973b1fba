/// Layout of a weight in memory.
package enum WeightLayout: Sendable, Hashable {
    /// `[outputSize, inputSize]`, row-major: one copy serves both directions.
    case plain
    /// The engine's preferred layout, which differs between the directions.
    case packed
    /// Panels of 64 inputs, which both directions read.
    case panels

    /// Number of copies in memory that serve both directions.
    package var copies: Int { self == .packed ? 2 : 1 }
}

/// Which blocks' weights are in memory at the same time. Embedding and LM head are always in memory.
public enum WeightResidency: String, Sendable, Hashable, Codable, CaseIterable {
    /// Those of all blocks, read once.
    case resident
    /// Those of one block, read again from the source whenever another block is prepared.
    case streaming
    /// Those of the first block of the range, which all blocks use. Time and energy are those of the model, results are
    /// not, so this is for random weights only.
    case shared
}
