import Calibration
import Quantities
import SystemIO

/// Energy beyond the server's computing, where the user counts it.
struct ScopedEnergy {
    let problem: SplitProblem

    func refine(_ model: inout CutModel) throws(KerfError) {
        model.scope = problem.scope
        guard problem.scope != .computing else { return }
        guard let idle = problem.pairing.server.idlePowerWatts.value, idle >= 0 else {
            let reason = problem.pairing.server.idlePowerWatts.reason ?? "not given"
            throw KerfError(
                .noEnergy, "the server's idle power is not known: \(reason)",
                remedy: "profile the server with a meter, or decide with --count computing")
        }
        model.idleWatts = idle
        model.energyOrigin = Origin.weakest([model.energyOrigin, problem.pairing.server.idlePowerWatts.origin])
        model.assumptions.append(
            "Energy counts gross, with the server's \(NumberText.si(idle, "W")) idle while it waits.")
        guard problem.scope == .device else { return }
        for index in model.cuts.indices {
            let passes = problem.pairing.deviceLayers(at: model.cuts[index].cut).flatMap {
                [$0.forward.grossEnergyJoules, $0.backward.grossEnergyJoules]
            }
            guard passes.allSatisfy({ ($0.value ?? -1) >= 0 }) else {
                throw KerfError(
                    .noEnergy, "the device's calibration lacks the energy of some layers",
                    remedy: "profile the device with a meter, or decide with --count waiting")
            }
            model.cuts[index].deviceJoules = passes.compactMap(\.estimate).sum
            model.energyOrigin = Origin.weakest([model.energyOrigin] + passes.map(\.origin))
        }
        model.assumptions.append("The device's gross energy of its layers counts as much as the server's.")
    }
}
