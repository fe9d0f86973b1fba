import Calibration
import ProfileFormat
import Quantities
import Statistics
import Workload

/// The costs of a calibration by part and value, in the order of a comparison's rows.
///
/// Passes that compute nothing are left out.
struct CostList {
    struct Entry: Sendable {
        var part: ComparedPart
        var value: ComparedValue
        var quantity: Quantity
    }

    private(set) var entries: [Entry] = []

    /// A pass whose blocks were pooled, all of them in one group.
    struct Center: Hashable {
        var direction: Direction
        var value: PoolingGroup.Value
    }

    /// The centers that a calibration has.
    static func centers(of calibration: Calibration) -> Set<Center> {
        Set(
            Direction.allCases.flatMap { direction in
                KindPass.centers(of: calibration, direction, KindPass.members(of: calibration, .block, direction))
                    .keys.map { Center(direction: direction, value: $0) }
            })
    }

    /// - Parameter centers: those that every side has: a center on one side is not compared with a mean on the other.
    init(_ calibration: Calibration, centers: Set<Center>) {
        let step = calibration.step
        append(.step, step.timeSeconds, step.grossEnergyJoules, step.netEnergyJoules)
        let kinds: [LayerDescription.Kind] = [.embedding, .block, .head]
        let passes = kinds.flatMap { kind in Direction.allCases.map { KindPass(calibration, kind, $0, centers) } }
            .filter { !$0.members.isEmpty }
        for pass in passes {
            let part = ComparedPart(family: .kind, kind: pass.kind, direction: pass.direction)
            append(part, pass.typical(.timeSeconds), pass.typical(.grossEnergyJoules), pass.typical(.netEnergyJoules))
        }
        for layer in calibration.layers where layer.description.kind == .block {
            for direction in Direction.allCases where !layer.isIdle(direction) {
                let pass = layer[direction]
                append(
                    ComparedPart(
                        family: .block, kind: .block, layer: layer.description.index, direction: direction),
                    pass.timeSeconds, pass.grossEnergyJoules, pass.netEnergyJoules)
            }
        }
        for pass in passes {
            for (kernel, seconds) in pass.kernels {
                let part = ComparedPart(family: .kernel, kind: pass.kind, direction: pass.direction, kernel: kernel)
                entries.append(Entry(part: part, value: .timeSeconds, quantity: seconds))
            }
        }
    }

    private mutating func append(_ part: ComparedPart, _ time: Quantity, _ gross: Quantity, _ net: Quantity) {
        entries.append(Entry(part: part, value: .timeSeconds, quantity: time))
        entries.append(Entry(part: part, value: .grossEnergyJoules, quantity: gross))
        entries.append(Entry(part: part, value: .netEnergyJoules, quantity: net))
    }
}

/// A pass of all layers of a kind.
private struct KindPass {
    let kind: LayerDescription.Kind
    let direction: Direction
    /// Without those that compute nothing.
    let members: Members
    /// By value; empty unless all blocks are of one shape that was pooled.
    private let centers: [PoolingGroup.Value: Quantity]

    typealias Members = [(layer: Int, pass: DirectionCalibration)]

    init(
        _ calibration: Calibration, _ kind: LayerDescription.Kind, _ direction: Direction,
        _ allowed: Set<CostList.Center>
    ) {
        self.kind = kind
        self.direction = direction
        members = Self.members(of: calibration, kind, direction)
        centers =
            kind == .block
            ? Self.centers(of: calibration, direction, members)
                .filter { allowed.contains(.init(direction: direction, value: $0.key)) } : [:]
    }

    static func members(
        of calibration: Calibration, _ kind: LayerDescription.Kind, _ direction: Direction
    ) -> Members {
        calibration.layers.filter { $0.description.kind == kind && !$0.isIdle(direction) }
            .map { (layer: $0.description.index, pass: $0[direction]) }
    }

