import CARD
import Quantities
import Statistics
import SystemIO

/// Which cuts and frequencies are run, and in which order: every repetition is a random permutation of all, so that drift
/// of the boxes meets all alike.
package struct ValidationPlan: Sendable, Hashable {
    /// One round to be run.
    package struct Round: Sendable, Hashable {
        package var point: MeasuredPoint
        /// Place in the plan, from 0.
        package var order: Int
        package var repetition: Int
    }

    /// What is run of the cuts that may be chosen.
    package enum Cuts: Sendable, Hashable {
        case all
        /// The choice of each model level, the neighbors of the decision's, both ends, and random others up to a number of
        /// cuts in all.
        case auto(count: Int)
    }

    package var rounds: [Round]
    /// Cuts that limits exclude, which are not run.
    package var excludedCuts: [Int]

    /// The points of the plan, ascending.
    package var points: [MeasuredPoint] { Set(rounds.map(\.point)).sorted() }

    /// - Parameters:
    ///   - frequenciesHertz: steps that the server is set to; none where its frequency is left as it was.
    ///   - repetitions: rounds at each point.
    ///   - seed: of the random cuts and of the order.
    /// - Throws: ``KerfError/Code/invalidArgument``; ``KerfError/Code/infeasible`` where no cut may be run.
    package init(
        for decision: Decision, cuts: Cuts, frequenciesHertz: [Double] = [], repetitions: Int, seed: UInt64
    ) throws(KerfError) {
        guard repetitions >= 1, repetitions <= 10_000 else {
            throw KerfError(.invalidArgument, "the number of rounds must be between 1 and 10000")
        }
        guard frequenciesHertz.allSatisfy({ $0 > 0 && $0.isFinite }) else {
            throw KerfError(.invalidArgument, "a frequency must be more than 0 Hz")
        }
        let allowed = decision.cuts.filter { $0.exclusion == nil }.map(\.cut)
        guard !allowed.isEmpty else { throw KerfError(.infeasible, "limits exclude every cut") }
        excludedCuts = decision.cuts.filter { $0.exclusion != nil }.map(\.cut)
        var generator = SeededGenerator(seed: seed)
        let chosen = Self.select(cuts, of: decision, allowed, &generator)
        let points = Self.points(chosen, decision, Set(frequenciesHertz).sorted())
        rounds = []
        for repetition in 0..<repetitions {
            for point in points.shuffled(using: &generator) {
                rounds.append(Round(point: point, order: rounds.count, repetition: repetition))
            }
        }
    }

    /// The predicted time of all rounds one after another.
    ///
    /// - Parameter pauseSeconds: between two rounds.
    package func estimatedSeconds(_ model: CutModel, pauseSeconds: Double = 0) -> Double {
        rounds.reduce(0) { sum, round in
            guard let cost = model.cuts.first(where: { $0.cut == round.point.cut }) else { return sum }
            let ratio = round.point.serverHertz.flatMap { hertz in model.frequency.referenceHertz.map { hertz / $0 } }
            return sum + model.delay(cost, ratio: ratio ?? 1).total + pauseSeconds
        }
    }

    private static func select(
        _ cuts: Cuts, of decision: Decision, _ allowed: [Int], _ generator: inout SeededGenerator
    ) -> [Int] {
        guard case .auto(let count) = cuts else { return allowed }
        let choice = decision.choice.cut
        let wanted = decision.levels.compactMap(\.cut) + [choice - 1, choice, choice + 1, 0, decision.blockCount]
        let fixed = allowed.filter(wanted.contains)
        let others = allowed.filter { !wanted.contains($0) }.shuffled(using: &generator)
        return (fixed + others.prefix(max(0, count - fixed.count))).sorted()
    }

    /// All frequencies for the decision's cut and for server-only; the choice of each level at the step nearest to its
    /// own; any other cut at the step nearest to what the decision gives it, so that each competes at its best.
    /// Device-only is run once, since the server does nothing.
    private static func points(_ cuts: [Int], _ decision: Decision, _ frequencies: [Double]) -> [MeasuredPoint] {
        guard let lowest = frequencies.first else { return cuts.map { MeasuredPoint(cut: $0) } }
        func nearest(_ hertz: Double?) -> Double {
            guard let hertz else { return frequencies[frequencies.count - 1] }
            return frequencies.min { abs($0 - hertz) < abs($1 - hertz) } ?? hertz
        }
        let points = cuts.flatMap { cut -> [MeasuredPoint] in
            if cut == decision.blockCount { return [MeasuredPoint(cut: cut, serverHertz: lowest)] }
            if cut == decision.choice.cut || cut == 0 {
                return frequencies.map { MeasuredPoint(cut: cut, serverHertz: $0) }
            }
            let own = decision.cuts.first { $0.cut == cut }?.frequencyHertz.value
            let ofLevels = decision.levels.filter { $0.cut == cut }.map(\.frequencyHertz)
            return ([own] + ofLevels).map { MeasuredPoint(cut: cut, serverHertz: nearest($0)) }
        }
        return Set(points).sorted()
    }
}
