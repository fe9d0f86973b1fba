import Statistics

extension Solver {
    /// The cuts beside the chosen one that the intervals cannot tell from it: their cost is higher by less than
    /// ``doubt(between:and:)``. `nil` where there are none or where the delays have no intervals.
    func indistinguishable(from solution: Solution) -> String? {
        let close = solution.outcomes.filter { outcome in
            guard outcome.cut.cut != solution.chosen.cut.cut, outcome.cut.exclusion == nil,
                let uncertainty = uncertainty(between: outcome, and: solution.chosen)
            else { return false }
            return outcome.cost - solution.chosen.cost < uncertainty
        }
        return close.isEmpty ? nil : close.map { String($0.cut.cut) }.joined(separator: ", ")
    }

    /// Half the width of the interval of the difference of two costs; `nil` without intervals.
    ///
    /// Both cuts rest on the same layers, those of one being among those of the other on each side, so only the layers
    /// in which they differ, and the clock at which the others run, make the difference uncertain. The server's time
    /// and energy come from one calibration: their parts add up; the device's is independent. The normalizers and the
    /// link are taken as exact, as is an energy without interval (a declared power).
    func uncertainty(between left: CutOutcome, and right: CutOutcome) -> Double? {
        let steps = Double(model.steps)
        let delayScale = delayNormaliser.span.map { weight * steps / $0 } ?? 0
        let energyScale = energyNormaliser.span.map { (1 - weight) * steps / $0 } ?? 0
        let device = Self.halfWidth(
            (left.cut.deviceSeconds.halfWidth, 1), (right.cut.deviceSeconds.halfWidth, 1))
        let server = Self.halfWidth(
            (left.cut.serverSeconds.halfWidth, left.cut.serverTimeFactor(left.ratio)),
            (right.cut.serverSeconds.halfWidth, right.cut.serverTimeFactor(right.ratio)))
        guard device.isFinite, server.isFinite else { return nil }
        var joules = 0.0
        if let a = left.cut.serverJoules?.halfWidth, let b = right.cut.serverJoules?.halfWidth, max(a, b).isFinite {
            joules = Self.halfWidth(
                (a, model.energyFactor(left.cut, ratio: left.ratio)),
                (b, model.energyFactor(right.cut, ratio: right.ratio)))
        }
        let (ofDevice, ofServer) = (delayScale * device, delayScale * server + energyScale * joules)
        return (ofDevice * ofDevice + ofServer * ofServer).squareRoot()
    }

    /// Of the difference of two sums of layers, each sum times a known factor, where the layers of one are among those
    /// of the other and half widths add up.
    private static func halfWidth(
        _ left: (halfWidth: Double, factor: Double), _ right: (halfWidth: Double, factor: Double)
    ) -> Double {
        guard left.halfWidth.isFinite, right.halfWidth.isFinite else { return .infinity }
        let (more, less) = left.halfWidth >= right.halfWidth ? (left, right) : (right, left)
        return less.halfWidth * abs(more.factor - less.factor) + (more.halfWidth - less.halfWidth) * more.factor
    }
}
