import ProbeKit
import SystemIO

/// The frequencies that a sweep visits.
package enum FrequencyChoice: Sendable, Hashable {
    /// Every frequency that the driver offers; ``rangeCount`` evenly spaced ones where it offers a range.
    case all
    /// This many of them, including the lowest and the highest.
    case count(Int)
    /// These, in hertz.
    case list([Double])

    /// Number of frequencies for a driver that offers a range (intel_pstate, amd-pstate).
    package static let rangeCount = 8
    /// Maximum relative distance of a requested frequency from one that is offered.
    private static let tolerance = 0.005

    /// The setpoints for the policies of a box, by ascending frequency of the fastest policy.
    ///
    /// Frequencies lie within the policies' current limits. Every other policy takes the frequency of its own table whose
    /// ratio to its own maximum is nearest: performance and efficiency cores have different tables and never get each
    /// other's frequencies.
    ///
    /// - Throws: ``KerfError`` when there is no such frequency or only one; the message names those that are offered.
    package func setpoints(of policies: [CPUFreqPolicy]) throws(KerfError) -> [FrequencySetpoint] {
        let tables = try FrequencyTables(policies)
        let chosen = try choose(from: tables.fastest)
        guard chosen.count > 1 else {
            throw KerfError(
                .invalidReading, "a sweep needs two frequencies or more; there is \(Self.gigahertz(chosen))")
        }
        return chosen.map(tables.setpoint)
    }

    /// The setpoint of one frequency of the fastest policy, with those of the others as in ``setpoints(of:)``.
    ///
    /// - Throws: ``KerfError`` when the fastest policy has no such frequency.
    package static func setpoint(hertz: Double, of policies: [CPUFreqPolicy]) throws(KerfError) -> FrequencySetpoint {
        let tables = try FrequencyTables(policies)
        let chosen = try FrequencyChoice.list([hertz]).choose(from: tables.fastest)
        return tables.setpoint(chosen[0])
    }

    /// The setpoints of each core type alone, from its own tables.
    ///
    /// Requested frequencies refer to the fastest policy; other core types take the same ratios of their own maximum.
    ///
    /// - Parameter kinds: the box's core types and their logical CPUs.
    /// - Returns: a group for every core type that has its own policies and two setpoints or more. Empty for a box with one
    ///   core type, and where a policy spans several.
    /// - Throws: as ``setpoints(of:)``.
    package func groups(
        of policies: [CPUFreqPolicy], kinds: [(name: String, cpus: [Int])]
    ) throws(KerfError) -> [CoreGroup] {
        let members = kinds.map { kind in policies.filter { Set($0.cpus).isSubset(of: kind.cpus) } }
        guard kinds.count > 1, members.reduce(0, { $0 + $1.count }) == policies.count else { return [] }
        let together = try setpoints(of: policies)
        var groups: [CoreGroup] = []
        for (kind, members) in zip(kinds, members) {
            // A core type without common frequencies is not swept alone; the sweep of all has thrown its errors above.
            let setpoints = isList ? Self.part(of: together, members) : (try? setpoints(of: members)) ?? []
            guard setpoints.count > 1 else { continue }
            groups.append(CoreGroup(name: kind.name, cpus: kind.cpus, setpoints: setpoints))
        }
        return groups
    }

    private var isList: Bool {
        if case .list = self { true } else { false }
    }

    /// The setpoints reduced to some policies, each different frequency once.
    private static func part(of setpoints: [FrequencySetpoint], _ policies: [CPUFreqPolicy]) -> [FrequencySetpoint] {
        let names = Set(policies.map(\.name))
        let parts = setpoints.compactMap { setpoint -> FrequencySetpoint? in
            let own = setpoint.policyHertz.filter { names.contains($0.key) }
            return own.values.max().map { FrequencySetpoint(hertz: $0, policyHertz: own) }
        }
        return parts.reduce(into: []) { result, part in if result.last?.hertz != part.hertz { result.append(part) } }
    }

    private func choose(from table: FrequencyTable) throws(KerfError) -> [Double] {
        switch self {
        case .all: return table.steps.isEmpty ? table.spread(Self.rangeCount) : table.steps
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
                        .invalidReading, "no frequency of \(Self.gigahertz([hertz]))",
                        remedy: "the driver offers \(offered)")
                }
                chosen.insert(nearest)
            }
            return chosen.sorted()
        }
    }

    private static func gigahertz(_ frequencies: [Double]) -> String {
        frequencies.map { "\(($0 / 1e6).rounded() / 1e3)" }.joined(separator: ", ") + " GHz"
    }
}

/// The frequencies of all policies of a box.
private struct FrequencyTables {
    let tables: [(policy: String, table: FrequencyTable)]
    let fastest: FrequencyTable

    init(_ policies: [CPUFreqPolicy]) throws(KerfError) {
        tables = policies.compactMap { policy in FrequencyTable(policy).map { (policy.name, $0) } }
        guard let fastest = tables.map(\.table).max(by: { $0.highest < $1.highest }) else {
            throw KerfError(.invalidReading, "cpufreq reports no frequency limits")
        }
        self.fastest = fastest
    }

    /// Every policy at the same ratio to its own maximum.
    func setpoint(_ hertz: Double) -> FrequencySetpoint {
        FrequencySetpoint(
            hertz: hertz,
            policyHertz: Dictionary(
                tables.map { ($0.policy, $0.table.nearest(to: hertz / fastest.highest * $0.table.highest)) },
                uniquingKeysWith: { first, _ in first }))
    }
}

/// The frequencies that one policy can take, in hertz.
private struct FrequencyTable {
    /// Ascending; empty where any frequency between the limits can be set.
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

    /// At most `count` different frequencies, evenly spaced, including both ends.
    func spread(_ count: Int) -> [Double] {
        guard count > 1 else { return [highest] }
        let points = (0..<count).map { lowest + (highest - lowest) * Double($0) / Double(count - 1) }
        return Set(points.map { nearest(to: $0) }).sorted()
    }
}
