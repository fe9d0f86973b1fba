import CARD
import Quantities
import Simulation
import SystemIO

extension SimulationResult {
    /// The policies, then the front. The first line says that all values are simulated.
    package var report: String {
        var text = "SIMULATED: all values below are of a simulated fleet\n"
        text +=
            "\(PlainText.shown(scenario)), level \(level.rawValue), weight of delay \(weight): \(deviceCount) devices, "
        text += "\(roundCount) rounds, \(seeds.count) \(seeds.count == 1 ? "seed" : "seeds"); "
        text += "means of one device's turn of \(steps) steps, 95 % intervals over seeds\n\n"
        var table = TextTable([
            .init("policy", .left), .init("delay"), .init("server energy"), .init("delay saved", unit: "device-only"),
            .init("energy saved", unit: "server-only"),
        ])
        for policy in policies {
            table.append([
                policy.policy.rawValue, NumberText.si(policy.delaySeconds, "s"),
                NumberText.si(policy.serverEnergyJoules, "J"), percent(policy.delaySavingPercent),
                percent(policy.energySavingPercent),
            ])
        }
        text += table.text
        if !front.isEmpty {
            var table = TextTable([.init("weight"), .init("delay saved"), .init("energy saved")])
            for point in front {
                table.append([
                    NumberText.fixed(point.weight, digits: 3), percent(point.delaySavingPercent),
                    percent(point.energySavingPercent),
                ])
            }
            text += "\n" + table.text
        }
        let total = Double(max(1, cutCounts.reduce(0, +)))
        let shares = cutCounts.enumerated().filter { $0.element > 0 }.map {
            "\($0.offset) \(NumberText.percent(Double($0.element) / total))"
        }
        text += "\ncuts chosen by CARD: \(shares.joined(separator: ", "))\n"
        return text + "\nAssumptions:\n" + assumptions.map { "- \(PlainText.shown($0))\n" }.joined()
    }

    private func percent(_ quantity: Quantity) -> String {
        guard let value = quantity.value else { return "n/a" }
        let width = quantity.upper.map { " ± " + NumberText.fixed($0 - value, digits: 2) } ?? ""
        return NumberText.fixed(value, digits: 2) + width + " %"
    }
}
