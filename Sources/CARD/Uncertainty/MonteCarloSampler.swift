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

    /// The change of the row for one unit of a drawn error.
    private typealias Effect = [Double]

    private struct Pool {
        var effects: [Effect]
        /// One sample of the members' errors, in the group's unit.
        var draw: (inout SeededGenerator) -> [Double]
    }

    /// The change of the row for one standard error of the common part: summed over all values.
    private let common: Effect
    private let commonDegreesOfFreedom: Double
    private let independent: [(effect: Effect, degreesOfFreedom: Double)]
    private let pools: [Pool]

    init(_ sensitivities: [Sensitivity]) {
        common = sensitivities.reduce(into: [Double](repeating: 0, count: sensitivities.first?.effect.count ?? 0)) {
            $0.add($1.effect, times: $1.commonError)
        }
        // The common part is one draw: the first value's degrees of freedom stand for all.
        commonDegreesOfFreedom = sensitivities.first?.value.degreesOfFreedom ?? 1
        let groups = Dictionary(grouping: sensitivities.filter(\.isPooled)) { $0.value.poolingGroup?.kind }.values
            .filter { $0.count > 1 }
            // The order of a dictionary changes from run to run, and with it the draws.
            .sorted { left, right in
                guard let left = left.first?.value.poolingGroup?.kind, let right = right.first?.value.poolingGroup?.kind
                else { return false }
                return (left.value, left.flops, left.group ?? -1) < (right.value, right.flops, right.group ?? -1)
            }
        pools = groups.map { group in
            let effects = group.map { $0.scaled(by: 1 / ($0.value.poolingGroup?.standardError ?? .infinity)) }
            let posteriors = group.compactMap(\.value.poolingGroup?.posterior)
            if let pooling = posteriors.first?.pooling, posteriors.count == group.count {
                let factors = zip(group, posteriors).map { $1.scale($0.value.poolingGroup?.standardError ?? 0) }
                return Pool(effects: effects) { generator in
                    let drawn = pooling.draw(&generator)
                    return zip(posteriors, factors).map { (drawn[$0.place] - $0.member.pooledValue) * $1 }
                }
            }
            let pooling = PartialPooling(
                values: group.compactMap(\.value.poolingGroup?.value), errors: group.map(\.independentError),
                degreesOfFreedom: group.map(\.value.degreesOfFreedom))
            return Pool(effects: effects) { pooling.draw(&$0) }
        }
        let pooled = Set(groups.compactMap { $0.first?.value.poolingGroup?.kind })
        independent = sensitivities.filter { member in
            guard member.isPooled, let kind = member.value.poolingGroup?.kind else { return true }
            return !pooled.contains(kind)
        }.map { ($0.scaled(by: (1 - $0.value.commonShare).squareRoot()), $0.value.degreesOfFreedom) }
    }

    /// Adds one sample of the change to a row.
    func draw(onto row: inout [Double], _ generator: inout SeededGenerator) {
        guard !common.isEmpty else { return }
        row.add(common, times: generator.studentT(degreesOfFreedom: commonDegreesOfFreedom))
        for value in independent {
            row.add(value.effect, times: generator.studentT(degreesOfFreedom: value.degreesOfFreedom))
        }
        for pool in pools {
            for (effect, error) in zip(pool.effects, pool.draw(&generator)) { row.add(effect, times: error) }
        }
    }
}

extension MonteCarloSampler.Sensitivity {
    fileprivate func scaled(by factor: Double) -> [Double] { effect.map { $0 * factor } }

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
