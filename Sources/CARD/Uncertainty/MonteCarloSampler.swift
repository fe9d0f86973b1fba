import Calibration
import Statistics

/// Draws errors of the values of one measurement, as changes of the row in ``SampledCosts``.
///
/// Part of each error is common to all values of the measurement. The rest is independent or, for values in a pooling
/// group, drawn from the calibration's posterior of the group, which pooled values and their intervals come from too.
/// For a calibration without pooling groups, which older files are, it is drawn by ``PartialPooling``.
struct MonteCarloSampler {
    /// A value, and the change of the row for one of its standard errors.
    struct Sensitivity {
        var value: UncertainValue
        var effect: [Double]
    }

    private struct Pool {
        var members: [Sensitivity]
        /// One sample of the members' errors, in the group's unit.
        var draw: (inout SeededGenerator) -> [Double]
    }

    private let all: [Sensitivity]
    private let independent: [Sensitivity]
    private let pools: [Pool]

    init(_ sensitivities: [Sensitivity]) {
        all = sensitivities
        let groups = Dictionary(grouping: all.filter(\.isPooled)) { $0.value.poolingGroup?.kind }.values
            .filter { $0.count > 1 }
            // The order of a dictionary changes from run to run, and with it the draws.
            .sorted { left, right in
                guard let left = left.first?.value.poolingGroup?.kind, let right = right.first?.value.poolingGroup?.kind
                else { return false }
                return (left.value, left.flops, left.group ?? -1) < (right.value, right.flops, right.group ?? -1)
            }
        pools = groups.map { group in
            let posteriors = group.compactMap(\.value.poolingGroup?.posterior)
            if let pooling = posteriors.first?.pooling, posteriors.count == group.count {
                let factors = zip(group, posteriors).map { $1.scale($0.value.poolingGroup?.standardError ?? 0) }
                return Pool(members: group) { generator in
                    let drawn = pooling.draw(&generator)
                    return zip(posteriors, factors).map { (drawn[$0.place] - $0.member.pooledValue) * $1 }
                }
            }
            let pooling = PartialPooling(
                values: group.compactMap(\.value.poolingGroup?.value), errors: group.map(\.independentError),
                degreesOfFreedom: group.map(\.value.degreesOfFreedom))
            return Pool(members: group) { pooling.draw(&$0) }
        }
        let pooled = Set(groups.compactMap { $0.first?.value.poolingGroup?.kind })
        independent = all.filter { member in
            guard member.isPooled, let kind = member.value.poolingGroup?.kind else { return true }
            return !pooled.contains(kind)
        }
    }

    /// One sample: the change of a row of `count` numbers.
    func draw(count: Int, _ generator: inout SeededGenerator) -> [Double] {
        var change = [Double](repeating: 0, count: count)
        guard let first = all.first?.value else { return change }
        func add(_ error: Double, of member: Sensitivity) {
            for place in change.indices { change[place] += error * member.effect[place] }
        }
        let common = generator.studentT(degreesOfFreedom: first.degreesOfFreedom)
        for member in all { add(member.commonError * common, of: member) }
        for member in independent {
            let own = generator.studentT(degreesOfFreedom: member.value.degreesOfFreedom)
            add((1 - member.value.commonShare).squareRoot() * own, of: member)
        }
        for pool in pools {
            for (member, error) in zip(pool.members, pool.draw(&generator)) {
                add(error / (member.value.poolingGroup?.standardError ?? .infinity), of: member)
            }
        }
        return change
    }
}

extension MonteCarloSampler.Sensitivity {
    /// Standard error of the common part, in standard errors of the value.
    fileprivate var commonError: Double {
        guard let group = value.poolingGroup, let posterior = group.posterior, group.standardError > 0 else {
            return value.commonShare.squareRoot()
        }
        return posterior.commonStandardError * posterior.scale(group.standardError) / group.standardError
    }

    /// Standard error without the common part, in the pooling group's unit.
    fileprivate var independentError: Double {
        (value.poolingGroup?.standardError ?? 0) * (1 - value.commonShare).squareRoot()
    }

    /// Whether the value belongs to a pooling group and has an error of its own.
    fileprivate var isPooled: Bool { value.poolingGroup?.posterior != nil || independentError > 0 }
}
