import CARD
import Quantities

/// Decisions of several devices and servers: every pair, the best server of each device, and rounds of all devices.
struct DecisionsSection {
    let decisions: Decisions

    func section(named name: String) -> Section {
        Section(
            title: "Decisions \(name)",
            subtitle: "\(decisions.devices.count) devices and \(decisions.servers.count) servers, weight of delay "
                + NumberText.significant(decisions.weight),
            statements: statements, figures: [pairs, rounds].compactMap(\.self),
            remarks: decisions.warnings + decisions.assumptions)
    }

    private func name(_ pair: DecidedPair) -> String {
        "\(decisions.devices[pair.device].name) with \(decisions.servers[pair.server].name)"
    }

    private var statements: [Section.Statement] {
        let made = decisions.pairs.compactMap(\.decision)
        let standing = made.count { $0.verdict?.stands ?? false }
        let counts = Section.Statement(
            made.isEmpty ? .bad : standing == decisions.pairs.count ? .good : .caution,
            "\(made.count) of \(decisions.pairs.count) pairs have a decision, and \(standing) of these stand")
        let simulated: [Section.Statement] =
            made.contains(where: \.isSimulated)
            ? [.init(.caution, "SIMULATED: values of some pairs are not measured")] : []
        let choices = decisions.deviceChoices.map { choice -> Section.Statement in
            let device = decisions.devices[choice.device].name
            guard let server = choice.server else { return .init(.bad, "\(device): no server can take it") }
            let cut = decisions.pair(device: choice.device, server: server).decision?.choice.cut
            return .init(
                .note, "\(device): best with \(decisions.servers[server].name)" + (cut.map { ", cut \($0)" } ?? ""))
        }
        let round: Section.Statement =
            decisions.round.server.map {
                .init(.note, "All devices in turn: best at \(decisions.servers[$0].name)")
            } ?? .init(.caution, "No server can take all devices")
        return [counts] + simulated + choices + [round]
    }

    private func chosen(_ decision: Decision?) -> DecidedCut? {
        decision.flatMap { decision in decision.cuts.first { $0.cut == decision.choice.cut } }
    }

    /// `nil` where no pair has a decision.
    private var pairs: Figure? {
        var table = DataTable([
            .init("pair", field: "pairs[i].device, .server", isText: true),
            .init("cut", field: "pairs[i].decision.choice.cut"),
            .init("delay", field: "pairs[i].decision.cuts[cut].delay_seconds"),
            .init("server energy", field: "pairs[i].decision.cuts[cut].server_energy_joules"),
            .init("cost U", field: "pairs[i].cost"),
            .init("probability of the cut", field: "pairs[i].decision.confidence.chosen_probability"),
            .init("", field: "pairs[i].unavailable", isText: true),
        ])
        let bars = decisions.pairs.map { pair -> NamedBars.Bar in
            let cut = chosen(pair.decision)
            table.append([
                name(pair), cut.map { "\($0.cut)" } ?? "n/a", DataTable.cell(cut?.delaySeconds, "s"),
                DataTable.cell(cut?.serverEnergyJoules, "J"),
                pair.cost.map { NumberText.fixed($0, digits: 4) } ?? "n/a",
                DataTable.percent(pair.decision?.confidence?.chosenProbability), pair.unavailable ?? "",
            ])
            return NamedBars.Bar(
                name: name(pair), value: cut?.delaySeconds.value, lower: cut?.delaySeconds.lower,
                upper: cut?.delaySeconds.upper,
                text: cut.map { "cut \($0.cut), \(DataTable.cell($0.delaySeconds, "s"))" } ?? "no decision",
                color: decisions.deviceChoices.contains { $0.device == pair.device && $0.server == pair.server } ? 1 : 0
            )
        }
        guard bars.contains(where: { $0.value != nil }) else { return nil }
        return Figure(
            "Delay of each pair at its best cut",
            "Seconds of one round of the two boxes alone, with its interval. The second color marks the best server of each "
                + "device, by the cost of delay and energy with one normalization for all its servers.",
            NamedBars(axis: Axis("delay", unit: "s"), bars: bars), table)
    }

    /// `nil` where no server can take all devices.
    private var rounds: Figure? {
        var table = DataTable([
            .init("server", field: "round.servers[i].server", isText: true),
            .init("delay", field: "round.servers[i].delay_seconds"),
            .init("server energy", field: "round.servers[i].server_energy_joules"),
            .init("device energy", field: "round.servers[i].device_energy_joules"),
            .init("cost U", field: "round.servers[i].cost"),
        ])
        let bars = decisions.round.servers.map { round -> NamedBars.Bar in
            let server = decisions.servers[round.server].name
            table.append([
                server, DataTable.cell(round.delaySeconds, "s"), DataTable.cell(round.serverEnergyJoules, "J"),
                DataTable.cell(round.deviceEnergyJoules, "J"),
                round.cost.map { NumberText.fixed($0, digits: 4) } ?? "n/a",
            ])
            return NamedBars.Bar(
                name: server, value: round.delaySeconds.value, lower: round.delaySeconds.lower,
                upper: round.delaySeconds.upper,
                text: round.delaySeconds.value == nil ? "not all devices" : DataTable.cell(round.delaySeconds, "s"),
                color: round.server == decisions.round.server ? 1 : 0)
        }
        guard bars.contains(where: { $0.value != nil }) else { return nil }
        return Figure(
            "A round of all devices in turn at each server",
            "Sum of the devices' delays, which take turns, each at its own decision with that server. The second color marks the "
                + "best.",
            NamedBars(axis: Axis("delay", unit: "s"), bars: bars), table)
    }
}
