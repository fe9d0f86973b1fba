import Quantities
import Simulation

extension SimulationResult {
    /// The tables of the policies.
    var csvTables: [CSVTable] {
        var policies = CSVColumns<PolicyResult>()
        policies.add("policy", "How cut and frequency are chosen") { $0.policy }
        policies.add("delay", in: "seconds", "Mean delay of a device's turn") { $0.delaySeconds }
        policies.add("server_energy", in: "joules", "Mean energy of the server for a turn") { $0.serverEnergyJoules }
        policies.add("delay_saving", in: "percent", "Compared with device-only") { $0.delaySavingPercent }
        policies.add("energy_saving", in: "percent", "Compared with server-only") { $0.energySavingPercent }
        var front = CSVColumns<FrontResult>()
        front.add("weight", "Weight of delay, 0 to 1") { $0.weight }
        front.add("delay_saving", in: "percent", "Compared with device-only") { $0.delaySavingPercent }
        front.add("energy_saving", in: "percent", "Compared with server-only") { $0.energySavingPercent }
        var cuts = CSVColumns<(offset: Int, element: Int)>()
        cuts.add("cut", "The device runs blocks 1 to it") { $0.offset }
        cuts.add("count", "How often CARD chose it, over all seeds") { $0.element }
        cuts.addOrigin(.simulated)
        return [
            policies.table("policies", "a policy", of: self.policies),
            front.table("pareto", "CARD at a weight of delay", of: self.front),
            cuts.table("cut_counts", "a cut", of: cutCounts.enumerated()),
        ]
    }
}
