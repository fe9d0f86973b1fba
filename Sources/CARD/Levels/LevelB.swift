import Calibration
import Quantities
import Statistics

/// The measured time of every layer and direction, embedding and head included, each side at its running frequency.
///
/// Server time goes as f0/f and energy as (f/f0)² from what was measured at f0. The link has ideal rates.
struct LevelB {
    let problem: SplitProblem
    private var pairing: Pairing { problem.pairing }

    func model() throws -> CutModel {
        let frequency = try pairing.serverFrequency(required: false)
        let energy = try serverEnergy()
        let cuts = (0...pairing.blockCount).map { cut in
            let (onDevice, onServer) = (pairing.deviceLayers(at: cut), pairing.serverLayers(at: cut))
            let seconds = Self.time(of: onServer)
            var cost = CutCost(
                cut: cut, deviceSeconds: Self.time(of: onDevice), serverSeconds: seconds,
                serverJoules: energy?.joules(onServer, seconds), traffic: pairing.traffic(at: cut))
            let forward = onDevice.reduce(0) { $0 + ($1.forward.timeSeconds.value ?? 0) }
            if cost.deviceSeconds.value > 0 { cost.deviceForwardShare = forward / cost.deviceSeconds.value }
            return cost
        }
        let times = (pairing.device.layers + pairing.server.layers).flatMap {
            [$0.forward.timeSeconds.origin, $0.backward.timeSeconds.origin]
        }
        // Where the frequency is chosen, time and energy are scaled by it.
        let scaling = frequency.isChosen ? [frequency.origin] : []
        var model = CutModel(
            level: .measuredLayers, cuts: cuts, frequency: frequency, link: problem.link, steps: problem.steps,
            countsLatency: false, delayOrigin: Origin.weakest(times + scaling + [problem.link.origin, .modelled]),
            energyOrigin: energy.map { Origin.weakest(scaling + [.modelled, $0.origin]) } ?? .unavailable,
            assumptions: [
                "Times are sums of the layers' measured times, "
                    + (pairing.task == .training ? "forward and backward, " : "forward alone, ")
                    + "embedding and head included.",
                "The device runs at the frequency it was profiled at.",
                pairing.frequencyAssumption(frequency),
            ] + pairing.poolingAssumption + [energy?.source ?? "The server's energy is not known; only delay counts."])
        model.assumptions += pairing.checkpointingAssumptions
        model.energyBasis = energy?.basis
        return model
    }

    private static func time(of layers: ArraySlice<LayerCalibration>) -> Estimate {
        layers.flatMap { [$0.forward, $0.backward] }.compactMap(\.timeSeconds.estimate).sum
    }

    /// How the energy of a range of layers is computed.
    private struct ServerEnergy {
        var basis: EnergyBasis
        var origin: Origin
        var source: String
        var joules: (_ layers: ArraySlice<LayerCalibration>, _ seconds: Estimate) -> Estimate
    }

    /// The best available: declared, else each layer's own energy, else a mean power times the layers' times.
    private func serverEnergy() throws -> ServerEnergy? {
        if let declared = problem.declaredServerWatts {
            return Self.energy(from: try ServerPower.declared(declared), .declared)
        }
        let (server, account) = (pairing.server, problem.account)
        for account in account == .net ? [EnergyAccount.net, .gross] : [.gross] {
            if let layers = Self.energy(ofLayers: server, account) { return layers }
            if let power = ServerPower.ofStep(server, account) {
                return Self.energy(from: power, .stepPower(power.watts, account))
            }
        }
        return ServerPower.rated(server).map { Self.energy(from: $0, .rated) }
    }

    private static func energy(from power: ServerPower, _ basis: EnergyBasis) -> ServerEnergy {
        ServerEnergy(
            basis: basis, origin: power.origin, source: power.source + " Energy is that times the layers' times.",
            joules: { _, seconds in power.watts.multipliedByDependent(seconds) })
    }

    /// - Returns: `nil` unless the energy of every pass of every layer is known.
    private static func energy(ofLayers server: Calibration, _ account: EnergyAccount) -> ServerEnergy? {
        let field: @Sendable (DirectionCalibration) -> Quantity = {
            account == .net ? $0.netEnergyJoules : $0.grossEnergyJoules
        }
        let passes = server.layers.flatMap { [field($0.forward), field($0.backward)] }
        guard passes.allSatisfy({ ($0.value ?? -1) >= 0 }) else { return nil }
        return ServerEnergy(
            basis: .layers(account), origin: Origin.weakest(passes.map(\.origin)),
            source: "The server's energy is the \(account.rawValue) energy of each of its layers.",
            joules: { layers, _ in
                layers.flatMap { [field($0.forward), field($0.backward)] }.compactMap(\.estimate).sum
            })
    }
}
