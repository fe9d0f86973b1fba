import ProfileFormat
import Quantities
import Workload

/// What happened over a run: power, step times, and the box's state, with what was rejected at its place.
struct RunTimeLine {
    let profile: Profile

    /// `nil` where the file has no times of its samples, as old ones do.
    var figure: Figure? {
        let panels = [power, steps, load, frequency, temperature, reference].compactMap(\.self)
        guard !panels.isEmpty else { return nil }
        let rejected = profile.disturbances?.rejectedIntervals ?? []
        let bands = rejected.map { Plot.Band(left: $0.startSeconds, right: $0.startSeconds + $0.seconds) }
        let key: Markup = """
            <li><svg width='24' height='12' viewBox='0 0 24 12' aria-hidden='true'>\
            <rect class='band' width='24' height='12'/></svg> rejected</li>
            """
        let known =
            profile.disturbances == nil || profile.disturbances?.rejectedIntervals == nil
            ? " The file is of an older version, which does not say when steps and windows were rejected." : ""
        return Figure(
            "The run over time",
            "From the start of the run. Shaded are steps and windows that were rejected, at the time at which they were taken; "
                + "the table has their causes.\(known)",
            PanelChart(x: Axis("seconds since the start of the run", unit: "s"), panels: panels, bands: bands),
            legend: bands.isEmpty ? [] : [key], table(rejected))
    }

    private var power: PanelChart.Panel? {
        func spans(_ windows: [EnergyWindow], _ name: String, _ color: Int) -> Series? {
            let points = windows.compactMap { window in
                window.watts(profile.meter).map { watts in
                    Series.Point(
                        window.startSeconds, watts, left: window.startSeconds,
                        right: window.startSeconds + window.seconds)
                }
            }
            return points.isEmpty ? nil : Series(name, color: color, .spans, points)
        }
        let subjects: [(String, Int, (EnergyWindow) -> Bool)] = [
            ("power, steps", 0, { $0.subject == .step }),
            ("power, steps with instruments", 2, { $0.subject == .instrumentedStep }),
            ("power, one layer repeated", 1, { $0.subject == .layer }),
        ]
        let series =
            subjects.compactMap { name, color, isOf in spans(profile.energyWindows.filter(isOf), name, color) }
            + [spans(profile.idleWindows, "power, idle", 7)].compactMap(\.self)
        return series.isEmpty ? nil : PanelChart.Panel(y: Axis("power", unit: "W"), series: series)
    }

    private var steps: PanelChart.Panel? {
        func dots(_ steps: [StepSample], _ name: String, _ color: Int, _ mark: Series.Mark) -> Series? {
            let points = steps.compactMap { step in step.startSeconds.map { Series.Point($0, step.seconds) } }
            return points.isEmpty ? nil : Series(name, color: color, mark, points)
        }
        let series = [
            dots(profile.steps, "step time, plain", 3, .dots),
            dots(profile.instrumentedSteps ?? [], "step time, with instruments", 5, .crosses),
        ].compactMap(\.self)
        return series.isEmpty ? nil : PanelChart.Panel(y: Axis("step time", unit: "s"), series: series)
    }

    private var load: PanelChart.Panel? {
        panel(
            Axis("CPUs"),
            [
                ("CPUs used by other processes", 1, .line, profile.conditions?.otherProcessors),
                ("CPUs taken by the hypervisor", 6, .dashes, profile.conditions?.stealProcessors),
                ("threads waiting for a CPU", 4, .dashes, profile.conditions?.waitingThreads),
            ])
    }

    private var frequency: PanelChart.Panel? {
        panel(
            Axis("clock", unit: "Hz", includesZero: false), [("clock frequency", 2, .line, profile.conditions?.hertz)])
    }

    private var temperature: PanelChart.Panel? {
        panel(
            Axis("°C", includesZero: false), [("temperature", 6, .line, profile.conditions?.celsius)])
    }

    private var reference: PanelChart.Panel? {
        panel(
            Axis("reference", unit: "s", includesZero: false),
            [
                (
                    "time of a fixed piece of arithmetic, which tells the processor's speed", 5, .line,
                    profile.conditions?.referenceSeconds
                )
            ])
    }

    /// Entries of a column that are drawn; of more, each stands for several with the highest value among them.
    private static let maximumPoints = 500

    private func panel(_ axis: Axis, _ columns: [(String, Int, Series.Mark, [Double?]?)]) -> PanelChart.Panel? {
        let seconds = profile.conditions?.seconds ?? []
        let group = max(1, (seconds.count + Self.maximumPoints - 1) / Self.maximumPoints)
        let series = columns.compactMap { name, color, mark, column -> Series? in
            guard let column else { return nil }
            let points = stride(from: 0, to: min(seconds.count, column.count), by: group).compactMap { first in
                let last = min(first + group, column.count, seconds.count) - 1
                return column[first...last].compactMap(\.self).max().map { Series.Point(seconds[last], $0) }
            }
            return points.isEmpty ? nil : Series(name, color: color, mark, points)
        }
        return series.isEmpty ? nil : PanelChart.Panel(y: axis, series: series)
    }

    /// Rows of windows; a longer run has more of them in the file.
    private static let maximumRows = 150

    private func table(_ rejected: [RejectedInterval]) -> DataTable {
        var table = DataTable([
            .init("start", field: "….start_seconds"), .init("length", field: "….seconds"), .init("what", isText: true),
            .init("power", field: "….joules / seconds"), .init("in the file", isText: true),
        ])
        let windows = profile.energyWindows.enumerated().map { place, window in
            let layer = window.layer.map { " of layer \($0) \(window.direction?.rawValue ?? "")" } ?? ""
            return (
                window, "\(window.subject.rawValue)\(layer), \(window.iterations) times", "energy_windows[\(place)]"
            )
        }
        let idle = profile.idleWindows.enumerated().map { ($1, "idle", "idle_windows[\($0)]") }
        let rows =
            rejected.enumerated().map { place, interval in
                (
                    interval.startSeconds,
                    [
                        NumberText.si(interval.startSeconds, "s"), NumberText.si(interval.seconds, "s"),
                        "rejected: \(interval.cause.rawValue)", "-", "disturbances.rejected_intervals[\(place)]",
                    ]
                )
            }
            + (windows + idle).map { window, name, field in
                (
                    window.startSeconds,
                    [
                        NumberText.si(window.startSeconds, "s"), NumberText.si(window.seconds, "s"), name,
                        DataTable.cell(window.watts(profile.meter), "W"), field,
                    ]
                )
            }
        let sorted = rows.sorted { $0.0 < $1.0 }.map(\.1)
        for row in sorted.prefix(Self.maximumRows) { table.append(row) }
        if sorted.count > Self.maximumRows {
            table.append(["", "", "\(sorted.count - Self.maximumRows) more are in the file", "", ""])
        }
        return table
    }
}
