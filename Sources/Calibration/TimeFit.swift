import ProfileFormat
import Quantities
import Statistics
import Workload

/// Times of layers and of the whole step.
///
/// Layers and step must be estimated by the same rule, one under which layers add up, or closure measures the rule and
/// not the box. Medians do not add up: with skewed noise the sum of the layers' medians is below the median of the sum.
/// Means do, but one preempted step shifts them. So a trimmed mean over steps is used. Instrumented steps are ranked by
/// their total, the fastest and slowest fifth left out, and every layer and kernel averaged over the remaining steps;
/// uninstrumented steps are treated in the same way. The steps of one burst are one observation, and a burst with
/// instrumentation is compared with the adjacent one without. See ``TrimmedSteps``.
struct TimeFit {
    let layers: [LayerDescription]
    let confidence: Double
    /// The whole step, without instruments inside.
    let step: Estimate
    /// (Sum of all layers inside instrumented steps - whole step) / whole step.
    let closure: Estimate
    fileprivate let instrumented: TrimmedSteps
    fileprivate let plain: TrimmedSteps
    private let times: [LayerPass: LayerTimes]
    /// Each run alone, where several were pooled.
    private let runs: [TimeFit]

    /// Runs that were pooled; none for a single profile.
    var runCount: Int { runs.count }

    /// - Parameters:
    ///   - profile: validated, so that all sample lists have the same length and are not empty.
    ///   - runs: the profiles that were pooled into it, if any; intervals are no narrower than their spread.
    init(_ profile: Profile, runs members: [Profile] = []) {
        let runs = members.map { TimeFit($0) }
        self.runs = runs
        layers = profile.layers
        confidence = profile.settings.confidence
        times = Dictionary(uniqueKeysWithValues: profile.layerTimes.map { ($0.pass, $0) })
        var totals = [Double](repeating: 0, count: profile.layerTimes.first?.seconds.count ?? 0)
        for layer in profile.layerTimes {
            for step in totals.indices { totals[step] += layer.seconds[step] }
        }
        let instrumented = TrimmedSteps(
            totals: totals, groups: StepSample.groups(profile.instrumentedSteps ?? [], count: totals.count))
        let plain = TrimmedSteps(
            totals: profile.steps.map(\.seconds), groups: StepSample.groups(profile.steps, count: profile.steps.count))
        (self.instrumented, self.plain) = (instrumented, plain)
        let step = plain.total(confidence: confidence) ?? Self.unknown
        self.step = step.widened(byRuns: runs.map(\.step.value), confidence: confidence)
        let closure = instrumented.relativeDifference(of: totals, to: plain, confidence: confidence)
        // Differences between runs affect layers and step equally, so closure is compared run by run.
        self.closure = (closure ?? Self.unknown)
            .widened(byRuns: runs.map(\.closure.value), confidence: confidence)
    }

    func time(of pass: LayerPass) -> Estimate? {
        times[pass].flatMap { instrumented.mean(of: $0.seconds, confidence: confidence) }?
            .widened(byRuns: runs.compactMap { $0.time(of: pass)?.value }, confidence: confidence)
    }

    func kernels(of pass: LayerPass) -> [String: Estimate] {
        let ofRuns = runs.map { $0.kernels(of: pass) }
        return (times[pass]?.kernels ?? [:]).reduce(into: [:]) { kernels, kernel in
            kernels[kernel.key] = instrumented.mean(of: kernel.value, confidence: confidence)?
                .widened(byRuns: ofRuns.compactMap { $0[kernel.key]?.value }, confidence: confidence)
        }
    }

    /// The sum over layer passes of time times a weight, such as power. Estimated step by step, since the times of one
    /// step are correlated.
    func weightedSum(_ weights: [LayerPass: Double]) -> Estimate {
        let sum = instrumented.mean(of: totals(weights), confidence: confidence) ?? Self.unknown
        return sum.widened(byRuns: runs.map { $0.weightedSum(weights).value }, confidence: confidence)
    }

    /// That sum over the whole step's time times its own weight, less one. The weights are taken as exact.
    func difference(_ weights: [LayerPass: Double], ofStep weight: Double) -> Estimate {
        let difference =
            instrumented.relativeDifference(
                of: totals(weights.mapValues { $0 / weight }), to: plain, confidence: confidence) ?? Self.unknown
        return difference.widened(
            byRuns: runs.map { $0.difference(weights, ofStep: weight).value }, confidence: confidence)
    }

