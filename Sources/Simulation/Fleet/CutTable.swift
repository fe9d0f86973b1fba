import CARD
import CFleet
import Statistics
import SystemIO

/// A cut model as input of the fleet kernels: plain arrays, by cut and by frequency step, for a whole round.
///
/// Immutable, and so safe to share between threads.
package final class CutTable: @unchecked Sendable {
    package let cuts: Int
    package let energySpan: Double
    private let storage: UnsafeMutableBufferPointer<Double>
    package private(set) var kernel = kerf_cut_table()

    /// - Throws: ``KerfError``: a model that the kernels do not support (overlap, idle energy), or without a decision.
    package init(_ model: CutModel, weight: Double) throws(KerfError) {
        let steps = model.frequency.stepRatios ?? []
        guard model.microBatches == 1, model.scope == .computing, model.cuts.count <= Int(KERF_FLEET_MAXIMUM_CUTS),
            !steps.isEmpty || (model.power == .cubic && model.cuts.allSatisfy { $0.serverFixedShare == 0 })
        else {
            throw KerfError(.invalidArgument, "a fleet cannot be simulated with overlap or idle energy")
        }
        energySpan = try Solver(model: model, weight: weight).energyNormalizer.span ?? 0
        cuts = model.cuts.count
        let rounds = Double(model.steps)
        let half = model.countsLatency ? model.link.roundTripSeconds / 2 : 0
        let columns: [[Double]] = [
            model.cuts.map { rounds * $0.deviceSeconds.value },
            model.cuts.map { 8 * (rounds * $0.traffic.uplinkBytes + $0.traffic.adapterBytes) },
            model.cuts.map { 8 * (rounds * $0.traffic.downlinkBytes + $0.traffic.adapterBytes) },
            model.cuts.map {
                half * (rounds * Double($0.traffic.stepMessages) + Double($0.traffic.roundMessages))
            },
            model.cuts.map { $0.exclusion == nil ? 1 : 0 },
            model.cuts.map { rounds * $0.serverSeconds.value },
            model.cuts.map { rounds * ($0.serverJoules?.value ?? 0) },
            steps,
            model.cuts.flatMap { cut in steps.map { rounds * cut.serverSeconds.value * cut.serverTimeFactor($0) } },
            model.cuts.flatMap { cut in
                steps.map { rounds * (cut.serverJoules?.value ?? 0) * model.energyFactor(cut, ratio: $0) }
            },
        ]
        storage = .allocate(capacity: max(1, columns.reduce(0) { $0 + $1.count }))
        var places: [UnsafePointer<Double>?] = []
        var next = 0
        for column in columns {
            places.append(storage.baseAddress.map { UnsafePointer($0 + next) })
            for value in column {
                storage.initializeElement(at: next, to: value)
                next += 1
            }
        }
        kernel = kerf_cut_table(
            cuts: cuts, device: places[0], up: places[1], down: places[2], latency: places[3], allowed: places[4],
            server: places[5], joules: places[6], low: model.frequency.lowestRatio, high: model.frequency.highestRatio,
            steps: steps.count, ratios: places[7], step_seconds: places[8], step_joules: places[9])
    }

    deinit { storage.deallocate() }
}
