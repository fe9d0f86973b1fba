import SystemIO

/// The measured workloads, as points over batch, sequence and rank.
struct WorkloadGrid {
    /// Ascending, each once.
    let points: [WorkloadPoint]

    init(_ points: some Sequence<WorkloadPoint>) { self.points = Set(points).sorted() }

    /// The values that were measured on an axis, ascending.
    func levels(_ axis: WorkloadAxis) -> [Int] { Set(points.map { $0[axis] }).sorted() }

    /// `sequence 128, 256, 512`, an axis with one value left out.
    var text: String {
        let swept = WorkloadAxis.allCases.filter { levels($0).count > 1 }
        return swept.map { "\($0) \(levels($0).map(String.init).joined(separator: ", "))" }.joined(separator: "; ")
    }

    /// The workload that was chosen.
    ///
    /// - Throws: ``KerfError/Code/invalidArgument`` where the profiles have several values and none was chosen.
    func target(_ choice: WorkloadChoice) throws(KerfError) -> WorkloadPoint {
        var target = points[0]
        for axis in WorkloadAxis.allCases {
            if let chosen = choice[axis] {
                target[axis] = chosen
            } else if levels(axis).count > 1 {
                throw KerfError(
                    .invalidArgument,
                    "the profiles are of \(points.count) workloads (\(text)), a calibration is of one",
                    remedy: .chooseWorkload)
            }
        }
        return target
    }

    /// The measured workloads around a target, nearest on every axis.
    ///
    /// - Throws: ``KerfError/Code/invalidArgument`` for a target outside of what was measured, and where a workload that
    ///   interpolation needs was not measured.
    func cell(around target: WorkloadPoint) throws(KerfError) -> WorkloadCell {
        var (low, high) = (target, target)
        for axis in WorkloadAxis.allCases {
            let levels = levels(axis)
            guard let below = levels.last(where: { $0 <= target[axis] }),
                let above = levels.first(where: { $0 >= target[axis] })
            else { throw outside(axis, target[axis], levels) }
            (low[axis], high[axis]) = (below, above)
        }
        let axes = WorkloadAxis.allCases.filter { low[$0] < high[$0] }
        var corners: [WorkloadCell.Corner] = []
        for number in 0..<(1 << axes.count) {
            let isHigh = axes.indices.map { number >> $0 & 1 == 1 }
            var point = low
            for (axis, isHigh) in zip(axes, isHigh) where isHigh { point[axis] = high[axis] }
            guard let workload = points.firstIndex(of: point) else {
                throw KerfError(
                    .invalidArgument, "\(target) cannot be interpolated: \(point) was not measured",
                    remedy: "profile it too")
            }
            corners.append(WorkloadCell.Corner(workload: workload, isHigh: isHigh))
        }
        return WorkloadCell(target: target, low: low, high: high, axes: axes, corners: corners)
    }

    private func outside(_ axis: WorkloadAxis, _ value: Int, _ levels: [Int]) -> KerfError {
        let measured =
            levels.count > 1
            ? "the measured range, \(levels[0]) to \(levels[levels.count - 1])" : "what was measured, \(levels[0])"
        return KerfError(
            .invalidArgument, "\(axis) \(value) is outside of \(measured), and times are not extrapolated",
            remedy: .profileMoreWorkloads)
    }

    /// The measured workloads next to a measured one on one axis: one at the end of the axis, two elsewhere.
    func next(to workload: Int, along axis: WorkloadAxis) -> [Int] {
        let point = points[workload]
        let others = points.indices.filter { index in
            WorkloadAxis.allCases.allSatisfy { $0 == axis || points[index][$0] == point[$0] }
        }
        return [
            others.last { points[$0][axis] < point[axis] }, others.first { points[$0][axis] > point[axis] },
        ].compactMap(\.self)
    }

    /// The measured neighbors of a measured workload on one axis; `nil` at the end of the axis.
    func neighbors(of workload: Int, along axis: WorkloadAxis) -> WorkloadCell? {
        let point = points[workload]
        let next = next(to: workload, along: axis)
        guard next.count == 2 else { return nil }
        let (below, above) = (next[0], next[1])
        return WorkloadCell(
            target: point, low: points[below], high: points[above], axes: [axis],
            corners: [.init(workload: below, isHigh: [false]), .init(workload: above, isHigh: [true])])
    }
}

/// The measured workloads that a workload is interpolated between.
struct WorkloadCell {
    struct Corner {
        /// Index of the measured workload.
        var workload: Int
        /// Whether it has the higher value, for each of the cell's axes.
        var isHigh: [Bool]
    }

    let target: WorkloadPoint
    let low: WorkloadPoint
    let high: WorkloadPoint
    /// The axes on which the target is between two measured values; none where it was measured itself.
    let axes: [WorkloadAxis]
    let corners: [Corner]

    /// The share of each corner in the target's value: multilinear interpolation in what there is to do.
    ///
    /// Along an axis the place of the target is that of its work between the two ends, so that a kernel whose work is
    /// quadratic in the sequence is interpolated over the square. Where the work does not depend on the axis, the place
    /// is that of the axis's own value.
    func weights(_ work: (WorkloadPoint) -> Double) -> [Double] {
        let places = axes.map { axis in
            var (target, end) = (low, low)
            target[axis] = self.target[axis]
            end[axis] = high[axis]
            let (from, to) = (work(low), work(end))
            guard to > from else { return Double(self.target[axis] - low[axis]) / Double(high[axis] - low[axis]) }
            return min(1, max(0, (work(target) - from) / (to - from)))
        }
        return corners.map { corner in
            zip(places, corner.isHigh).reduce(1) { $0 * ($1.1 ? $1.0 : 1 - $1.0) }
        }
    }

    /// `between sequence 128 and 512`
    var text: String { axes.map { "\($0) \(low[$0]) and \(high[$0])" }.joined(separator: ", ") }
}
