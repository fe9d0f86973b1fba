import CARD

/// Sums over a fleet's decisions, by round and rule.
package struct FleetTally: Sendable {
    package let deviceCount: Int
    package let roundCount: Int
    package let rules: [Rule]
    /// [round][rule]: sums over devices, in seconds and joules.
    private var delays: [Double]
    private var energies: [Double]
    /// [rule][cut]: how often each cut was chosen.
    package private(set) var cutCounts: [[Int]]

    init(_ run: FleetRun) {
        deviceCount = run.deviceCount
        roundCount = run.roundCount
        rules = run.rules
        delays = [Double](repeating: 0, count: roundCount * rules.count)
        energies = delays
        let cuts = run.fleet.models.map(\.cuts.count).max() ?? 0
        cutCounts = rules.map { _ in [Int](repeating: 0, count: cuts) }
    }

    mutating func count(_ lanes: Lanes, rule: Int, round: Int) {
        let place = round * rules.count + rule
        delays[place] += Self.sum(lanes[.delay], lanes.count)
        energies[place] += Self.sum(lanes[.energy], lanes.count)
        let cuts = lanes[.cut]
        cutCounts[rule].withUnsafeMutableBufferPointer { counts in
            for lane in 0..<lanes.count { counts[Int(cuts[lane])] += 1 }
        }
    }

    mutating func add(_ other: FleetTally) {
        for place in delays.indices {
            delays[place] += other.delays[place]
            energies[place] += other.energies[place]
        }
        for rule in cutCounts.indices {
            for cut in cutCounts[rule].indices { cutCounts[rule][cut] += other.cutCounts[rule][cut] }
        }
    }

    /// Mean over devices, for one device's turn.
    package func delaySeconds(rule: Int, round: Int) -> Double {
        delays[round * rules.count + rule] / Double(deviceCount)
    }

    package func energyJoules(rule: Int, round: Int) -> Double {
        energies[round * rules.count + rule] / Double(deviceCount)
    }

    /// Mean over devices and rounds.
    package func delaySeconds(rule: Int) -> Double {
        (0..<roundCount).reduce(0) { $0 + delaySeconds(rule: rule, round: $1) } / Double(roundCount)
    }

    package func energyJoules(rule: Int) -> Double {
        (0..<roundCount).reduce(0) { $0 + energyJoules(rule: rule, round: $1) } / Double(roundCount)
    }

    private static func sum(_ values: UnsafeMutablePointer<Double>, _ count: Int) -> Double {
        var parts = SIMD8<Double>.zero
        let whole = count / 8 * 8
        for start in stride(from: 0, to: whole, by: 8) {
            parts += UnsafeRawPointer(values + start).loadUnaligned(as: SIMD8<Double>.self)
        }
        return (whole..<count).reduce(parts.sum()) { $0 + values[$1] }
    }
}
