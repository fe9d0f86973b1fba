import ProbeKit
import SystemIO

/// Which steps of the clock a sweep goes through.
package enum FrequencyChoice: Sendable, Hashable {
    /// Every step that the driver offers; of a range, ``rangeSteps`` spread evenly.
    case all
    /// So many of them, the lowest and the highest among them.
    case count(Int)
    /// These, in hertz.
    case list([Double])

    /// A driver that offers a range instead of steps (intel_pstate, amd-pstate) is swept at so many points.
    package static let rangeSteps = 8
    /// A clock named by the user is a step when it lies so near.
    private static let tolerance = 0.005

    /// The steps for the policies of a box, by ascending clock of the fastest policy.
    ///
    /// Steps lie within what the policies allow now. Every other policy takes the step of its own that stands in the
    /// same ratio to its own highest clock, as nearly as it has one: performance and efficiency cores have different
    /// tables, and are never given each other's clocks.
    ///
    /// - Throws: ``KerfError`` when there is no such step or only one; the message names those there are.
    package func steps(of policies: [CPUFreqPolicy]) throws(KerfError) -> [FrequencySetpoint] {
        let tables = policies.compactMap { policy in StepTable(policy).map { (policy.name, $0) } }
        guard let fastest = tables.map(\.1).max(by: { $0.highest < $1.highest }) else {
            throw KerfError(.invalidReading, "cpufreq tells no limits of the clock")
        }
        let chosen = try choose(from: fastest)
        guard chosen.count > 1 else {
            throw KerfError(
                .invalidReading, "a sweep needs two steps of the clock or more; there is \(Self.gigahertz(chosen))")
        }
        return chosen.map { hertz in
            FrequencySetpoint(
                hertz: hertz,
                policyHertz: Dictionary(
                    tables.map { ($0.0, $0.1.nearest(to: hertz / fastest.highest * $0.1.highest)) },
                    uniquingKeysWith: { first, _ in first }))
        }
    }

    /// The steps of each kind of core by itself, from tables of its own.
    ///
    /// Clocks that were named are meant for the fastest policy; the other kinds take the same shares of their own.
    ///
    /// - Parameter kinds: the box's kinds of core and their logical CPUs.
    /// - Returns: a group for every kind that has policies of its own and two steps or more; none for a box of one kind,
    ///   and none where one clock goes for cores of several kinds.
    /// - Throws: as ``steps(of:)``.
    package func groups(
        of policies: [CPUFreqPolicy], kinds: [(name: String, cpus: [Int])]
    ) throws(KerfError) -> [CoreGroup] {
        let members = kinds.map { kind in policies.filter { Set($0.cpus).isSubset(of: kind.cpus) } }
        guard kinds.count > 1, members.reduce(0, { $0 + $1.count }) == policies.count else { return [] }
        let together = try steps(of: policies)
        var groups: [CoreGroup] = []
        for (kind, members) in zip(kinds, members) {
            let steps = self.isList ? Self.part(of: together, members) : (try? steps(of: members)) ?? []
            guard steps.count > 1 else { continue }
            groups.append(CoreGroup(name: kind.name, cpus: kind.cpus, steps: steps))
        }
        return groups
    }

    private var isList: Bool {
        if case .list = self { true } else { false }
    }

    /// What steps of the whole box set of some policies, each different clock once.
    private static func part(of steps: [FrequencySetpoint], _ policies: [CPUFreqPolicy]) -> [FrequencySetpoint] {
        let names = Set(policies.map(\.name))
        let parts = steps.compactMap { step -> FrequencySetpoint? in
            let own = step.policyHertz.filter { names.contains($0.key) }
            return own.values.max().map { FrequencySetpoint(hertz: $0, policyHertz: own) }
        }
        return parts.reduce(into: []) { kept, step in if kept.last?.hertz != step.hertz { kept.append(step) } }
    }

    private func choose(from table: StepTable) throws(KerfError) -> [Double] {
        switch self {
        case .all: return table.steps.isEmpty ? table.spread(Self.rangeSteps) : table.steps
        case .count(let count): return table.spread(count)
        case .list(let wanted):
            var chosen: Set<Double> = []
            for hertz in wanted {
                let nearest = table.nearest(to: hertz)
                guard abs(nearest - hertz) <= Self.tolerance * hertz else {
                    let offered =
                        table.steps.isEmpty
                        ? "from \(Self.gigahertz([table.lowest])) to \(Self.gigahertz([table.highest]))"
                        : Self.gigahertz(table.steps)
                    throw KerfError(
                        .invalidReading, "no step of the clock at \(Self.gigahertz([hertz]))",
                        remedy: "there is \(offered)")
                }
                chosen.insert(nearest)
            }
            return chosen.sorted()
        }
    }

    private static func gigahertz(_ steps: [Double]) -> String {
        steps.map { "\(($0 / 1e6).rounded() / 1e3)" }.joined(separator: ", ") + " GHz"
    }
}

/// The clocks that one policy can take.
private struct StepTable {
    /// Ascending; empty where any clock between the limits can be set.
    var steps: [Double]
    var lowest: Double
    var highest: Double

    init?(_ policy: CPUFreqPolicy) {
        guard let low = policy.scalingMinimumHertz ?? policy.hardwareMinimumHertz,
            let high = policy.scalingMaximumHertz ?? policy.hardwareMaximumHertz, low <= high
        else { return nil }
        steps = policy.availableHertz.filter { (low...high).contains($0) }
        lowest = steps.first ?? low
        highest = steps.last ?? high
    }

    func nearest(to hertz: Double) -> Double {
        guard let first = steps.first else { return min(max(hertz, lowest), highest) }
        return steps.reduce(first) { abs($1 - hertz) < abs($0 - hertz) ? $1 : $0 }
    }

    /// At most `count` different clocks, evenly spread, both ends among them.
    func spread(_ count: Int) -> [Double] {
        guard count > 1 else { return [highest] }
        let points = (0..<count).map { lowest + (highest - lowest) * Double($0) / Double(count - 1) }
        return Set(points.map { nearest(to: $0) }).sorted()
    }
}
