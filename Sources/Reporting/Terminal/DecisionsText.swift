import CARD
import Quantities
import SystemIO

extension Decisions {
    /// The decisions of all pairs as text: the headline, a table with a line for each pair, one with a line for each
    /// server, and how they were compared.
    package var report: String {
        var text = headline + "\n\n" + pairTable.text + "\n"
        if devices.count > 1 { text += roundTable.text + excludedLine + "\n" }
        text += settingLines + "\n"
        text += assumptions.map { "- \(PlainText.shown($0))\n" }.joined()
        return text + warnings.map { "warning: \(PlainText.shown($0))\n" }.joined()
    }

    /// The first line: what was decided, and how many of the decisions stand.
    package var headline: String {
        let decided = pairs.compactMap(\.decision)
        var text = decided.contains(where: \.isSimulated) ? "SIMULATED (energy, frequency or link of a pair): " : ""
        text += "\(count(devices.count, "device")), \(count(servers.count, "server"))"
        if decided.count < pairs.count { text += ", \(decided.count) of \(pairs.count) pairs decided" }
        text += ": " + recommendation
        let unsound = decided.filter { $0.verdict?.stands == false }.count
        if unsound > 0 {
            text += "; \(unsound) of \(count(decided.count, "decision")) \(unsound == 1 ? "DOES" : "DO") NOT STAND"
        }
        return text
    }

    /// The best server for all devices, or for the only one.
    private var recommendation: String {
        if devices.count > 1 {
            guard let best = round.server.map({ round.servers[$0] }) else { return "no server can take all devices" }
            let cost =
                "delay \(NumberText.si(best.delaySeconds, "s"))"
                + (best.serverEnergyJoules.value == nil
                    ? "" : ", server energy \(NumberText.si(best.serverEnergyJoules, "J"))")
            let who = servers.count > 1 ? "all devices in turn cost least with" : "all devices in turn with"
            let equal = round.servers.filter { $0.server != best.server && isEqual($0.cost, to: best.cost) }
                .map { name(servers[$0.server]) }
            let same = equal.isEmpty ? "" : " (and the same with \(equal.joined(separator: ", ")))"
            return "\(who) \(name(servers[best.server]))\(same), \(cost)"
        }
        guard let server = deviceChoices.first?.server else { return "no server can be used" }
        let cut = pair(device: 0, server: server).decision.map { ", cut \($0.choice.cut) of \($0.blockCount)" } ?? ""
        return "least cost with \(name(servers[server]))\(cut)"
    }

    // MARK: - Tables

    private var pairTable: TextTable {
        var table = TextTable([
            .init("device", .left), .init("server", .left), .init("cut"), .init("frequency", unit: "GHz"),
            .init("delay", unit: "s"), .init("±"), .init("energy", unit: "J"), .init("±"),
            .init("device energy", unit: "J"), .init("probability"), .init("cost"), .init("", .left),
        ])
        for pair in pairs {
            let names = [name(devices[pair.device]), name(servers[pair.server])]
            guard let decision = pair.decision,
                let chosen = decision.cuts.first(where: { $0.cut == decision.choice.cut })
            else {
                let reason = PlainText.shown(pair.unavailable ?? "no reason given", limit: 100)
                table.append(names + Array(repeating: "n/a", count: 9) + ["not decided: \(reason)"])
                continue
            }
            let frequency =
                chosen.delayParts.serverSeconds > 0 ? short(chosen.frequencyHertz.value.map { $0 * 1e-9 }) : "-"
            var row = names + ["\(decision.choice.cut) of \(decision.blockCount)", frequency]
            row += cells(chosen.delaySeconds) + cells(chosen.serverEnergyJoules)
            row += [
                short(pair.deviceEnergyJoules.value),
                decision.confidence.map { Decision.probability($0.chosenProbability) } ?? "n/a",
                pair.cost.map { NumberText.fixed($0, digits: 4) } ?? "n/a",
                marks(pair, decision),
            ]
            table.append(row)
        }
        return table
    }

    private func marks(_ pair: DecidedPair, _ decision: Decision) -> String {
        var marks: [String] = []
        if servers.count > 1 {
            let choice = deviceChoices[pair.device]
            let least = choice.server.flatMap { self.pair(device: pair.device, server: $0).cost }
            if let mark = mark(pair.server, pair.cost, best: choice.server, least) { marks.append(mark) }
            if choice.fastestServer == pair.server, choice.server != pair.server { marks.append("<- least delay") }
        }
        if let verdict = decision.verdict, !verdict.stands {
            marks.append("DOES NOT STAND: " + PlainText.shown(verdict.reasons.first ?? "", limit: 100))
        }
        return marks.joined(separator: "; ")
    }

