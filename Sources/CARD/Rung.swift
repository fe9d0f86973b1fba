/// A rung of the model ladder: how much of a real box the model knows.
public enum Rung: String, Codable, Sendable, Hashable, CaseIterable {
    /// The paper's form: operations over rated speed, P = ξ f³, identical blocks, backward twice forward.
    case paper = "A"
    /// The measured time (and energy) of every layer and direction.
    case measuredLayers = "B"
}

/// Which of the server's joules count.
public enum EnergyAccount: String, Codable, Sendable, Hashable, CaseIterable {
    /// Without what the server would draw idle: the cost of the work, right for a server that is on anyway.
    case net
    /// All of it: right for a server that is on for this work only.
    case gross
}
