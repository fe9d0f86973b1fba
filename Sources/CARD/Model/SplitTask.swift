/// What is split between a device and a server.
public enum SplitTask: String, Codable, Sendable, Hashable {
    /// Forward and backward passes, with the exchange of adapters before and after a round.
    case training
    /// Forward passes alone: smashed data go to the server, and its answer returns.
    case inference
}
