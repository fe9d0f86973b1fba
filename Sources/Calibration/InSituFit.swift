import ProfileFormat
import Statistics
import Workload

/// Power of every pass from whole steps: the counters between the layers against the time line of the layers.
///
/// Looping a layer alone keeps its weights in the cache; here each layer runs where it runs. A look between two layers
/// shows what a counter had at its last update; see ``UpdateIntervalRegression`` for how that becomes powers. Counters of several
/// domains are updated at moments of their own: each is fitted alone, and the powers add up. Intervals come from leaving
/// out a tenth of the bursts at a time (delete-group jackknife: Kott, "The delete-a-group jackknife", Journal of Official
/// Statistics 17, 2001), which holds whatever the errors of one burst's steps have in common.
struct InSituFit {
    private static let mostGroups = 10
    /// Fewer bursts tell no interval.
    private static let fewestGroups = 5

    /// Passes in the order of a step.
    private let order: [LayerPass]
    private let watts: [Double]
    /// The same without each group.
    private let wattsWithout: [[Double]]
    private let confidence: Double
    /// Of the counters; a pass that is shorter cannot be told from its neighbours.
    let updateSeconds: Double

    /// - Returns: `nil` without enough traces, where they do not fit the layers, and for a sensor of power: what that shows is
    ///   an average over the layers before.
    init?(_ profile: Profile) {
        guard profile.meter.sampling == nil else { return nil }
        let last = profile.layers.count - 1
        let order =
            (0...last).map { LayerPass(layer: $0, direction: .forward) }
            + (1...last).reversed().map { LayerPass(layer: $0, direction: .backward) }
        let domains = profile.meter.totalOf
        let traces = (profile.stepTraces ?? []).filter {
            $0.seconds.count == order.count + 1 && Set($0.joules.keys) == Set(domains)
        }
        let groups = Self.groups(of: traces)
        let groupCount = Set(groups).count
        guard groupCount >= Self.fewestGroups, let interval = profile.meter.updates?.meanSeconds, interval > 0 else {
            return nil
        }
        let places = UpdateIntervalRegression.places(seconds: Self.meanSeconds(of: traces), updateSeconds: interval)
        let none = UpdateIntervalRegression(places: places)
        var watts = [Double](repeating: 0, count: order.count)
        var wattsWithout = [[Double]](repeating: watts, count: groupCount)
        for domain in domains {
            var parts = [UpdateIntervalRegression](repeating: none, count: groupCount)
            for (trace, group) in zip(traces, groups) {
                parts[group].add(trace, domain: domain, updateSeconds: interval)
            }
            var whole = none
            for part in parts { whole += part }
            let powers = whole.powers()
            for pass in order.indices { watts[pass] += powers[places[pass]] }
            for group in parts.indices {
                let without = (whole - parts[group]).powers(from: powers)
                for pass in order.indices { wattsWithout[group][pass] += without[places[pass]] }
            }
        }
        self.order = order
        self.watts = watts
        self.wattsWithout = wattsWithout
        updateSeconds = interval
        confidence = profile.settings.confidence
    }

    /// Of each pass, in the order of a step.
    private static func meanSeconds(of traces: [StepTrace]) -> [Double] {
        guard let first = traces.first else { return [] }
        return first.seconds.indices.dropLast().map { pass in
            traces.reduce(0) { $0 + $1.seconds[pass + 1] - $1.seconds[pass] } / Double(traces.count)
        }
    }

    /// The group of each trace: those of one burst share it, as they share temperature, load and phase.
    private static func groups(of traces: [StepTrace]) -> [Int] {
        var places: [Int: Int] = [:]
        return traces.enumerated().map { index, trace in
            let burst = trace.pair ?? -1 - index
            let place = places[burst] ?? places.count
            places[burst] = place
            return place % Self.mostGroups
        }
    }

    /// Power of a pass, in watts.
    func power(of pass: LayerPass) -> Estimate? {
        guard let index = order.firstIndex(of: pass) else { return nil }
        return estimate { $0[index] }
    }

    /// The energy of a whole step: every pass's power times its time.
    func stepEnergy(seconds: (LayerPass) -> Double) -> Estimate {
        let times = order.map(seconds)
        return estimate { watts in zip(watts, times).reduce(0) { $0 + $1.0 * $1.1 } }
    }

    private func estimate(_ value: ([Double]) -> Double) -> Estimate {
        let without = wattsWithout.map(value)
        let count = Double(without.count)
        let mean = without.reduce(0, +) / count
        let squares = without.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return Estimate(
            value: value(watts),
            spread: .init(
                standardError: (squares * (count - 1) / count).squareRoot(), degreesOfFreedom: count - 1,
                confidence: confidence),
            count: without.count)
    }
}