    static func centers(
        of calibration: Calibration, _ direction: Direction, _ members: Members
    ) -> [PoolingGroup.Value: Quantity] {
        let layers = members.map(\.layer)
        let groups = (calibration.pooling ?? []).filter {
            $0.direction == direction && $0.members.map(\.layer) == layers
        }
        return Dictionary(groups.map { ($0.value, $0.center) }, uniquingKeysWith: { first, _ in first })
    }

    /// The center of the pooling group, which one block that stands apart does not move; where there is none, the mean of
    /// the layers.
    func typical(_ value: ComparedValue) -> Quantity {
        let time = centers[.timeSeconds]
        switch value {
        case .timeSeconds: return time ?? mean { $0.timeSeconds }
        case .grossEnergyJoules: return energy(centers[.grossPowerWatts], time) ?? mean { $0.grossEnergyJoules }
        case .netEnergyJoules: return energy(centers[.netPowerWatts], time) ?? mean { $0.netEnergyJoules }
        }
    }

    /// Mean over the layers, by the kernel's name. A kernel that a layer lacks is left out.
    var kernels: [(name: String, seconds: Quantity)] {
        let names = members.first?.pass.kernelSeconds.keys.sorted() ?? []
        return names.compactMap { name in
            guard members.allSatisfy({ $0.pass.kernelSeconds[name] != nil }) else { return nil }
            return (name, mean { $0.kernelSeconds[name] ?? .unavailable("not timed") })
        }
    }

    /// Power and time of a group are from different windows, so their errors are independent.
    private func energy(_ power: Quantity?, _ time: Quantity?) -> Quantity? {
        guard let power, let time, let watts = power.value, let seconds = time.value,
            let ofPower = power.spread, let ofTime = time.spread, ofPower.confidence == ofTime.confidence
        else { return nil }
        let joules =
            Estimate(value: watts, spread: ofPower, count: power.count)
            * Estimate(value: seconds, spread: ofTime, count: time.count)
        guard joules.relativeHalfWidth <= Calibration.maximumEnergyHalfWidth else {
            return .unavailable(
                "not resolved: known to ± \(NumberText.percent(joules.relativeHalfWidth)), the limit is "
                    + "\(NumberText.percent(Calibration.maximumEnergyHalfWidth))")
        }
        return Quantity(
            joules, confidence: ofPower.confidence, origin: power.origin, reason: "pooled power times pooled time")
    }

    /// The mean, whose error is as large as if those of the layers were the same: they share the load and heat of the box.
    private func mean(_ cost: (DirectionCalibration) -> Quantity) -> Quantity {
        let costs = members.map { cost($0.pass) }
        if costs.count == 1 { return costs[0] }
        for (member, cost) in zip(members, costs) where cost.value == nil {
            return .unavailable("\(kind.rawValue) \(member.layer): \(cost.reason ?? "no value")")
        }
        let count = Double(costs.count)
        let value = costs.compactMap(\.value).reduce(0, +) / count
        let origin = Origin.weakest(costs.map(\.origin))
        let observations = costs.map(\.count).min() ?? 0
        let spreads = costs.compactMap(\.spread)
        guard spreads.count == costs.count, let first = spreads.first,
            let degrees = spreads.map(\.degreesOfFreedom).min()
        else {
            return Quantity(
                value: value, count: observations, origin: origin, reason: "the interval of a layer is not known")
        }
        let error = spreads.reduce(0) { $0 + $1.standardError } / count
        return Quantity(
            Estimate(
                value: value,
                spread: .init(standardError: error, degreesOfFreedom: degrees, confidence: first.confidence),
                count: observations),
            confidence: first.confidence, origin: origin, reason: "mean of \(costs.count) layers")
    }
}

extension LayerCalibration {
    fileprivate subscript(direction: Direction) -> DirectionCalibration {
        direction == .forward ? forward : backward
    }

    /// Whether the pass computes nothing: it takes no time.
    fileprivate func isIdle(_ direction: Direction) -> Bool { self[direction].timeSeconds.value == 0 }
}
