import ProfileFormat
import Quantities
import Statistics
import Workload

/// Power of every pass in whole steps, from counters that were sampled between the layers.
///
/// A layer that is looped alone keeps its weights in the cache; here each layer runs inside its step. A sample between
/// two layers shows a counter as of its last update; see ``UpdateIntervalRegression`` for how powers follow. Counters
/// of several domains are updated at different times, so each is fitted separately and the powers are added. Intervals
/// come from leaving out a tenth of the bursts at a time (delete-group jackknife: Kott, "The delete-a-group jackknife",
/// Journal of Official Statistics 17, 2001), which allows for correlated errors within a burst.
struct InSituFit {
    private static let maximumGroups = 10
    /// Minimum number of bursts for an interval.
    private static let minimumGroups = 5

    /// Passes in the order of a step.
    private let order: [LayerPass]
    private let watts: [Double]
    /// Powers with one group left out, by group.
    private let wattsWithout: [[Double]]
    private let confidence: Double
    /// Mean update interval of the counters; a shorter pass cannot be separated from its neighbors.
    let updateSeconds: Double

    /// - Returns: `nil` without enough traces, where they do not fit the layers, and for a power sensor, whose readings
    ///   average over earlier layers.
    init?(_ profile: Profile) {
        guard profile.meter.sampling == nil else { return nil }
        let order = LayerPass.inStepOrder(of: profile.layers)
        let domains = profile.meter.totalOf
        let traces = (profile.stepTraces ?? []).filter {
            $0.seconds.count == order.count + 1 && Set($0.joules.keys) == Set(domains)
        }
        let groups = Self.groups(of: traces)
        let groupCount = Set(groups).count
        guard groupCount >= Self.minimumGroups, let interval = profile.meter.updates?.meanSeconds, interval > 0 else {
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

    /// Mean time of each pass, in the order of a step.
    private static func meanSeconds(of traces: [StepTrace]) -> [Double] {
        guard let first = traces.first else { return [] }
        return first.seconds.indices.dropLast().map { pass in
            traces.reduce(0) { $0 + $1.seconds[pass + 1] - $1.seconds[pass] } / Double(traces.count)
        }
    }

    /// The group of each trace. Traces of one burst share it, since they share temperature, load and phase.
    private static func groups(of traces: [StepTrace]) -> [Int] {
        var places: [Int: Int] = [:]
        return traces.enumerated().map { index, trace in
            let burst = trace.pair ?? -1 - index
            let place = places[burst] ?? places.count
            places[burst] = place
            return place % Self.maximumGroups
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

/// Looped energies compared with in-situ ones.
extension EnergyFit {
    /// In-situ energy of a pass; `nil` where there are no samples between layers.
    func inSituEnergy(_ pass: LayerPass, time: Estimate, _ fit: InSituFit?) -> Quantity? {
        guard let fit, let power = fit.power(of: pass) else { return nil }
        guard time.value >= fit.updateSeconds else {
            return .unavailable("not resolved: the pass is shorter than an update interval of the counter")
        }
        guard power.value > 0 else {
            return .unavailable("not resolved: the power of \(pass) cannot be separated from its neighbors'")
        }
        return quantity(
            energy(.known(power), time),
            "power from counters sampled between the layers of whole steps, times its time",
            negligible: negligibleJoules)
    }

    /// Both sums over a step's layers and their difference; `nil` where there are no samples between layers.
    func attribution(_ times: TimeFit, _ fit: InSituFit?) -> Attribution? {
        guard let fit else { return nil }
        let inSitu = fit.stepEnergy { times.time(of: $0)?.value ?? 0 }
        let inSituQuantity = Quantity(inSitu, confidence: confidence, origin: meter.origin)
        var looped: Estimate?
        for pass in LayerPass.all(of: times.layers) where !pass.isIdle(in: times.layers) {
            guard let time = times.time(of: pass), case .known(let power) = power(.pass(pass)) else {
                let reason = "not every layer was looped"
                return Attribution(
                    loopedEnergyJoules: .unavailable(reason), inSituEnergyJoules: inSituQuantity,
                    differenceRatio: .unavailable(reason))
            }
            // Both sums use the same times, so that they differ in the powers only.
            let energy = power.scaled(by: time.value)
            looped = looped.map { $0 + energy } ?? energy
        }
        guard let looped else { return nil }
        return Attribution(
            loopedEnergyJoules: Quantity(looped, confidence: confidence, origin: meter.origin),
            inSituEnergyJoules: inSituQuantity,
            differenceRatio: Quantity(
                inSitu.relativeDifference(to: looped), confidence: confidence, origin: meter.origin))
    }
}