    /// The sum over kernels, and over what passes take outside of them, by weight. Estimated step by step.
    func weightedSum(_ weights: [LayerPass: PassWeights]) -> Estimate {
        var totals = [Double](repeating: 0, count: instrumented.totals.count)
        for pass in LayerPass.all(of: layers) {
            guard let weights = weights[pass], let times = times[pass] else { continue }
            for step in totals.indices { totals[step] += weights.outside * times.seconds[step] }
            for (kernel, weight) in weights.kernels.sorted(by: { $0.key < $1.key }) {
                guard let seconds = times.kernels[kernel], weight != weights.outside else { continue }
                for step in totals.indices { totals[step] += (weight - weights.outside) * seconds[step] }
            }
        }
        let sum = instrumented.mean(of: totals, confidence: confidence) ?? Self.unknown
        return sum.widened(byRuns: runs.map { $0.weightedSum(weights).value }, confidence: confidence)
    }

    /// The kernels of a pass that were timed, by name.
    func kernelNames(of pass: LayerPass) -> [String] { times[pass]?.kernels.keys.sorted() ?? [] }

    private func totals(_ weights: [LayerPass: Double]) -> [Double] {
        var totals = [Double](repeating: 0, count: instrumented.totals.count)
        // The order of a dictionary would change the last digit from run to run.
        for pass in LayerPass.all(of: layers) {
            guard let weight = weights[pass], let seconds = times[pass]?.seconds else { continue }
            for step in totals.indices { totals[step] += weight * seconds[step] }
        }
        return totals
    }

    private static let unknown = Estimate(value: 0, halfWidth: .infinity, count: 0)
}

/// The steps that the times of a calibration are means of: all but the fastest and the slowest fifth.
package struct FittedSteps: Sendable {
    /// Among ``Profile/steps``.
    package let plain: Set<Int>
    /// Among the samples of ``Profile/layerTimes``.
    package let instrumented: Set<Int>

    /// - Parameter profile: validated. Where several profiles are pooled, other steps may be left out.
    package init(_ profile: Profile) {
        let times = TimeFit(profile)
        (plain, instrumented) = (Set(times.plain.kept), Set(times.instrumented.kept))
    }
}

extension StepSample {
    /// The pair of each step; `nil` where it is not known for all of `count` steps.
    static func groups(_ steps: [StepSample], count: Int) -> [Int]? {
        let pairs = steps.compactMap(\.pair)
        return pairs.count == count && steps.count == count ? pairs : nil
    }
}

/// Weights of a pass's kernels, and of what it takes outside of those that are named.
struct PassWeights {
    var outside: Double
    var kernels: [String: Double] = [:]

    /// A pass as a whole.
    static let whole = PassWeights(outside: 1)

    subscript(kernel: String) -> Double { kernels[kernel] ?? outside }

    /// Each part's weight times a share of it. All kernels are named in `shares`.
    static func * (weights: PassWeights, shares: PassWeights) -> PassWeights {
        var product = PassWeights(outside: weights.outside * shares.outside)
        for (kernel, share) in shares.kernels { product.kernels[kernel] = weights[kernel] * share }
        return product
    }
}

/// Times of a step's layers: measured, or interpolated between workloads that were.
protocol TimeSource {
    var layers: [LayerDescription] { get }
    var confidence: Double { get }
    var origin: Origin { get }
    /// What modelled times come from.
    var reason: String? { get }
    /// As ``TimeFit/runCount``.
    var runCount: Int { get }

    /// `nil` for a pass that was not timed.
    func time(of pass: LayerPass) -> Estimate?
    func kernels(of pass: LayerPass) -> [String: Estimate]
    /// The sum over layer passes of time times a weight.
    func weightedSum(_ weights: [LayerPass: Double]) -> Estimate
    /// That sum where the weights of layers of one shape add up to zero, so that an error that they share cancels.
    func contrast(_ weights: [LayerPass: Double]) -> Estimate
}

extension TimeSource {
    func quantity(_ time: Estimate) -> Quantity {
        Quantity(time, confidence: confidence, origin: origin, reason: reason)
    }
}

extension TimeFit: TimeSource {
    var origin: Origin { .measured }
    var reason: String? { nil }

    func contrast(_ weights: [LayerPass: Double]) -> Estimate { weightedSum(weights) }
}
