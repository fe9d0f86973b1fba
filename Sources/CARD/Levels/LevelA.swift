import Calibration
import ProfileFormat
import Quantities
import Statistics
import SystemIO

/// The paper's form, in our reconstruction: time is operations over rated speed, power is ξ f³.
///
/// Only decoder blocks count, all like the first; embedding, head and loss are neglected; backward is twice forward.
/// The device runs at the frequency it was profiled at. The link has ideal rates; its round trip is ignored.
struct LevelA {
    let problem: SplitProblem
    private var pairing: Pairing { problem.pairing }

    func model() throws -> CutModel {
        let blocks = pairing.blockCount
        let passes = pairing.task == .training ? 3.0 : 1
        let blockFlops = passes * pairing.device.layers[1].description.forwardFlops
        guard blockFlops > 0 else { throw KerfError(.incomplete, "the model's blocks have no operations") }
        let frequency = try pairing.serverFrequency(required: true)
        let deviceSeconds = blockFlops / (try Self.speed(of: pairing.device, "device"))
        let serverSeconds = blockFlops / (try Self.speed(of: pairing.server, "server"))
        let (power, basis) = try serverPower()
        let cuts = (0...blocks).map { cut in
            let onServer = Double(blocks - cut) * serverSeconds
            return CutCost(
                cut: cut, deviceSeconds: Self.exact(Double(cut) * deviceSeconds), serverSeconds: Self.exact(onServer),
                serverJoules: power.map { $0.watts.scaled(by: onServer) }, traffic: pairing.traffic(at: cut))
        }
        let inputs = [pairing.device, pairing.server].flatMap {
            [$0.frequency.runningHertz.origin, $0.rated.flopsPerCyclePerCore.origin]
        }
        let delayOrigin = Origin.weakest(inputs + [frequency.origin, problem.link.origin, .modelled])
        var model = CutModel(
            level: .paper, cuts: cuts, frequency: frequency, link: problem.link, steps: problem.steps,
            countsLatency: false, delayOrigin: delayOrigin,
            energyOrigin: power.map { Origin.weakest([delayOrigin, $0.origin]) } ?? .unavailable,
            assumptions: [
                "Our reconstruction of the paper's form (arXiv 2412.00090): time is operations / (f x cores x "
                    + "operations per cycle), at rated speed.",
                "All decoder blocks are identical; embedding, head and loss cost nothing"
                    + (pairing.task == .training ? "; backward is twice forward." : "."),
                "The device runs at the frequency it was profiled at.",
                pairing.frequencyAssumption(frequency),
                "The link has ideal rates; its round trip is ignored. Memory is unlimited.",
            ] + [power?.source ?? "The server's power is not known; only delay counts."])
        model.energyBasis = basis
        return model
    }

    /// ξ as the power at the running frequency: rated, or from the measured step where no rating is known.
    private func serverPower() throws -> (ServerPower?, EnergyBasis?) {
        if let declared = problem.declaredServerWatts { return (try .declared(declared), .declared) }
        let server = pairing.server
        if let rated = ServerPower.rated(server) { return (rated, .rated) }
        for account in [problem.account, .gross] {
            if let power = ServerPower.ofStep(server, account) { return (power, .stepPower(power.watts, account)) }
        }
        return (nil, nil)
    }

    /// f32 operations per second at the running frequency.
    private static func speed(of calibration: Calibration, _ side: String) throws(KerfError) -> Double {
        if let speed = calibration.ratedSpeed { return speed }
        guard (calibration.frequency.runningHertz.value ?? 0) > 0 else {
            throw KerfError(
                .incomplete,
                "level A needs the \(side)'s frequency: "
                    + (calibration.frequency.runningHertz.reason ?? "not above zero"),
                remedy: .measuredTimes)
        }
        let reason = calibration.rated.flopsPerCyclePerCore.reason ?? "not above zero"
        throw KerfError(
            .incomplete, "level A needs the \(side)'s operations per cycle: \(reason)", remedy: .measuredTimes)
    }

    /// A value of the model, which has no interval.
    private static func exact(_ value: Double) -> Estimate {
        Estimate(value: value, halfWidth: .infinity, count: 0)
    }
}
