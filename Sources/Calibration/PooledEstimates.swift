import ProfileFormat
import Quantities
import Statistics
import Workload

/// The error of a group's mean, compared with what its members' own errors would give.
///
/// Where the steps show a greater one, the rest is common to the members. Where they show a smaller one, as they do in
/// half of the groups without any common error, the mean is taken to be known that well, so that its interval is
/// Student's of the steps' means in either case.
private struct CenterError {
    /// Variance that is common to all members.
    var variance = 0.0
    /// Share of the own errors' variance in the mean that the steps show, at most 1.
    var share = 1.0
    /// Those of the steps' means; `nil` where the error is that of the members' own errors.
    var degreesOfFreedom: Double?

    init(_ observation: GroupObservation, ownVariances: [Double]) {
        let count = Double(ownVariances.count)
        let ofOwn = ownVariances.reduce(0, +) / (count * count)
        if let common = observation.common, common.standardError > 0 {
            variance = common.standardError * common.standardError
            degreesOfFreedom = common.degreesOfFreedom
        }
        guard let ofMean = observation.ofMean else { return }
        let square = ofMean.standardError * ofMean.standardError
        guard square >= ofOwn + variance || observation.common == nil else { return }
        variance = max(0, square - ofOwn)
        share = min(1, square / ofOwn)
        degreesOfFreedom = ofMean.degreesOfFreedom
    }
}

/// The pooled estimates of a group.
struct PooledEstimates {
    private let observation: GroupObservation
    private let posterior: RobustPooling
    private let test: HeterogeneityTest
    /// Own standard errors, moderated.
    private let errors: [Double]
    private let degreesOfFreedom: [Double]
    /// The error of the group's center.
    private let ofCenter: CenterError

    /// - Returns: `nil` for values that are not above zero, and without any noise.
    init?(_ observation: GroupObservation) {
        guard observation.values.allSatisfy({ $0 > 0 && $0.isFinite }) else { return nil }
        // Noise grows with what is measured, so relative errors are moderated. Relative to the pooled values: relative
        // to its own value, a block would seem the more certain the lower it came out by chance.
        func moderated(relativeTo scales: [Double]) -> ModeratedVariances? {
            ModeratedVariances(
                zip(observation.own, scales).map { ($0.standardError / $1) * ($0.standardError / $1) },
                degreesOfFreedom: observation.own.map(\.degreesOfFreedom))
        }
        func errors(_ moderated: ModeratedVariances, _ scales: [Double]) -> [Double] {
            zip(moderated.variances, scales).map { $0.squareRoot() * $1 }
        }
        let mean = observation.values.reduce(0, +) / Double(observation.values.count)
        let alike = observation.values.map { _ in mean }
        guard let first = moderated(relativeTo: alike) else { return nil }
        let scales = RobustPooling(values: observation.values, errors: errors(first, alike)).members.map(\.mean)
        // Without noise, rounding would be taken for it.
        guard PoolingGroup.relativeErrors.contains((first.variances.min() ?? 0).squareRoot()),
            scales.allSatisfy({ $0 > 0 }), let second = moderated(relativeTo: scales)
        else { return nil }
        self.observation = observation
        self.errors = errors(second, scales)
        degreesOfFreedom = second.degreesOfFreedom
        posterior = RobustPooling(values: observation.values, errors: self.errors)
        let variances = self.errors.map { $0 * $0 }
        let total = degreesOfFreedom.reduce(0, +) / Double(degreesOfFreedom.count)
        test = HeterogeneityTest(observation.values, variances: variances, errorDegrees: total)
        ofCenter = CenterError(observation, ownVariances: variances)
    }

    /// Pooled values with their whole intervals, in the order of the group.
    func estimates(confidence: Double) -> [Estimate] {
        zip(posterior.members, degreesOfFreedom).map {
            estimate($0.mean, $0.standardError, ownDegrees: $1, confidence)
        }
    }

    /// The interval of a pooled value: what sets it apart from the center, and the error of the center as
    /// ``CenterError`` has it. Degrees of freedom are those of Welch and Satterthwaite.
    private func estimate(_ value: Double, _ error: Double, ownDegrees: Double, _ confidence: Double) -> Estimate {
        let center = min(posterior.center.standardError * posterior.center.standardError, error * error)
        let apart = error * error - center
        let common = ofCenter.share * center + ofCenter.variance
        let variance = apart + common
        let squares = apart * apart / ownDegrees + common * common / (ofCenter.degreesOfFreedom ?? ownDegrees)
        return Estimate(
            value: value,
            spread: .init(
                standardError: variance.squareRoot(),
                degreesOfFreedom: min(max(squares > 0 ? variance * variance / squares : 1e6, 1), 1e6),
                confidence: confidence),
            count: observation.count)
    }

    /// The group as the calibration holds it.
    func group(
        _ value: PoolingGroup.Value, _ passes: [LayerPass], confidence: Double, origin: Origin
    ) -> PoolingGroup {
        let center = estimate(
            posterior.center.mean, posterior.center.standardError, ownDegrees: degreesOfFreedom.min() ?? 1, confidence)
        return PoolingGroup(
            value: value, direction: passes[0].direction,
            center: Quantity(center, confidence: confidence, origin: origin), spread: posterior.spread,
            heterogeneity: Heterogeneity(
                statistic: test.statistic, degreesOfFreedom: test.degreesOfFreedom, pValue: test.pValue),
            commonStandardError: ofCenter.variance.squareRoot(),
            members: passes.indices.map { place in
                let member = posterior.members[place]
                return PooledMember(
                    layer: passes[place].layer, ownValue: observation.values[place], ownStandardError: errors[place],
                    pooledValue: member.mean, pooledStandardError: member.standardError, shrinkage: member.shrinkage,
                    outlierProbability: member.outlierProbability)
            })
    }
}