    private func mark(_ server: Int, _ cost: Double?, best: Int?, _ least: Double?) -> String? {
        server == best ? "<- least cost" : isEqual(cost, to: least) ? "<- equal cost" : nil
    }

    /// A line for each server, with all devices in turn.
    private var roundTable: TextTable {
        var table = TextTable([
            .init("all devices in turn with", .left), .init("delay", unit: "s"), .init("±"),
            .init("energy", unit: "J"), .init("±"), .init("device energy", unit: "J"), .init("cost"), .init("", .left),
        ])
        for row in round.servers {
            let note =
                row.delaySeconds.value == nil
                ? PlainText.shown(row.delaySeconds.reason ?? "", limit: 100)
                : servers.count > 1
                    ? mark(row.server, row.cost, best: round.server, round.server.flatMap { round.servers[$0].cost })
                        ?? "" : ""
            table.append(
                [name(servers[row.server])] + cells(row.delaySeconds) + cells(row.serverEnergyJoules) + [
                    short(row.deviceEnergyJoules.value), row.cost.map { NumberText.fixed($0, digits: 4) } ?? "n/a",
                    note,
                ])
        }
        return table
    }

    private var excludedLine: String {
        guard !round.excludedDevices.isEmpty else { return "" }
        let names = round.excludedDevices.map { name(devices[$0]) }.joined(separator: ", ")
        return "without \(names), which no server can take\n"
    }

    /// A value and its relative half width.
    private func cells(_ quantity: Quantity) -> [String] {
        guard quantity.value != nil else { return ["n/a", ""] }
        let width = quantity.relativeHalfWidth
        return [short(quantity.value), width.map { NumberText.percent($0, digits: $0 < 0.1 ? 1 : 0) } ?? ""]
    }

    // MARK: - Settings

    private var settingLines: String {
        guard let first = pairs.compactMap(\.decision).first else { return "" }
        var text = "CARD level \(first.level.rawValue); weight of delay \(weight); "
        text +=
            first.task == .inference
            ? "\(count(first.steps, "request")) of inference" : "\(count(first.steps, "step")) per round"
        text += "; energy is the server's, \(first.energyAccount.rawValue)"
        switch first.energyScope {
        case .computing: text += ", while it computes\n"
        case .waiting: text += ", also while it waits\n"
        case .device: text += ", also while it waits, and the device's\n"
        }
        text += boxLine("devices", devices) + boxLine("servers", servers)
        return text + linkLines
    }

    private func boxLine(_ title: String, _ boxes: [DecidedBox]) -> String {
        let parts = boxes.map { "\(name($0)) (\(PlainText.name($0.cpuModel)), \(PlainText.name($0.modelName)))" }
        return "\(title): \(parts.joined(separator: ", "))\n"
    }

    /// One line where all pairs have the same link; otherwise one for each link, with its pairs.
    private var linkLines: String {
        var links: [(link: Link, pairs: [String])] = []
        for pair in pairs {
            guard let link = pair.decision?.link else { continue }
            let who = "\(name(devices[pair.device])) with \(name(servers[pair.server]))"
            if let place = links.firstIndex(where: { $0.link == link }) {
                links[place].pairs.append(who)
            } else {
                links.append((link, [who]))
            }
        }
        return links.map { "\($0.link.line)\(links.count > 1 ? ": " + $0.pairs.joined(separator: ", ") : "")\n" }
            .joined()
    }

    private func name(_ box: DecidedBox) -> String { PlainText.name(box.name) }

    private func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    private func short(_ value: Double?) -> String {
        value.map { NumberText.significant($0, digits: 3) } ?? "n/a"
    }
}

extension Link {
    /// Rates and round trip, and where they come from.
    var line: String {
        "up \(NumberText.si(uplinkBitsPerSecond, "bit/s")), down \(NumberText.si(downlinkBitsPerSecond, "bit/s")), "
            + "round trip \(NumberText.si(roundTripSeconds, "s")) "
            + "(\(source.map { "\(origin.rawValue), \(PlainText.shown($0))" } ?? "declared, not measured"))"
    }
}
