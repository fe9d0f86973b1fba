import Estimation
import ProfileFormat
import Quantities
import Statistics
import Workload

/// Pools times and powers of the blocks of one shape.
///
/// The errors of one profile's layers are not independent: load and temperature of the box affect all layers of a step,
/// and all net powers lack the same idle power. So each group has two kinds of error, estimated apart. The error of its
/// mean comes from the mean itself, step by step. A block's own error comes from its difference to that mean, in which
/// what the blocks of a step have in common cancels.
struct PoolingFit {
    /// With two blocks that differ nothing tells which one is slow.
    static let minimumMembers = 3

    let groups: [PoolingGroup]
    private var passes: [LayerPass: Pass] = [:]

    /// Pooled estimates of one pass.
    private struct Pass {
        var time: Estimate
        var power: [PoolingGroup.Value: Estimate] = [:]
    }

    private struct Shape: Hashable {
        var sizes: [Int]
        var flops: [Double]
        /// Unpacking takes more time from some formats than from others.
        var weightFormats: String

        init(_ layer: LayerDescription) {
            sizes = [layer.parameterCount, layer.adapterBytes, layer.outputBytes]
            flops = [layer.forwardFlops, layer.backwardFlops]
            weightFormats = layer.weightFormatText
        }
    }

    init(_ times: some TimeSource, _ energies: some EnergySource) {
        var groups: [PoolingGroup] = []
        let shapes = Dictionary(grouping: times.layers.filter { $0.kind == .block }, by: Shape.init).values
            .map { $0.map(\.index).sorted() }.filter { $0.count >= Self.minimumMembers }
            .sorted { $0[0] < $1[0] }
        for blocks in shapes {
            for direction in Direction.allCases {
                let passes = blocks.map { LayerPass(layer: $0, direction: direction) }
                guard let time = times.observation(of: passes).flatMap(PooledEstimates.init) else { continue }
                groups.append(time.group(.timeSeconds, passes, confidence: times.confidence, origin: times.origin))
                for (pass, estimate) in zip(passes, time.estimates(confidence: times.confidence)) {
                    self.passes[pass] = Pass(time: estimate)
                }
                for value in [PoolingGroup.Value.grossPowerWatts, .netPowerWatts] {
                    guard
                        let power = energies.observation(of: passes, isNet: value == .netPowerWatts)
                            .flatMap(PooledEstimates.init)
                    else { continue }
                    groups.append(
                        power.group(value, passes, confidence: times.confidence, origin: energies.origin))
                    for (pass, estimate) in zip(passes, power.estimates(confidence: times.confidence)) {
                        self.passes[pass]?.power[value] = estimate
                    }
                }
            }
        }
        self.groups = groups
    }

    /// Pooled time and energies of a pass; `nil` for one that is in no group.
    func pooled(_ pass: LayerPass, _ times: some TimeSource, _ energies: some EnergySource) -> PooledPass? {
        guard let found = passes[pass] else { return nil }
        func energy(_ value: PoolingGroup.Value) -> Quantity? {
            guard let power = found.power[value] else { return nil }
            let joules = energies.quantity(
                .known(power * found.time), "pooled power times pooled time", negligible: energies.negligibleJoules)
            return joules.value == nil ? nil : joules
        }
        return PooledPass(
            timeSeconds: times.quantity(found.time),
            grossEnergyJoules: energy(.grossPowerWatts), netEnergyJoules: energy(.netPowerWatts))
    }
}

/// Measured values of a group, with their two kinds of error.
struct GroupObservation {
    var values: [Double]
    /// A block's own error, without what is common to the group.
    var own: [Estimate.Spread]
    /// The error of the mean of the group, own errors included; `nil` where only own errors and ``common`` are known.
    var ofMean: Estimate.Spread?
    /// The error that all have in common, where it is known by itself.
    var common: Estimate.Spread?
    var count: Int
}

extension TimeSource {
    /// Times of the same pass of several blocks; `nil` where there are too few steps for an interval.
    func observation(of passes: [LayerPass]) -> GroupObservation? {
        let values = passes.compactMap { time(of: $0)?.value }
        let share = 1 / Double(passes.count)
        var weights = Dictionary(uniqueKeysWithValues: passes.map { ($0, share) })
        let mean = weightedSum(weights)
        guard values.count == passes.count, let ofMean = effectiveSpread(of: mean) else { return nil }
        var variances: [Double] = []
        var degrees: [Double] = []
        for pass in passes {
            // The difference to the mean.
            for other in passes { weights[other] = (other == pass ? 1 : 0) - share }
            guard let spread = effectiveSpread(of: contrast(weights)) else { return nil }
            variances.append(spread.standardError * spread.standardError)
            degrees.append(spread.degreesOfFreedom)
        }
        // With independent errors, Var(yᵢ - ȳ) = sᵢ² (1 - 2/n) + Σ s² / n².
        let count = Double(passes.count)
        let sum = variances.reduce(0, +) * count / (count - 1)
        let own = zip(variances, degrees).map { variance, degrees in
            Estimate.Spread(
                standardError: max(0, (variance - sum / (count * count)) / (1 - 2 / count)).squareRoot(),
                degreesOfFreedom: degrees, confidence: confidence)
        }
        return GroupObservation(values: values, own: own, ofMean: ofMean, common: nil, count: mean.count)
    }

    /// The parts of an interval, also of one that was widened to the spread of several runs.
    private func effectiveSpread(of estimate: Estimate) -> Estimate.Spread? {
        if let spread = estimate.spread { return spread }
        guard estimate.halfWidth.isFinite, runCount > 1 else { return nil }
        let degrees = Double(runCount - 1)
        let t = StudentT.quantile(0.5 + confidence / 2, degreesOfFreedom: degrees)
        return Estimate.Spread(
            standardError: estimate.halfWidth / t, degreesOfFreedom: degrees, confidence: confidence)
    }
}
