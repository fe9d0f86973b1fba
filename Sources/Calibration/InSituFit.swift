import ProbeKit
import Statistics

/// Power of every pass from whole steps: the counters between the layers against the time line of the layers.
///
/// Looping a layer alone keeps its weights in the cache; here each layer runs where it runs. A look between two layers
/// shows what the counter had at its last update, which came up to an update interval earlier. So the time line is cut
/// at the updates, each placed in the middle of where it may have been; the energy between two updates is the sum over
/// the passes of power times the pass's time between them; and the powers, none negative, are those that fit all
/// stretches of all steps best. Intervals come from leaving out a tenth of the bursts at a time (delete-group jackknife:
/// Kott, "The delete-a-group jackknife", Journal of Official Statistics 17, 2001), which holds whatever the errors of one
/// burst's steps have in common.
struct InSituFit {
    private static let groups = 10

    /// Passes in the order of a step.
    private let order: [LayerPass]
    private let watts: [Double]
    /// The same without each group.
    private let wattsWithout: [[Double]]
    private let confidence: Double

    /// - Returns: `nil` without enough traces, and where they do not fit the layers.
    init?(_ profile: Profile) {
        let last = profile.layers.count - 1
        let order =
            (0...last).map { LayerPass(layer: $0, direction: "forward") }
            + (1...last).reversed().map { LayerPass(layer: $0, direction: "backward") }
        let traces = (profile.stepTraces ?? []).filter { $0.seconds.count == order.count + 1 }
        let groups = Self.groups(of: traces)
        guard Set(groups).count == Self.groups, let interval = profile.meter.updates?.meanSeconds, interval > 0 else {
            return nil
        }
        var parts = [NonNegativeLeastSquares](
            repeating: NonNegativeLeastSquares(count: order.count), count: Self.groups)
        for (index, trace) in traces.enumerated() {
            Self.add(trace, to: &parts[groups[index]], updateInterval: interval)
        }
        var whole = NonNegativeLeastSquares(count: order.count)
        for part in parts { whole += part }
        let watts = whole.solution()
        self.order = order
        self.watts = watts
        wattsWithout = parts.map { (whole - $0).solution(from: watts) }
        confidence = profile.settings.confidence
    }

    /// The group of each trace: those of one burst share it, as they share temperature, load and phase.
    private static func groups(of traces: [StepTrace]) -> [Int] {
        var places: [Int: Int] = [:]
        return traces.enumerated().map { index, trace in
            let burst = trace.pair ?? -1 - index
            let place = places[burst] ?? places.count
            places[burst] = place
            return place % Self.groups
        }
    }

    private static func add(
        _ trace: StepTrace, to squares: inout NonNegativeLeastSquares, updateInterval: Double
    ) {
        // What the first look shows is of before the step. There the last pass of the step before ran, as a rule.
        let last = trace.seconds.count - 2
        var previous = (seconds: -(trace.staleSeconds ?? updateInterval / 2), joules: 0.0)
        var pass = 0
        var before = (seconds: 0.0, joules: 0.0)
        for look in trace.joules.indices.dropFirst() {
            guard let joules = trace.joules[look] else { continue }
            let gap = trace.seconds[look] - before.seconds
            let isUpdated = joules > before.joules
            before = (trace.seconds[look], joules)
            guard isUpdated else { continue }
            let update = trace.seconds[look] - min(gap, updateInterval) / 2
            var row: [(unknown: Int, coefficient: Double)] = []
            if previous.seconds < 0 { row.append((last, min(update, 0) - previous.seconds)) }
            while pass < last, trace.seconds[pass + 1] <= previous.seconds { pass += 1 }
            var covered = pass
            while covered <= last, trace.seconds[covered] < update {
                let from = max(previous.seconds, trace.seconds[covered])
                row.append((covered, min(update, trace.seconds[covered + 1]) - from))
                covered += 1
            }
            squares.add(row, value: joules - previous.joules)
            previous = (update, joules)
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
