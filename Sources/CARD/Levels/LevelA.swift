import Calibration
import ProfileFormat
import Quantities
import Statistics
import SystemIO

/// The paper's form, in our reconstruction: time is operations over rated speed, power is ξ f³.
///
/// Only decoder blocks count, all like the first; embedding, head and loss are neglected; backward is twice forward.
/// The device runs at its running clock. Ideal link rates; the round trip is ignored.
struct LevelA {
    let problem: SplitProblem
    private var pairing: Pairing { problem.pairing }

    func model() throws -> CutModel {
        let blocks = pairing.blockCount
        let blockFlops = 3 * pairing.device.layers[1].description.forwardFlops
        guard blockFlops > 0 else { throw KerfError(.incomplete, "the model's blocks have no operations") }
        let clock = try pairing.serverClock(required: true)
        let deviceSeconds = blockFlops / (try Self.speed(of: pairing.device, "device"))
        let serverSeconds = blockFlops / (try Self.speed(of: pairing.server, "server"))
        let power = try serverPower()
        let cuts = (0...blocks).map { cut in
            let onServer = Double(blocks - cut) * serverSeconds
            return CutCost(
                cut: cut, deviceSeconds: Self.exact(Double(cut) * deviceSeconds), serverSeconds: Self.exact(onServer),
                serverJoules: power.map { $0.watts.scaled(by: onServer) }, traffic: pairing.traffic(at: cut))
        }
        let inputs = [pairing.device, pairing.server].flatMap {
            [$0.frequency.runningHertz.origin, $0.rated.flopsPerCyclePerCore.origin]
        }
        let delayOrigin = Origin.weakest(inputs + [clock.origin, problem.link.origin, .modelled])
        return CutModel(
            level: .paper, cuts: cuts, clock: clock, link: problem.link, steps: problem.steps, countsLatency: false,
            delayOrigin: delayOrigin,
            energyOrigin: power.map { Origin.weakest([delayOrigin, $0.origin]) } ?? .unavailable,
            assumptions: [
                "Our reconstruction of the paper's form (arXiv 2412.00090): time is operations / (f x cores x "
                    + "operations per cycle), at rated speed.",
                "All decoder blocks are alike; embedding, head and loss cost nothing; backward is twice forward.",
                "The device runs at the clock it was profiled at.",
                pairing.clockAssumption(clock),
                "The link has ideal rates; its round trip is ignored. Memory is free.",
            ] + [power?.source ?? "There is no figure of the server's power; only delay counts."])
    }

    /// ξ as the power it gives at the running clock: rated, or from the measured step where no rating is known.
    private func serverPower() throws -> ServerPower? {
        if let declared = problem.declaredServerWatts { return try .declared(declared) }
        let server = pairing.server
        return ServerPower.rated(server) ?? ServerPower.ofStep(server, problem.account)
            ?? ServerPower.ofStep(server, .gross)
    }

    /// f32 operations a second at the running clock.
    private static func speed(of calibration: Calibration, _ side: String) throws(KerfError) -> Double {
        let remedy = "decide with --level B, which uses measured times"
        if let speed = calibration.ratedSpeed { return speed }
        guard (calibration.frequency.runningHertz.value ?? 0) > 0 else {
            throw KerfError(
                .incomplete,
                "level A needs the \(side)'s clock: \(calibration.frequency.runningHertz.reason ?? "not above zero")",
                remedy: .text(remedy))
        }
        let reason = calibration.rated.flopsPerCyclePerCore.reason ?? "not above zero"
        throw KerfError(
            .incomplete, "level A needs the \(side)'s operations per cycle: \(reason)", remedy: .text(remedy))
    }

    /// A figure of the model, which has no interval.
    private static func exact(_ value: Double) -> Estimate {
        Estimate(value: value, halfWidth: .infinity, count: 0)
    }
}
