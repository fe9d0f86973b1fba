/// Which of the server's joules count.
public enum EnergyAccount: String, Codable, Sendable, Hashable, CaseIterable {
    /// Without what the server would draw idle: the cost of the work, right for a server that is on anyway.
    case net
    /// All of it: right for a server that is on for this work only.
    case gross
}

/// Whose joules count, and when.
public enum EnergyScope: String, Codable, Sendable, Hashable, CaseIterable {
    /// The server's while it computes: the paper's.
    case computing
    /// And what the server draws idle while it waits for the device and the link. Counts gross.
    case waiting
    /// And the device's while it computes. Counts gross.
    case device
}
