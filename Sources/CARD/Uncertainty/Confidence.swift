/// Confidence in a decision, from the intervals of the values it was computed from.
///
/// The choice itself is computed from the values as they were measured. The Monte Carlo samples that its probability is
/// counted over also use that blocks of one shape may be equal: the cut that came out best among several was probably
/// favored by noise. So the most probable cut need not be the chosen one, where no cut is much more probable.
public struct Confidence: Codable, Sendable, Hashable {
    /// Number of Monte Carlo samples.
    public var draws: Int
    /// All allowed cuts in order, each with the share of samples in which it is the best. The shares sum to 1.
    public var cuts: [CutProbability]
    public var chosenProbability: Double
    /// Cuts that cannot be distinguished from the chosen one, in order: the smallest set of other cuts that, together
    /// with the chosen one, holds the best cut in ``credibleShare`` of the samples. Empty exactly when the chosen cut
    /// alone does. `nil` in files of version 1.
    public var indistinguishableCuts: [Int]?
    /// Mean of (cost of the choice - cost of the best) over the samples, in the unit of the cost U.
    public var expectedRegret: Double
    /// By how much an exact value of each measurement would reduce the expected regret, largest first.
    public var measurements: [MeasurementValue]
    /// Inputs without an interval, which were taken as exact, one sentence each.
    public var takenAsExact: [String]

    /// Share of the samples in which the best cut is the chosen one or one of ``indistinguishableCuts``.
    public static let credibleShare = 0.95

    /// The cuts that, with the chosen one, make up ``credibleShare``: the most probable first, of equal ones the lower.
    ///
    /// - Parameters:
    ///   - wins: samples in which each cut was the best, by its place among `cuts`.
    ///   - chosen: place of the chosen cut.
    static func indistinguishable(cuts: [Int], wins: [Int], chosen: Int) -> [Int] {
        let needed = credibleShare * Double(wins.reduce(0, +))
        var covered = wins[chosen]
        var others: [Int] = []
        let rivals = wins.indices.filter { $0 != chosen && wins[$0] > 0 }
            .sorted { (wins[$0], cuts[$1]) > (wins[$1], cuts[$0]) }
        for rival in rivals {
            guard Double(covered) < needed else { break }
            covered += wins[rival]
            others.append(cuts[rival])
        }
        return others.sorted()
    }
}

/// The probability that a cut is the best.
public struct CutProbability: Codable, Sendable, Hashable {
    public var cut: Int
    public var probability: Double
}

/// A measurement that could be repeated or extended.
public enum Measurement: String, Codable, Sendable, Hashable, CaseIterable {
    case deviceTimes = "device_times"
    case serverTimes = "server_times"
    case serverEnergy = "server_energy"
    case deviceEnergy = "device_energy"
    case serverSweep = "server_sweep"
    case link

    /// How to improve it, as an instruction.
    package var advice: String {
        switch self {
        case .deviceTimes: "profile the device longer"
        case .serverTimes: "profile the server's times longer"
        case .serverEnergy: "measure the server's energy longer"
        case .deviceEnergy: "measure the device's energy longer"
        case .serverSweep: "sweep the server's frequency longer"
        case .link: "measure the link longer"
        }
    }
}

/// The value of an exact measurement (expected value of partial perfect information).
public struct MeasurementValue: Codable, Sendable, Hashable {
    public var measurement: Measurement
    /// Reduction of the expected regret, in the unit of the cost U.
    public var regretReduction: Double
}
