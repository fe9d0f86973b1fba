import Quantities
import Statistics

/// Interpolates a value that is known at each measured workload, and says how far that may be off.
///
/// Two things tell of the error of interpolation. The *allowance* is the distance to the farthest value that is possible
/// while the value at the target stays within those of the cell's corners and, for a time, while its rate (work over
/// time, less a constant) stays within theirs too. It needs no third workload. A *check* leaves out a corner that has
/// measured neighbors on both sides, and predicts it from them: over twice the distance, so that it errs on the wide
/// side. The larger of allowance and checks counts.
struct Interpolation {
    let grid: WorkloadGrid
    let cell: WorkloadCell

    /// A corner of the cell that can be predicted from its neighbors on one axis.
    struct Check {
        var workload: Int
        var axis: WorkloadAxis
        var neighbors: WorkloadCell
    }

    let checks: [Check]
    /// Each corner with the measured workloads that are next to it on an axis of the cell.
    private let nextPairs: [(Int, Int)]
    /// The cell's axes on which no corner has neighbors on both sides.
    let uncheckedAxes: [WorkloadAxis]

    init(_ grid: WorkloadGrid, _ cell: WorkloadCell) {
        (self.grid, self.cell) = (grid, cell)
        checks = cell.axes.flatMap { axis in
            cell.corners.compactMap { corner in
                grid.neighbors(of: corner.workload, along: axis).map {
                    Check(workload: corner.workload, axis: axis, neighbors: $0)
                }
            }
        }
        nextPairs = cell.axes.flatMap { axis in
            cell.corners.flatMap { corner in
                grid.next(to: corner.workload, along: axis).map { (corner.workload, $0) }
            }
        }
        let checked = checks.map(\.axis)
        uncheckedAxes = cell.axes.filter { !checked.contains($0) }
    }

    /// Workloads at which work must be known for weights.
    var neededPoints: [WorkloadPoint] {
        grid.points + [cell.target]
            + cell.axes.map { axis in
                var point = cell.low
                point[axis] = cell.target[axis]
                return point
            }
    }

    /// The sum of independent estimates by weight.
    static func sum(_ estimates: [Estimate], _ weights: [Double]) -> Estimate? {
        let parts = zip(estimates, weights).filter { $0.1 != 0 }.map { $0.scaled(by: $1) }
        return parts.dropFirst().reduce(parts.first) { sum, part in sum.map { $0 + part } }
    }

    /// How far a time may be from its interpolation while it, and its rate, stay within those at the corners.
    ///
    /// Part of a time may be constant, which the rate is not of: none of it, or as much as a line through a corner and the
    /// workload next to it says.
    ///
    /// - Parameters:
    ///   - seconds: at each measured workload.
    ///   - work: at each measured workload and at the target, above zero.
    func allowance(_ value: Double, _ seconds: [Double], work: [Double], target: Double) -> Double {
        let corners = cell.corners.map(\.workload)
        let times = corners.map { seconds[$0] }
        guard let shortest = times.min(), let longest = times.max() else { return 0 }
        var possible: [Double] = []
        for constant in [0] + nextPairs.map({ Self.intercept($0, seconds, work) }) {
            let constant = min(max(0, constant), shortest)
            possible += corners.map { constant + (seconds[$0] - constant) * target / work[$0] }
        }
        let low = max(shortest, possible.min() ?? value)
        let high = min(longest, possible.max() ?? value)
        return max(0, value - low, high - value)
    }

    /// Time without work on the line through two workloads; 0 where their work is equal.
    private static func intercept(_ pair: (Int, Int), _ seconds: [Double], _ work: [Double]) -> Double {
        let difference = work[pair.1] - work[pair.0]
        guard difference != 0 else { return 0 }
        return (seconds[pair.0] * work[pair.1] - seconds[pair.1] * work[pair.0]) / difference
    }

    /// How far a prediction is off beyond what the noise of both explains.
    static func excess(_ predicted: Estimate, _ measured: Estimate) -> Double {
        let difference = predicted - measured
        let noise = difference.spread?.standardError ?? 0
        return max(0, difference.value * difference.value - noise * noise).squareRoot()
    }

    /// A power or a ratio, which the work changes little. `nil` where it is not known at every corner.
    ///
    /// - Parameters:
    ///   - work: what the place between the corners goes by.
    ///   - value: by workload.
    func estimate(_ work: (WorkloadPoint) -> Double, _ value: (Int) -> Estimate?) -> Estimate? {
        let corners = cell.corners.compactMap { value($0.workload) }
        guard corners.count == cell.corners.count, let sum = Self.sum(corners, cell.weights(work)) else { return nil }
        let values = corners.map(\.value)
        var off = max(0, sum.value - (values.min() ?? sum.value), (values.max() ?? sum.value) - sum.value)
        for check in checks {
            let neighbors = check.neighbors.corners.compactMap { value($0.workload) }
            guard neighbors.count == 2, let measured = value(check.workload),
                let predicted = Self.sum(neighbors, check.neighbors.weights(work))
            else { continue }
            off = max(off, Self.excess(predicted, measured))
        }
        return sum.widened(byModelError: off)
    }

    /// `interpolated between sequence 128 and 512`
    var text: String { "interpolated between \(cell.text)" }
}

extension Estimate {
    /// The estimate with an interval that is wider by what its model may be off.
    func widened(byModelError error: Double) -> Estimate {
        guard error > 0 else { return self }
        guard let spread else { return Estimate(value: value, halfWidth: halfWidth + error, count: count) }
        let t = StudentT.quantile(0.5 + spread.confidence / 2, degreesOfFreedom: spread.degreesOfFreedom)
        return Estimate(
            value: value,
            spread: Spread(
                standardError: spread.standardError + error / t, degreesOfFreedom: spread.degreesOfFreedom,
                confidence: spread.confidence),
            count: count)
    }
}
