import CARD
import CFleet
import FoundationEssentials
import Glibc
import Quantities
import Simulation
import Statistics

/// Decisions per second on one core, with 16 blocks: level A, level B with blocks that differ, level C with 16 steps.
///
/// Writes into the folder given what was decided on (rates) and what came out (cuts), as raw doubles, so that another
/// implementation can be timed and checked on the same decisions. Prints one JSON object.
@main
struct CardBench {
    static let lanes = 65_536
    static let blocks = 16
    static let weight = 0.5

    static func main() throws {
        guard CommandLine.arguments.count == 2 else {
            print("usage: card-bench FOLDER")
            exit(64)
        }
        let folder = CommandLine.arguments[1]
        var generator = SeededGenerator(seed: 1)
        // Spans three orders of magnitude, so that both endpoints are the best for some.
        let rates = (0..<2).map { _ in (0..<lanes).map { _ in 1e-9 * exp(7 * generator.uniform()) } }
        for (name, values) in zip(["up", "down"], rates) { try write(values, "\(folder)/\(name).f64") }
        let a = try measure(try model(steps: nil), rates, "\(folder)/A.f64")
        let b = try measure(try model(steps: nil, unlike: 0.01), rates, "\(folder)/B.f64")
        let c = try measure(try model(steps: (1...16).map { 0.25 + 0.05 * Double($0) }), rates, "\(folder)/C.f64")
        print(
            "{\"lanes\": \(lanes), \"level_a_per_second\": \(a), \"level_b_per_second\": \(b), "
                + "\"level_c_per_second\": \(c)}")
    }

    /// The formulas' numbers; compare_numpy.py states the same.
    ///
    /// - Parameter unlike: seconds by which every third block takes longer on the device, and the one after it shorter.
    private static func model(steps: [Double]?, unlike: Double = 0) throws -> CutModel {
        let exact = { (value: Double) in Estimate(value: value, halfWidth: 0, count: 1) }
        let cuts = (0...blocks).map { cut in
            let left = Double(blocks - cut)
            var cost = CutCost(
                cut: cut, deviceSeconds: exact(0.1 * Double(cut) + unlike * Double(cut % 3)),
                serverSeconds: exact(0.02 * left),
                serverJoules: exact(3 * left),
                traffic: CutTraffic(
                    uplinkBytes: cut == 0 ? 1_048_576 : cut == blocks ? 0 : 4_194_304,
                    downlinkBytes: cut == 0 || cut == blocks ? 0 : 4_194_304, adapterBytes: 65_536 * Double(cut),
                    stepMessages: 0, roundMessages: 0))
            cost.serverFixedShare = steps == nil ? 0 : 0.3
            return cost
        }
        var model = CutModel(
            level: steps == nil ? .paper : .frequencyLaws, cuts: cuts,
            frequency: ServerFrequency(
                referenceHertz: 2e9, lowestRatio: steps?.first ?? 0.3, highestRatio: steps?.last ?? 1.05,
                stepRatios: steps, origin: .modelled),
            link: try Link(uplinkBitsPerSecond: 1, downlinkBitsPerSecond: 1, roundTripSeconds: 0), steps: 10,
            countsLatency: false, delayOrigin: .modelled, energyOrigin: .modelled, assumptions: [])
        if steps != nil { model.power = PowerShape(staticShare: 0.25, exponent: 2.4) }
        return model
    }

    /// The best of several passes over all lanes, in blocks that fit a cache.
    private static func measure(_ model: CutModel, _ rates: [[Double]], _ file: String) throws -> Double {
        let table = try CutTable(model, weight: weight)
        var kernelTable = table.kernel
        let ones = [Double](repeating: 1, count: lanes)
        var (delay, energy, cut, ratio) = (ones, ones, ones, ones)
        let clock = ContinuousClock()
        var best = Duration.seconds(1000)
        for _ in 0..<30 {
            let start = clock.now
            ones.withUnsafeBufferPointer { scale in
                rates[0].withUnsafeBufferPointer { up in
                    rates[1].withUnsafeBufferPointer { down in
                        for first in stride(from: 0, to: lanes, by: 1024) {
                            var kernel = kerf_lanes(
                                scale: scale.baseAddress! + first, up: up.baseAddress! + first,
                                down: down.baseAddress! + first)
                            kerf_fleet_decide(
                                &kernelTable, weight, table.energySpan, 1024, &kernel, &delay[first], &energy[first],
                                &cut[first], &ratio[first])
                        }
                    }
                }
            }
            best = min(best, clock.now - start)
        }
        try write(cut, file)
        let seconds = Double(best.components.attoseconds) * 1e-18 + Double(best.components.seconds)
        return Double(lanes) / seconds
    }

    private static func write(_ values: [Double], _ path: String) throws {
        try values.withUnsafeBytes { try Data($0).write(to: URL(filePath: path)) }
    }
}
