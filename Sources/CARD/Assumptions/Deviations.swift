import Calibration
import ProfileFormat
import Quantities
import Statistics

/// Relative deviation of the boxes from each assumption, with the interval that the calibrations give it.
struct Deviations {
    private let problem: SplitProblem
    private let evaluator: RegretEvaluator
    private var device: Calibration { problem.pairing.device }
    private var server: Calibration { problem.pairing.server }

    init(_ problem: SplitProblem, _ evaluator: RegretEvaluator) {
        self.problem = problem
        self.evaluator = evaluator
    }

    func deviation(from assumption: PaperAssumption) -> Quantity {
        switch assumption {
        case .timeByOperations: worse(time)
        case .inverseFrequency: inverseFrequency
        case .cubicPower: cubicPower
        case .identicalLayers: worse(layers)
        case .backwardTwiceForward:
            problem.pairing.task == .training ? worse(backward) : .unavailable("inference has no backward passes")
        case .freeMemory: memory
        case .idealLink: latency
        case .noOverlap: overlap
        }
    }

    /// The deviation of the side that deviates more.
    private func worse(_ deviation: (Calibration, String) -> Quantity) -> Quantity {
        let sides = [deviation(device, "device"), deviation(server, "server")]
        return sides.max { abs($0.value ?? 0) < abs($1.value ?? 0) } ?? sides[0]
    }

    private func time(_ calibration: Calibration, _ side: String) -> Quantity {
        if let speed = calibration.ratedSpeed {
            let operations = calibration.layers.reduce(0) {
                $0 + $1.description.forwardFlops + $1.description.backwardFlops
            }
            return ratio(
                Self.sum(calibration.layers.flatMap { [$0.forward, $0.backward] }),
                to: Estimate(value: operations / speed, halfWidth: 0, count: .max), Self.origin(calibration),
                "the \(side)'s step compared with its operations over rated speed")
        }
        let passes = calibration.layers.indices.flatMap { layer in [true, false].map { (layer, $0) } }
        let off = passes.compactMap { layer, forward -> Quantity? in
            let assumed = calibration.seconds(byOperations: layer, forward)
            let pass = forward ? calibration.layers[layer].forward : calibration.layers[layer].backward
            guard assumed > 0, let estimate = pass.timeSeconds.estimate else { return nil }
            return ratio(
                estimate, to: Estimate(value: assumed, halfWidth: 0, count: .max), pass.timeSeconds.origin,
                "the \(side)'s layer \(layer), \(forward ? "forward" : "backward"), compared with its share of "
                    + "operations")
        }
        return off.max { abs($0.value ?? 0) < abs($1.value ?? 0) } ?? .unavailable("no operations are counted")
    }

    private func layers(_ calibration: Calibration, _ side: String) -> Quantity {
        let blocks = calibration.layers.dropFirst().dropLast()
        let mean = Self.sum(blocks.flatMap { [$0.forward, $0.backward] }).scaled(by: 1 / Double(blocks.count))
        let off = calibration.layers.dropFirst().map { layer in
            ratio(
                Self.sum([layer.forward, layer.backward]), to: mean, Self.origin(calibration),
                "the \(side)'s \(layer.description.kind == .head ? "head" : "block \(layer.description.index)") "
                    + "compared with its mean block")
        }
        return off.max { abs($0.value ?? 0) < abs($1.value ?? 0) } ?? .unavailable("the model has no blocks")
    }

    private func backward(_ calibration: Calibration, _ side: String) -> Quantity {
        let blocks = calibration.layers.dropFirst().dropLast()
        return ratio(
            Self.sum(blocks.map(\.backward)), to: Self.sum(blocks.map(\.forward)).scaled(by: 2),
            Self.origin(calibration), "the \(side)'s blocks, backward compared with twice forward")
    }

    private var inverseFrequency: Quantity {
        guard let laws = server.frequencyLaws, let hertz = server.frequency.runningHertz.value,
            let share = laws.stepTime.fixedShare(atHertz: hertz)
        else { return .unavailable("the server's frequency was not swept") }
        let spread = laws.stepTime.fixedShareSpread(atHertz: hertz)
        let width = spread.map {
            $0.standardError * StudentT.quantile(0.975, degreesOfFreedom: $0.degreesOfFreedom)
        }
        return Quantity(
            Estimate(value: -share, halfWidth: width ?? .infinity, count: laws.stepTime.cycles.count),
            origin: laws.stepTime.cycles.origin,
            reason: "the share of the server's step time that does not depend on its frequency")
    }

