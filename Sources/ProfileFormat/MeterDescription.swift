import Quantities
import Statistics

/// The energy meter that was used, or why there was none.
public struct MeterDescription: Codable, Sendable, Hashable {
    /// `perf_event`, `powercap`, `hwmon`, `battery`, `NVML`, `program` or `power model`, or two of them:
    /// `perf_event + NVML`; `nil` without a meter.
    public var name: String?
    /// `measured`, `simulated`, `modelled` for a declared power model, or `unavailable` without a meter.
    public var origin: Origin
    /// All domains, parents before children.
    public var domains: [EnergyDomain]
    /// Identifiers of the domains whose sum is the box's total.
    public var totalOf: [String]
    /// Median time between two changes of the first domain of the total, measured before the run.
    public var updateIntervalSeconds: Quantity
    /// The unit of that domain's counter; `nil` in older files.
    public var resolutionJoules: Quantity?
    /// Statistics of that domain's updates; `nil` without a meter and in older files.
    public var updates: CounterUpdates?
    /// How power was integrated, where the meter has no energy counter.
    public var sampling: PowerSampling?
    /// The meter that another program read; `nil` for any other.
    public var program: MeterProgramDescription?
    /// Without a meter: why, and the remedy. With a power model: what was declared. With a GPU that runs the step: what the
    /// total lacks. With a program: what its meter holds.
    public var reason: String?

    public init(
        name: String?, origin: Origin, domains: [EnergyDomain], totalOf: [String], updateIntervalSeconds: Quantity,
        resolutionJoules: Quantity? = nil, updates: CounterUpdates? = nil, sampling: PowerSampling? = nil,
        program: MeterProgramDescription? = nil, reason: String? = nil
    ) {
        self.name = name
        self.origin = origin
        self.domains = domains
        self.totalOf = totalOf
        self.updateIntervalSeconds = updateIntervalSeconds
        self.resolutionJoules = resolutionJoules
        self.updates = updates
        self.sampling = sampling
        self.program = program
        self.reason = reason
    }
}

/// How power was integrated to energy, by a thread of this process that read the sensor again and again.
public struct PowerSampling: Sendable, Codable, Hashable {
    /// Nominal time between two samples.
    public var intervalSeconds: Double
    /// Longest time between two samples. Power is interpolated linearly between them.
    public var longestGapSeconds: Double
    public var samples: Int
    /// Processor time of the sampling thread over the time it ran: the load that sampling adds, in processors.
    public var processorShare: Double
    /// Median time between changes of the sensor's value, which bounds what a window can resolve; `nil` until it has
    /// changed three times.
    public var refreshSeconds: Double?

    public init(
        intervalSeconds: Double, longestGapSeconds: Double, samples: Int, processorShare: Double,
        refreshSeconds: Double?
    ) {
        self.intervalSeconds = intervalSeconds
        self.longestGapSeconds = longestGapSeconds
        self.samples = samples
        self.processorShare = processorShare
        self.refreshSeconds = refreshSeconds
    }
}

/// How often and how regularly a counter is updated, and its unit, as observed before a run.
public struct CounterUpdates: Codable, Sendable, Hashable {
    /// Observed intervals between updates.
    public var count: Int
    public var meanSeconds: Double
    public var medianSeconds: Double
    /// Intervals below which 1 % and 99 % of all lie.
    public var percentile1Seconds: Double
    public var percentile99Seconds: Double
    public var longestSeconds: Double
    /// The counter's unit, from its changes; `nil` with too few of them.
    public var resolutionJoules: Double?

    /// - Returns: `nil` without intervals.
    public init?(intervalsSeconds: [Double], resolutionJoules: Double?) {
        let sorted = intervalsSeconds.sorted()
        guard let longest = sorted.last else { return nil }
        count = sorted.count
        meanSeconds = sorted.reduce(0, +) / Double(sorted.count)
        medianSeconds = sorted.quantile(0.5)
        percentile1Seconds = sorted.quantile(0.01)
        percentile99Seconds = sorted.quantile(0.99)
        longestSeconds = longest
        self.resolutionJoules = resolutionJoules
    }
}

extension CounterUpdates {
    /// A counter's unit: the largest power of a half or of a tenth of a joule of which every change is a multiple, within
    /// the microjoule that the kernel rounds to.
    ///
    /// RAPL counts in 1/2^n joules (Intel SDM volume 3, MSR_RAPL_POWER_UNIT: 61 µJ for n = 14), other meters in decimal
    /// units.
    ///
    /// - Returns: `nil` for fewer than ten changes, which are multiples of too many units.
    package static func resolutionJoules(ofSteps microjoules: [UInt64]) -> Double? {
        guard microjoules.count >= 10 else { return nil }
        let halves = (0...18).map { 1e6 / Double(1 << $0) }
        let tenths = [1e6, 1e5, 1e4, 1e3, 1e2, 1e1]
        let unit = (halves + tenths).sorted(by: >).first { unit in
            microjoules.allSatisfy { step in
                let step = Double(step)
                let multiple = (step / unit).rounded()
                return multiple >= 1 && abs(step - multiple * unit) <= 1
            }
        }
        return (unit ?? 1) * 1e-6
    }
}
