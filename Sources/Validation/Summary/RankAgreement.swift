import Quantities
import Statistics

/// How well the prediction ranks the points that were measured, whatever its scale.
package struct RankAgreement: Codable, Sendable, Hashable {
    package var spearman: Quantity
    package var kendall: Quantity

    /// The interval is from bootstrap samples of each point's rounds.
    ///
    /// - Parameters:
    ///   - predicted: one value a point; `nil` where there is none.
    ///   - measured: costs of the rounds of each point.
    init(predicted: [Double?], measured: [[Double]], origin: Origin, seed: UInt64) {
        let places = predicted.indices.filter { predicted[$0] != nil && !measured[$0].isEmpty }
        let (values, rounds) = (places.compactMap { predicted[$0] }, places.map { measured[$0] })
        let samples = BootstrapMeans(rounds, seed: seed)
        func quantity(_ correlation: ([Double], [Double]) -> Double?) -> Quantity {
            guard let value = correlation(values, rounds.map { $0.reduce(0, +) / Double($0.count) }) else {
                return .unavailable("fewer than two points that differ")
            }
            guard let samples else {
                return Quantity(
                    value: value, count: places.count, origin: origin, reason: "one round of a point has no interval")
            }
            let drawn = samples.means.compactMap { correlation(values, $0) }.sorted()
            return Quantity(
                value: value, lower: min(drawn.quantile(0.025), value), upper: max(drawn.quantile(0.975), value),
                confidence: 0.95, count: places.count, origin: origin)
        }
        spearman = quantity(RankCorrelation.spearman)
        kendall = quantity(RankCorrelation.kendall)
    }
}
