/// Which blocks' weights are in memory at once. The embedding and the LM head always stay.
public enum WeightResidency: String, Sendable, Hashable, Codable, CaseIterable {
    /// All blocks', read once.
    case resident
    /// One block's, read again from the source whenever another block is prepared.
    case streaming
    /// One block's, which stands for all: every block computes with the weights of the range's first. Times and energy
    /// are those of the model; its results are not, so this is for random weights only.
    case shared
}
