import CARD
import ProfileFormat
import Quantities
import Statistics
import SystemIO

/// A random decision problem as bare numbers, and its cost written down anew, without the solver's code.
struct RandomInstance {
    /// By cut: device seconds, server seconds and joules at the reference frequency, bytes up, down, of adapters.
    var cuts: [(device: Double, server: Double, joules: Double, up: Double, down: Double, adapters: Double)] = []
    var (uplink, downlink, rtt) = (0.0, 0.0, 0.0)
    var (low, high) = (1.0, 1.0)
    var steps = 1
    var weight = 0.5

    /// - Parameter alike: identical layers and constant activations, as the paper's form has them.
    init(_ generator: inout SeededGenerator, alike: Bool = false) {
        let count = Int.random(in: 2...9, using: &generator)
        func draw(_ range: ClosedRange<Double>) -> Double {
            // Over orders of magnitude, as boxes and links differ.
            let exponent = Double.random(in: 0...1, using: &generator)
            return range.lowerBound * Self.power(range.upperBound / range.lowerBound, exponent)
        }
        let (device, server) = (draw(0.001...1), draw(0.0005...0.5))
        let (watts, smashed, adapter) = (draw(5...300), draw(1e3...1e7), draw(1e3...1e6))
        var onDevice = 0.0
        var onServer = (0..<count).map { _ in alike ? server : server * Double.random(in: 0.1...2, using: &generator) }
        for cut in 0...count {
            let seconds = onServer.reduce(0, +)
            let bytes = alike ? smashed : smashed * Double.random(in: 0.1...2, using: &generator)
            let factor = alike ? 1 : Double.random(in: 0.3...1.5, using: &generator)
            cuts.append((onDevice, seconds, watts * seconds * factor, bytes, bytes, adapter * Double(cut)))
            if !onServer.isEmpty { onServer.removeFirst() }
            onDevice += alike ? device : device * Double.random(in: 0.1...2, using: &generator)
        }
        (uplink, downlink, rtt) = (draw(1e5...1e9), draw(1e5...1e9), draw(1e-4...0.1))
        (low, high) = (Double.random(in: 0.2...0.9, using: &generator), Double.random(in: 1...2, using: &generator))
        steps = Int.random(in: 1...50, using: &generator)
        weight = Double.random(in: 0.01...0.99, using: &generator)
    }

    func delay(_ cut: Int, _ ratio: Double) -> Double {
        let c = cuts[cut]
        let step = c.device + c.server / ratio + 8 * c.up / uplink + 8 * c.down / downlink + rtt
        return Double(steps) * step + 8 * c.adapters / uplink + 8 * c.adapters / downlink
    }

    func energy(_ cut: Int, _ ratio: Double) -> Double { Double(steps) * cuts[cut].joules * ratio * ratio }

    /// Cost by the corners, or by the range of all cuts where the corners are out of order.
    func costs() -> (_ cut: Int, _ ratio: Double) -> Double {
        let last = cuts.count - 1
        var (least, greatest) = (delay(0, high), delay(last, low))
        if greatest - least <= 1e-12 * max(abs(least), abs(greatest)) {
            let all = cuts.indices.flatMap { [delay($0, low), delay($0, high)] }
            (least, greatest) = (all.min()!, all.max()!)
        }
        let (lowest, highest) = (energy(last, low), energy(0, high))
        return { cut, ratio in
            weight * (delay(cut, ratio) - least) / (greatest - least)
                + (1 - weight) * (energy(cut, ratio) - lowest) / (highest - lowest)
        }
    }

    func model() throws -> CutModel {
        CutModel(
            level: .measuredLayers,
            cuts: cuts.enumerated().map { cut, c in
                CutCost(
                    cut: cut, deviceSeconds: Estimate(value: c.device, halfWidth: 0, count: 1),
                    serverSeconds: Estimate(value: c.server, halfWidth: 0, count: 1),
                    serverJoules: Estimate(value: c.joules, halfWidth: 0, count: 1),
                    traffic: CutTraffic(
                        uplinkBytes: c.up, downlinkBytes: c.down, adapterBytes: c.adapters, stepMessages: 2,
                        roundMessages: 0))
            },
            frequency: ServerFrequency(referenceHertz: 2e9, lowestRatio: low, highestRatio: high, origin: .modelled),
            link: try Link(uplinkBitsPerSecond: uplink, downlinkBitsPerSecond: downlink, roundTripSeconds: rtt),
            steps: steps, countsLatency: true, delayOrigin: .modelled, energyOrigin: .modelled, assumptions: [])
    }

    /// x to the power of y between 0 and 1, by repeated square roots; exact enough to draw numbers.
    private static func power(_ x: Double, _ y: Double) -> Double {
        var (result, root, rest) = (1.0, x, y)
        for _ in 0..<30 {
            root = root.squareRoot()
            rest *= 2
            if rest >= 1 {
                result *= root
                rest -= 1
            }
        }
        return result
    }
}
