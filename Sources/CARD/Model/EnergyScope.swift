import Statistics

/// Which of the server's joules count.
public enum EnergyAccount: String, Codable, Sendable, Hashable, CaseIterable {
    /// Gross energy less the energy of the idle server: the cost of the work on a server that is on anyway.
    case net
    /// All of it: the cost on a server that is on for this work only.
    case gross
}

/// Whose energy counts, and when.
public enum EnergyScope: String, Codable, Sendable, Hashable, CaseIterable {
    /// The server's while it computes, as in the paper.
    case computing
    /// Also the server's idle energy while it waits for the device and the link. Counts gross.
    case waiting
    /// Also the device's while it computes. Counts gross.
    case device
}

/// What a model's server energy was computed from.
package enum EnergyBasis: Sendable, Hashable {
    /// A power that the user declared.
    case declared
    /// The rated power, without an interval.
    case rated
    /// The measured mean power of the training step, in watts, times the layers' times.
    case stepPower(Estimate, EnergyAccount)
    /// The measured energy of each layer.
    case layers(EnergyAccount)

    /// The account of the energies. A declared or rated power is all that the server draws.
    package var account: EnergyAccount {
        switch self {
        case .declared, .rated: .gross
        case .stepPower(_, let account), .layers(let account): account
        }
    }
}
