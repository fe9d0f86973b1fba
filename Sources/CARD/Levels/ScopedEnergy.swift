import Calibration
import Quantities
import SystemIO

/// Adds idle energy of the server and energy of the device, where the scope includes them.
struct ScopedEnergy {
    let problem: SplitProblem

    func refine(_ model: inout CutModel) throws(KerfError) {
        model.scope = problem.scope
        guard problem.scope != .computing else { return }
        guard let idle = problem.pairing.server.idlePowerWatts.value, idle >= 0 else {
            let reason = problem.pairing.server.idlePowerWatts.reason ?? "not given"
            throw KerfError(
                .noEnergy, "the server's idle power is not known: \(reason)",
                remedy: .computingEnergyOnly)
        }
        model.idleWatts = idle
        model.energyOrigin = Origin.weakest([model.energyOrigin, problem.pairing.server.idlePowerWatts.origin])
        model.assumptions.append(
            "Energy is gross and includes the server's idle power of \(NumberText.si(idle, "W")) while it waits.")
        guard problem.scope == .device else { return }
        for index in model.cuts.indices {
            let cut = model.cuts[index].cut
            guard let joules = problem.pairing.deviceEnergy(at: cut, .gross) else {
                throw KerfError(
                    .noEnergy, "the device's calibration lacks the energy of some layers",
                    remedy: .serverEnergyOnly)
            }
            model.cuts[index].deviceJoules = joules
            let origins = problem.pairing.deviceLayers(at: cut).flatMap {
                [$0.forward.grossEnergyJoules.origin, $0.backward.grossEnergyJoules.origin]
            }
            model.energyOrigin = Origin.weakest([model.energyOrigin] + origins)
        }
        model.assumptions.append("The gross energy of the device's layers counts like the server's.")
    }
}
