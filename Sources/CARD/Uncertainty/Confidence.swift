/// How sure a decision is, given the intervals of what it was computed from.
///
/// The choice itself stands on the figures as they were measured. The worlds that its probability is counted over know
/// more: that blocks of one shape may well be alike, so that the one among several cuts that came out best was likely
/// flattered by noise. So the most probable cut need not be the chosen one, where none is much more probable.
public struct Confidence: Codable, Sendable, Hashable {
    /// Random worlds that the probabilities were counted over.
    public var draws: Int
    /// Allowed cuts in order, and how probable it is that each is the best.
    public var cuts: [CutProbability]
    public var chosenProbability: Double
    /// Mean of (cost of the choice - cost of the best) over the draws, in the unit of the cost U.
    public var expectedRegret: Double
    /// What each measurement would take off the expected regret if it were exact, greatest first.
    public var measurements: [MeasurementValue]
    /// What was taken as exact for want of an interval, one sentence each.
    public var takenAsExact: [String]
}

/// How probable it is that a cut is the best.
public struct CutProbability: Codable, Sendable, Hashable {
    public var cut: Int
    public var probability: Double
}

/// A measurement that could be made longer or again.
public enum Measurement: String, Codable, Sendable, Hashable, CaseIterable {
    case deviceTimes = "device_times"
    case serverTimes = "server_times"
    case serverEnergy = "server_energy"
    case deviceEnergy = "device_energy"
    case serverSweep = "server_sweep"
    case link

    /// What to do, as a reader is told.
    public var advice: String {
        switch self {
        case .deviceTimes: "profile the device longer"
        case .serverTimes: "profile the server's times longer"
        case .serverEnergy: "measure the server's energy longer"
        case .deviceEnergy: "measure the device's energy longer"
        case .serverSweep: "sweep the server's clock longer"
        case .link: "measure the link longer"
        }
    }
}

/// What an exact measurement would be worth (expected value of partial perfect information).
public struct MeasurementValue: Codable, Sendable, Hashable {
    public var measurement: Measurement
    /// Of the expected regret, in the unit of the cost U.
    public var regretReduction: Double
}
