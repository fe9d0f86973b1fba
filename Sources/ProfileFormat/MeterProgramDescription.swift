import Quantities

/// A meter that another program read, and how its samples were brought to Kerf's clock.
public struct MeterProgramDescription: Codable, Sendable, Hashable {
    public enum Reports: String, Codable, Sendable, Hashable {
        /// Power, averaged over a time before each sample.
        case watts
        /// A counter of energy.
        case joules
    }

    public enum Clock: String, Codable, Sendable, Hashable {
        /// Samples have times of the program's own clock.
        case program
        /// Samples are dated when they arrive.
        case arrival
    }

    /// The meter's name, as the program gives it; else the program's own name.
    public var meter: String
    public var reports: Reports
    public var clock: Clock
    /// How much later than true samples are dated, beyond the difference of the clocks: from a load that was known, with an
    /// interval. The delay of transport is in it.
    public var delaySeconds: Quantity
    /// What power seems to be averaged over; `nil` for a counter.
    public var averagingSeconds: Double?
    /// The unit of the power, from its changes: every power of a run may be off by half of it. `nil` for a counter, and
    /// where there were too few changes.
    public var resolutionWatts: Double?
    /// The share of the power's variance under the known load that the load explains.
    public var explainedShare: Double
    /// Length of a window that holds two complete samples wherever it begins. Energy of shorter ones is not known.
    public var minimumWindowSeconds: Double
    public var samples: Int
    /// Samples that were not written although their time came. Windows that lack more than a quarter were rejected.
    public var missing: Int
    /// Samples with the time of the one before, which were left out.
    public var repeated: Int
    /// Samples with a time before that of the last one, which were left out.
    public var backward: Int
    /// Lines that are no samples.
    public var refusedLines: Int
    public var longestGapSeconds: Double
    /// Why the program reported nothing more before the run was over; `nil` where it did to the end.
    public var ended: String?

    public init(
        meter: String, reports: Reports, clock: Clock, delaySeconds: Quantity, averagingSeconds: Double?,
        resolutionWatts: Double? = nil, explainedShare: Double, minimumWindowSeconds: Double, samples: Int = 0,
        missing: Int = 0, repeated: Int = 0,
        backward: Int = 0, refusedLines: Int = 0, longestGapSeconds: Double = 0, ended: String? = nil
    ) {
        self.meter = meter
        self.reports = reports
        self.clock = clock
        self.delaySeconds = delaySeconds
        self.averagingSeconds = averagingSeconds
        self.resolutionWatts = resolutionWatts
        self.explainedShare = explainedShare
        self.minimumWindowSeconds = minimumWindowSeconds
        self.samples = samples
        self.missing = missing
        self.repeated = repeated
        self.backward = backward
        self.refusedLines = refusedLines
        self.longestGapSeconds = longestGapSeconds
        self.ended = ended
    }
}