    private var cubicPower: Quantity {
        guard let laws = server.frequencyLaws, let law = laws.grossPower ?? laws.netPower,
            let low = laws.stepsHertz.min(), let high = laws.stepsHertz.max(), low < high
        else { return .unavailable("the sweep of the server's frequency has no power law") }
        guard let lowest = law.watts(atHertz: low, laws.referenceHertz),
            let highest = law.watts(atHertz: high, laws.referenceHertz), lowest.value > 0, highest.value > 0
        else { return .unavailable("the sweep's power law is not above zero") }
        let cube = (low / high) * (low / high) * (low / high)
        return ratio(
            lowest, to: highest.scaled(by: cube), law.dynamicWatts.origin,
            "the server's power at its lowest frequency compared with the cube law from its highest")
    }

    private var memory: Quantity {
        let limits = [problem.limits.deviceMemoryBytes, problem.limits.serverMemoryBytes]
        guard limits.contains(where: { $0 != nil }) else { return .unavailable("no memory limit was given") }
        let cuts = evaluator.solver.model.cuts
        let excluded = cuts.filter { $0.exclusion?.hasPrefix("needs") == true }.count
        return Quantity(
            value: Double(excluded) / Double(cuts.count), count: cuts.count, origin: .modelled,
            reason: "the share of cuts that do not fit")
    }

    private var latency: Quantity {
        let parts = evaluator.solver.model.delay(evaluator.best.cut, ratio: evaluator.best.ratio)
        let rest = parts.total - parts.latencySeconds
        guard rest > 0 else { return .unavailable("the choice takes no time but latency") }
        return Quantity(
            value: parts.latencySeconds / rest, origin: problem.link.origin,
            reason: "the best choice's round trips over the rest of its delay")
    }

    private var overlap: Quantity {
        guard problem.microBatches > 1 else { return .unavailable("there is one micro-batch, so nothing overlaps") }
        let parts = evaluator.solver.model.delay(evaluator.best.cut, ratio: evaluator.best.ratio)
        let hidden = parts.overlapSeconds ?? 0
        guard parts.total + hidden > 0 else { return .unavailable("the choice takes no time") }
        return Quantity(
            value: -hidden / (parts.total + hidden), origin: .modelled,
            reason: "reduction of the best choice's delay by overlap")
    }

    private func ratio(_ found: Estimate, to expected: Estimate, _ origin: Origin, _ what: String) -> Quantity {
        guard expected.value > 0 else { return .unavailable("nothing to compare with") }
        return Quantity(found.relativeDifference(to: expected), origin: origin, reason: what)
    }

    private static func sum(_ passes: some Sequence<DirectionCalibration>) -> Estimate {
        passes.compactMap(\.timeSeconds.estimate).sum
    }

    private static func origin(_ calibration: Calibration) -> Origin {
        Origin.weakest(calibration.layers.flatMap { [$0.forward.timeSeconds.origin, $0.backward.timeSeconds.origin] })
    }
}

extension PowerLaw {
    /// P at a frequency, with the interval from its three coefficients, taken as independent.
    package func watts(atHertz hertz: Double, _ referenceHertz: Double) -> Estimate? {
        func power(_ still: Double, _ dynamic: Double, _ exponent: Double) -> Double {
            still + dynamic * PowerShape(staticShare: 0, exponent: exponent).factor(hertz / referenceHertz)
        }
        guard let still = staticWatts.estimate, let dynamic = dynamicWatts.estimate, let alpha = exponent.estimate,
            referenceHertz > 0
        else { return nil }
        let value = power(still.value, dynamic.value, alpha.value)
        let widths = [
            still.halfWidth, power(0, dynamic.halfWidth, alpha.value),
            alpha.halfWidth.isFinite
                ? power(still.value, dynamic.value, alpha.value + alpha.halfWidth) - value : .infinity,
        ]
        return Estimate(
            value: value, halfWidth: widths.reduce(0) { $0 + $1 * $1 }.squareRoot(),
            count: min(still.count, dynamic.count, alpha.count))
    }
}
