import Quantities
import SplitTraining

/// A training that was split: losses, and where the time and energy of its turns went.
struct RunSection {
    let run: SplitRun

    func section(named name: String) -> Section {
        let cut = run.cut.map { "cut \($0)" } ?? (run.serverMeter == nil ? "not split" : "several cuts")
        return Section(
            title: "Training \(name)",
            subtitle:
                "\(run.model), \(cut), \(run.losses.count) steps in \(run.turns.count) turns; data \(run.data.name)",
            statements: statements, figures: [losses] + [delays, energies].compactMap(\.self))
    }

    private var statements: [Section.Statement] {
        let origin: Section.Statement =
            run.origin == .measured
            ? .init(.good, "Times are measured")
            : .init(
                .caution,
                "SIMULATED: " + (run.linkShape.map { "the link imitated \($0)" } ?? "a side ran on a virtual board"))
        let validation = run.validationLossBefore.flatMap { before in
            run.validationLossAfter.map { after in
                Section.Statement(
                    after < before ? .good : .caution,
                    "Held-out loss: \(NumberText.fixed(before, digits: 4)) before, \(NumberText.fixed(after, digits: 4)) after"
                )
            }
        }
        let disturbed = run.turns.compactMap(\.costs).flatMap { [$0.device.disturbance, $0.server.disturbance] }
            .compactMap(\.self)
        let turns = run.turns.count { turn in
            turn.costs.map { $0.device.disturbance != nil || $0.server.disturbance != nil } ?? false
        }
        let disturbance: Section.Statement? = disturbed.first.map {
            .init(.caution, "A side was disturbed in \(turns) of \(run.turns.count) turns; first: \($0)")
        }
        let meters = [("device", run.deviceMeter), ("server", run.serverMeter)].compactMap { side, meter in
            meter.map { meter -> Section.Statement in
                meter.origin == .unavailable
                    ? .init(.note, "No energy of the \(side): \(meter.reason ?? "no meter")")
                    : .init(.note, "Energy of the \(side): \(meter.origin.rawValue) by \(meter.name ?? "a meter")")
            }
        }
        let lost: Section.Statement? =
            run.reconnections > 0 ? .init(.note, "\(run.reconnections) connections were lost and made again") : nil
        return [origin] + [validation, disturbance, lost].compactMap(\.self) + meters
    }

    private var losses: Figure {
        var table = DataTable([.init("step"), .init("loss", field: "losses[step - 1]")])
        for (step, loss) in run.losses.enumerated().prefix(Self.maximumRows) {
            table.append(["\(step + 1)", loss.map { NumberText.fixed($0, digits: 5) } ?? "not a number"])
        }
        if run.losses.count > Self.maximumRows { table.append(["…", "\(run.losses.count - Self.maximumRows) more"]) }
        let points = run.losses.enumerated().compactMap { step, loss in loss.map { Series.Point(Double(step + 1), $0) }
        }
        return Figure(
            "Loss of each step", "Mean loss over the batch's targets, in nats.",
            Plot(
                x: Axis("step", includesZero: false), y: Axis("loss (nats)", includesZero: false),
                series: [Series("loss", color: 0, points.count > 1 ? .line : .dots, points)]), table)
    }

    private static let maximumRows = 500

    private var costs: [(turn: SplitRun.TurnRecord, costs: TurnCosts)] {
        run.turns.compactMap { turn in turn.costs.map { (turn, $0) } }
    }

    private var axis: Axis {
        let numbers = costs.map(\.turn.number)
        let first = numbers.min() ?? 1
        return Axis("turn", wholeNumbers: first...max(numbers.max() ?? 1, first == .max ? first : first + 1))
    }

    /// `nil` where the whole model ran in one process.
    private var delays: Figure? {
        guard !costs.isEmpty else { return nil }
        let names = ["device computes", "uplink", "server computes", "downlink", "adapters", "overhead"]
        let fields = [
            "device_seconds", "uplink_seconds", "server_seconds", "downlink_seconds", "adapter_seconds",
            "overhead_seconds",
        ]
        func parts(_ costs: TurnCosts) -> [Double] {
            [
                costs.deviceSeconds, costs.uplinkSeconds, costs.serverSeconds, costs.downlinkSeconds,
                costs.adapterSeconds,
                costs.overheadSeconds,
            ]
        }
        var table = DataTable(
            [
                .init("turn", field: "turns[i].number"), .init("cut", field: "turns[i].cut"),
                .init("delay", field: "turns[i].costs.delay_seconds"),
            ] + zip(names, fields).map { .init($0, field: "turns[i].costs.\($1)") }
                + [.init("error of the clocks", field: "turns[i].costs.clock_error_seconds")])
        for (turn, costs) in costs {
            table.append(
                ["\(turn.number)", "\(turn.cut)", NumberText.si(costs.delaySeconds, "s")]
                    + parts(costs).map { NumberText.si($0, "s") } + [NumberText.si(costs.clockErrorSeconds, "s")])
        }
        return Figure(
            "Delay of each turn, in parts",
            "Wall time of a turn's steps with its adapters' way, on the device's clock. Overhead is what the parts do not "
                + "explain.",
            StackedBars(
                x: axis, y: Axis("delay of a turn", unit: "s"), names: names,
                bars: costs.map { .init(x: $0.turn.number, parts: parts($0.costs)) }), table)
    }

    /// `nil` where neither side had a meter.
    private var energies: Figure? {
        var table = DataTable([
            .init("turn", field: "turns[i].number"),
            .init("device computes", field: "turns[i].costs.device.steps[j].computing.joules"),
            .init("server computes", field: "turns[i].costs.server.steps[j].computing.joules"),
        ])
        var sides: [[Series.Point]] = [[], []]
        for (turn, costs) in costs {
            let joules = [costs.device.computingJoules, costs.server.computingJoules]
            table.append(["\(turn.number)"] + joules.map { DataTable.cell($0, "J") })
            for (side, value) in joules.enumerated() {
                if let value { sides[side].append(Series.Point(Double(turn.number), value)) }
            }
        }
        guard sides.contains(where: { !$0.isEmpty }) else { return nil }
        return Figure(
            "Energy of each turn", "Gross joules of computing within the steps of a turn.",
            Plot(
                x: axis, y: Axis("energy of a turn", unit: "J"),
                series: [
                    Series("device", color: 0, .dots, sides[0], shift: -3),
                    Series("server", color: 1, .squares, sides[1], shift: 3),
                ]), table)
    }
}
