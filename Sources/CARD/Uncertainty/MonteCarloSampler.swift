import Statistics

/// Draws what the figures of one measurement may really be, as changes of the row that costs come from (``SampledCosts``).
///
/// Part of their errors is common to all figures; the rest is each one's own, or, among kin, what ``PartialPooling``
/// leaves of it.
struct MonteCarloSampler {
    /// A figure, and how the row changes with one of its standard errors.
    struct Lever {
        var figure: UncertainValue
        var effect: [Double]
    }

    private struct Pool {
        var levers: [Lever]
        var pooling: PartialPooling
    }

    private let levers: [Lever]
    private let alone: [Lever]
    private let pools: [Pool]

    init(_ levers: [Lever]) {
        self.levers = levers
        let families = Dictionary(grouping: levers.filter(\.isPooled)) { $0.figure.poolingGroup?.kind }.values
            .filter { $0.count > 1 }
            // In an order that does not depend on the run.
            .sorted {
                ($0.first?.figure.poolingGroup?.kind.figure ?? "") < ($1.first?.figure.poolingGroup?.kind.figure ?? "")
            }
        pools = families.map { family in
            Pool(
                levers: family,
                pooling: PartialPooling(
                    values: family.compactMap(\.figure.poolingGroup?.value), errors: family.map(\.ownError),
                    degreesOfFreedom: family.map(\.figure.degreesOfFreedom)))
        }
        let pooled = Set(families.compactMap { $0.first?.figure.poolingGroup?.kind })
        alone = levers.filter { lever in
            guard lever.isPooled, let kind = lever.figure.poolingGroup?.kind else { return true }
            return !pooled.contains(kind)
        }
    }

    /// The change of a row of `count` numbers in one world.
    func draw(count: Int, _ generator: inout SeededGenerator) -> [Double] {
        var change = [Double](repeating: 0, count: count)
        guard let first = levers.first?.figure else { return change }
        func add(_ error: Double, of lever: Lever) {
            for place in change.indices { change[place] += error * lever.effect[place] }
        }
        let common = generator.studentT(degreesOfFreedom: first.degreesOfFreedom)
        for lever in levers { add(lever.figure.commonShare.squareRoot() * common, of: lever) }
        for lever in alone {
            let own = generator.studentT(degreesOfFreedom: lever.figure.degreesOfFreedom)
            add((1 - lever.figure.commonShare).squareRoot() * own, of: lever)
        }
        for pool in pools {
            for (lever, error) in zip(pool.levers, pool.pooling.draw(&generator)) {
                add(error / (lever.figure.poolingGroup?.standardError ?? .infinity), of: lever)
            }
        }
        return change
    }
}

extension MonteCarloSampler.Lever {
    /// Of what is not common to all figures, in kin's unit.
    fileprivate var ownError: Double {
        (figure.poolingGroup?.standardError ?? 0) * (1 - figure.commonShare).squareRoot()
    }

    /// Whether kin may tell more of it than its own measurement does.
    fileprivate var isPooled: Bool { ownError > 0 }
}
