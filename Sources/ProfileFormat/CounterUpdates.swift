import Statistics

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
