/// Resampling of independent observations.
extension SeededGenerator {
    /// Places of a bootstrap sample of `count` observations: `count` - 1 draws with replacement, one draw of a single
    /// observation.
    ///
    /// The mean of one draw fewer than there are observations has the variance s² / n of the sample's mean; `count` draws
    /// would have s² (n - 1) / n², half of it for two observations (Rao and Wu, "Resampling inference with complex survey
    /// data", Journal of the American Statistical Association 83, 1988).
    package mutating func resample(_ count: Int) -> [Int] {
        guard count > 1 else { return Array(0..<count) }
        return (1..<count).map { _ in Int.random(in: 0..<count, using: &self) }
    }

    /// The places of `count` observations in random halves. Of an odd number either half may be the larger.
    ///
    /// Over many divisions the mean of a half varies about the sample's mean with the variance s² / n of that mean
    /// (McCarthy, "Pseudo-replication: half samples", Review of the International Statistical Institute 37, 1969);
    /// with a quarter more for three observations, and less for other odd numbers.
    package mutating func halves(_ count: Int) -> (first: ArraySlice<Int>, second: ArraySlice<Int>) {
        let order = Array(0..<count).shuffled(using: &self)
        let middle = count % 2 == 0 || Bool.random(using: &self) ? count / 2 : count / 2 + 1
        return (order[..<middle], order[middle...])
    }
}

/// Means of bootstrap samples of several groups of observations, each resampled within itself.
package struct BootstrapMeans: Sendable {
    package static let samples = 1000

    /// By sample and group.
    package let means: [[Double]]

    /// - Returns: `nil` without a group, and where one has fewer than two observations, which show no noise.
    package init?(_ groups: [[Double]], seed: UInt64) {
        guard !groups.isEmpty, groups.allSatisfy({ $0.count > 1 }) else { return nil }
        var generator = SeededGenerator(seed: seed)
        means = (0..<Self.samples).map { _ in
            groups.map { values in
                let drawn = generator.resample(values.count)
                return drawn.reduce(0) { $0 + values[$1] } / Double(drawn.count)
            }
        }
    }
}
