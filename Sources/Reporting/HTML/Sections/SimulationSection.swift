import CARD
import Quantities
import Simulation

/// A simulated fleet: every policy's delay and energy.
struct SimulationSection {
    let result: SimulationResult

    func section(named name: String) -> Section {
        Section(
            title: "Simulation \(name)",
            subtitle:
                "\(result.scenario), level \(result.level.rawValue), weight of delay \(NumberText.significant(result.weight)): "
                + "\(result.deviceCount) devices, \(result.roundCount) rounds, \(result.seeds.count) seeds",
            statements: [.init(.caution, "SIMULATED: all values are of a simulated fleet; none was measured")],
            figures: [
                policies(
                    "Delay of each policy", "delay_seconds", "s", \.delaySeconds,
                    saving: ("delay_saving_percent", \.delaySavingPercent)),
                policies(
                    "Server energy of each policy", "server_energy_joules", "J", \.serverEnergyJoules,
                    saving: ("energy_saving_percent", \.energySavingPercent)),
            ] + [front, cuts].compactMap(\.self), remarks: result.assumptions)
    }

    private func policies(
        _ title: String, _ field: String, _ unit: String, _ value: (PolicyResult) -> Quantity,
        saving: (field: String, value: (PolicyResult) -> Quantity)
    ) -> Figure {
        var table = DataTable([
            .init("policy", field: "policies[i].policy", isText: true), .init("value", field: "policies[i].\(field)"),
            .init("saving", field: "policies[i].\(saving.field)"),
        ])
        let bars = result.policies.map { policy -> NamedBars.Bar in
            let quantity = value(policy)
            table.append([
                policy.policy.rawValue, DataTable.cell(quantity, unit), Self.percent(saving.value(policy)),
            ])
            return NamedBars.Bar(
                name: policy.policy.rawValue, value: quantity.value, lower: quantity.lower, upper: quantity.upper,
                text: DataTable.cell(quantity, unit), color: policy.policy == .card ? 1 : 0)
        }
        return Figure(
            title,
            "Mean of one device's turn of \(result.steps) steps over devices and rounds, with 95 % intervals over seeds; "
                + "simulated.",
            NamedBars(axis: Axis("", unit: unit), bars: bars), table)
    }

    /// The file has per cent.
    private static func percent(_ quantity: Quantity) -> String {
        quantity.value.map { NumberText.fixed($0, digits: 2) + " %" } ?? "n/a"
    }

    private var front: Figure? {
        guard result.front.count > 1 else { return nil }
        var table = DataTable([
            .init("weight of delay", field: "front[i].weight"),
            .init("delay saved", field: "front[i].delay_saving_percent"),
            .init("energy saved", field: "front[i].energy_saving_percent"),
        ])
        for point in result.front {
            table.append([
                NumberText.significant(point.weight), Self.percent(point.delaySavingPercent),
                Self.percent(point.energySavingPercent),
            ])
        }
        let points = result.front.compactMap { point in
            point.delaySavingPercent.value.flatMap { delay in
                point.energySavingPercent.value.map { Series.Point(delay / 100, $0 / 100) }
            }
        }
        return Figure(
            "Savings as the weight changes",
            "Delay saved over device-only and energy saved over server-only by CARD, as the weight of delay goes from 0 to 1.",
            Plot(
                x: Axis("delay saved", includesZero: false, isRatio: true),
                y: Axis("energy saved", includesZero: false, isRatio: true),
                series: [Series("", color: 7, .dashes, points), Series("weights", color: 0, .dots, points)]), table)
    }

    private var cuts: Figure? {
        let total = result.cutCounts.reduce(0.0) { $0 + Double($1) }
        guard total > 0 else { return nil }
        var table = DataTable([.init("cut"), .init("times chosen", field: "cut_counts[cut]"), .init("share")])
        for (cut, count) in result.cutCounts.enumerated() {
            table.append(["\(cut)", "\(count)", NumberText.percent(Double(count) / total)])
        }
        return Figure(
            "How often CARD chose each cut", "Share of all turns of all devices, over all seeds.",
            Plot(
                x: Axis("cut layer: blocks on the device", wholeNumbers: 0...max(1, result.cutCounts.count - 1)),
                y: Axis("share", isRatio: true),
                series: [
                    Series(
                        "share", color: 3, .bars,
                        result.cutCounts.enumerated().map {
                            Series.Point(Double($0.offset), Double($0.element) / total)
                        })
                ], height: 180), table)
    }
}
