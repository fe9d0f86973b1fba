import CARD
import Calibration
import ProfileFormat
import Quantities
import Statistics

/// T(f) and P(f) of the whole step, with what was measured and what the laws leave unexplained.
struct FrequencyFigures {
    let laws: FrequencyCalibration
    let name: String
    /// Place of the laws in the file.
    let field: String
    /// What the laws were fitted to; empty where the profiles are not at hand.
    let observations: [FrequencyObservation]

    /// Those of the whole box and of each kind of core.
    static func all(_ calibration: Calibration, profiles: [Profile]) -> [Figure] {
        func observations(_ group: String?) -> [FrequencyObservation] {
            profiles.flatMap { FrequencyFit.observations(of: $0, group: group) }
        }
        let whole = calibration.frequencyLaws.map {
            FrequencyFigures(
                laws: $0, name: "", field: "frequency_laws", observations: observations(nil))
        }
        let groups = (calibration.frequencyGroups ?? []).enumerated().map { place, group in
            FrequencyFigures(
                laws: group.laws, name: ", \(group.group.name) only", field: "frequency_groups[\(place)].laws",
                observations: observations(group.group.name))
        }
        return ((whole.map { [$0] } ?? []) + groups).flatMap { [$0.time] + ($0.power.map { [$0] } ?? []) }
    }

    private var frequencyAxis: Axis { Axis("frequency", unit: "Hz", includesZero: false) }

    private func curve(_ value: (Double) -> Double?) -> [Series.Point] {
        guard let low = laws.stepsHertz.first, let high = laws.stepsHertz.last, low < high else { return [] }
        return (0...40).compactMap { step in
            let hertz = low + (high - low) * Double(step) / 40
            return value(hertz).map { Series.Point(hertz, $0) }
        }
    }

    /// One point for each visit.
    private func measured(_ value: (FrequencyObservation) -> Double?) -> [Series.Point] {
        observations.compactMap { seen in value(seen).map { Series.Point(seen.hertz, $0) } }
    }

    private func table(
        _ points: [Series.Point], _ unit: String, _ field: String, _ law: (Double) -> Double?
    ) -> DataTable {
        var table = DataTable([
            .init(
                "frequency",
                field: points.isEmpty ? "\(self.field).steps_hertz" : "frequency_sweep.visits[i].achieved_hertz"),
            .init("measured", field: field), .init("law"), .init("residual"),
        ])
        if points.isEmpty {
            for hertz in laws.stepsHertz {
                table.append([
                    NumberText.si(hertz, "Hz"), "n/a: its profile is not on this page",
                    DataTable.cell(law(hertz), unit), "n/a",
                ])
            }
        }
        for point in points.sorted(by: { $0.x < $1.x }) {
            let fitted = law(point.x)
            table.append([
                NumberText.si(point.x, "Hz"), NumberText.si(point.y, unit), DataTable.cell(fitted, unit),
                DataTable.percent(fitted.map { point.y / $0 - 1 }),
            ])
        }
        return table
    }

    /// What was measured with the law, and below it what the law leaves unexplained.
    private func chart(
        _ y: Axis, _ points: [Series.Point], _ curve: Series, _ law: (Double) -> Double?
    ) -> PanelChart {
        let residuals = points.compactMap { point in law(point.x).map { Series.Point(point.x, point.y / $0 - 1) } }
        let residual = PanelChart.Panel(
            y: Axis("residual", isRatio: true), series: [Series("", color: 0, .dots, residuals)])
        return PanelChart(
            x: frequencyAxis,
            panels: [.init(y: y, series: [Series("visits", color: 0, .dots, points), curve], height: 200)]
                + (residuals.isEmpty ? [] : [residual]))
    }

    var time: Figure {
        let points = measured(\.stepSeconds)
        let law = laws.stepTime
        return Figure(
            "T(f): time of a step\(name)",
            "The law T = a + b/f, a \(NumberText.si(law.fixedSeconds, "s")), b \(NumberText.si(law.cycles, "cycles")); its "
                + "residuals are up to \(NumberText.percent(law.maximumResidual)), those of the paper's b/f alone up to "
                + "\(NumberText.percent(laws.inverseFrequencyResidual)). Each dot is the trimmed mean of one visit's steps, at the frequency that was achieved.",
            chart(
                Axis("time of a step", unit: "s"), points,
                Series("a + b/f", color: 1, .line, curve { law.seconds(atHertz: $0) })
            ) { law.seconds(atHertz: $0) },
            table(points, "s", "frequency_sweep.visits[i].steps", { law.seconds(atHertz: $0) }))
    }

    /// `nil` without a meter.
    var power: Figure? {
        guard let law = laws.grossPower else { return nil }
        let points = measured(\.grossWatts)
        func watts(_ hertz: Double) -> Double? { law.watts(atHertz: hertz, laws.referenceHertz)?.value }
        let cubic = laws.cubicPowerResidual.map { ", those of the paper's k f³ up to \(NumberText.percent($0))" } ?? ""
        return Figure(
            "P(f): power in steps\(name)",
            "The law P = P0 + k (f/fmax)^alpha, P0 \(NumberText.si(law.staticWatts, "W")), "
                + "k \(NumberText.si(law.dynamicWatts, "W")), alpha \(law.exponent.value.map { NumberText.fixed($0, digits: 2) } ?? "n/a"); "
                + "its residuals are up to \(NumberText.percent(law.maximumResidual))\(cubic). Gross power, "
                + "\(law.exponent.origin.rawValue).",
            chart(
                Axis("power", unit: "W"), points, Series("P0 + k (f/fmax)^alpha", color: 1, .line, curve(watts)), watts
            ), table(points, "W", "frequency_sweep.visits[i].energy_windows", watts))
    }
}
