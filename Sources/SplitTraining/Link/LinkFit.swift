import CARD
import Quantities
import Statistics

/// T(bytes) = latency + bytes / rate for one direction and condition, by weighted least squares on each size's
/// median.
///
/// The weights are one over the median: a transfer's noise is taken as that of many small parts, whose variances add
/// up. Equal relative weights would let small transfers, which a token bucket on the way passes at once, set the
/// rate. Medians leave out single disturbed transfers. The intervals come from the residuals, so a link that is no
/// straight line has wide ones.
struct LinkFit {
    /// `bytes`, ascending, with its one-way times in seconds.
    let points: [(bytes: Int, times: [Double])]
    let origin: Origin

    private func median(_ times: [Double]) -> Estimate? { Estimate.median(of: times) }

    private var fit: WeightedFit? {
        let medians = points.compactMap { point in median(point.times).map { (point.bytes, max($0.value, 1e-9)) } }
        return WeightedFit(
            rows: medians.map { [1, Double($0.0)] }, values: medians.map(\.1),
            weights: medians.map { 1 / $0.1 })
    }

    /// The law with the table that it was fitted to.
    func law(_ direction: LinkDirection, _ condition: LinkCondition) -> LinkLaw {
        let fit = fit
        let none = Quantity.unavailable("too few sizes, or times that do not grow with size")
        return LinkLaw(
            direction: direction, condition: condition,
            latencySeconds: fit.map { Quantity($0.estimate(0), origin: origin) } ?? none,
            bitsPerSecond: fit.flatMap { rate($0.estimate(1)) } ?? none,
            points: points.compactMap { point in
                guard let time = median(point.times) else { return nil }
                let fitted = fit.map { $0.coefficients[0] + $0.coefficients[1] * Double(point.bytes) }
                return LinkPoint(
                    bytes: point.bytes, timeSeconds: Quantity(time, origin: origin),
                    residualRatio: fitted.flatMap { $0 > 0 ? time.value / $0 - 1 : nil }, sampleSeconds: point.times)
            })
    }

    /// The rate of a time per byte. The bounds change places; a time per byte that may be zero bounds nothing.
    private func rate(_ secondsPerByte: Estimate) -> Quantity? {
        guard secondsPerByte.value > 0 else { return nil }
        let value = 8 / secondsPerByte.value
        guard secondsPerByte.lower > 0, secondsPerByte.upper.isFinite else {
            return Quantity(
                value: value, count: secondsPerByte.count, origin: origin, reason: "the rate has no upper bound")
        }
        return Quantity(
            value: value, lower: 8 / secondsPerByte.upper, upper: 8 / secondsPerByte.lower, confidence: 0.95,
            count: secondsPerByte.count, degreesOfFreedom: secondsPerByte.spread?.degreesOfFreedom, origin: origin)
    }
}
