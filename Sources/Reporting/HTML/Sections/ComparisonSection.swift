import CostComparison
import ProfileFormat
import Quantities
import Workload

/// A comparison of costs: ratios to the baseline with intervals that hold together.
struct ComparisonSection {
    let comparison: CostComparison

    func section(named name: String) -> Section {
        let sides = comparison.sides
        return Section(
            title: "Comparison \(name)",
            subtitle: "\(comparison.model.name), batch \(comparison.workload.batch), sequence "
                + "\(comparison.workload.sequence); baseline \(comparison.baseline.name), compared with "
                + sides.dropFirst().map(\.name).joined(separator: ", "),
            statements: comparison.comparisons.map(statement),
            figures: comparison.comparisons.flatMap { side in
                [whole(side)] + ComparedValue.allCases.compactMap { blocks(side, $0) }
            }, remarks: comparison.comparisons.flatMap(\.notes) + comparison.warnings)
    }

    private func name(_ side: SideComparison) -> String { comparison.sides[side.side].name }

    private func statement(_ side: SideComparison) -> Section.Statement {
        let differences = side.differences
        let compared = side.rows.count { $0.verdict != .notCompared }
        let uncertain = side.rows.count { $0.verdict == .tooUncertain }
        let checked =
            "\(compared) ratios, of which \(uncertain) are too uncertain to show "
            + NumberText.percent(comparison.resolutionRatio)
        guard let largest = differences.max(by: { abs(change($0)) < abs(change($1)) }) else {
            return .init(
                compared > 0 && uncertain == 0 ? .good : .caution,
                "\(name(side)): no difference was found in \(checked)")
        }
        return .init(
            .note,
            "\(name(side)): \(differences.count == 1 ? "1 difference" : "\(differences.count) differences"), the largest in \(largest.name) "
                + "(\(largest.value.words)): "
                + "\(NumberText.percent(change(largest))); \(checked)")
    }

    private func change(_ row: ComparedRow) -> Double { (row.ratio.value ?? 1) - 1 }

    /// The ratio less one.
    private func cell(_ row: ComparedRow) -> String {
        guard let value = row.ratio.value else { return "n/a" + (row.ratio.reason.map { ": " + $0 } ?? "") }
        guard let lower = row.ratio.lower, let upper = row.ratio.upper else { return NumberText.percent(value - 1) }
        return NumberText.percent(value - 1) + " (\(NumberText.percent(lower - 1)) to \(NumberText.percent(upper - 1)))"
    }

    private static func words(_ verdict: Verdict) -> String {
        switch verdict {
        case .higher: "higher"
        case .lower: "lower"
        case .noDifference: "no difference found"
        case .tooUncertain: "too uncertain"
        case .notCompared: "not compared"
        }
    }

    private func table(_ side: SideComparison, _ rows: [ComparedRow]) -> DataTable {
        let place = comparison.comparisons.firstIndex { $0.side == side.side } ?? 0
        let field = "comparisons[\(place)].rows[i]"
        var table = DataTable([
            .init("part", field: "\(field).name", isText: true), .init("cost", field: "\(field).value", isText: true),
            .init("baseline", field: "\(field).baseline"), .init("other", field: "\(field).other"),
            .init("ratio - 1", field: "\(field).ratio"), .init("verdict", field: "\(field).verdict", isText: true),
            .init("would have been found", field: "\(field).detectable_ratio"),
        ])
        for row in rows {
            table.append([
                row.name, row.value.rawValue, DataTable.cell(row.baseline, row.value.unit),
                DataTable.cell(row.other, row.value.unit), cell(row), Self.words(row.verdict),
                DataTable.percent(row.detectableRatio),
            ])
        }
        return table
    }

    private func whole(_ side: SideComparison) -> Figure {
        let rows = side.rows.filter { $0.part.family == .step || $0.part.family == .kind }
        let bars = rows.map { row -> NamedBars.Bar in
            let cost = row.value.words
            return NamedBars.Bar(
                name: "\(row.name), \(cost)", value: row.ratio.value.map { $0 - 1 },
                lower: row.ratio.lower.map { $0 - 1 }, upper: row.ratio.upper.map { $0 - 1 },
                text: (row.ratio.value.map { _ in NumberText.percent(change(row)) } ?? "n/a") + ", "
                    + Self.words(row.verdict),
                color: row.verdict.isDifference ? 1 : 0)
        }
        return Figure(
            "\(name(side)) over \(comparison.baseline.name)",
            "Ratio less one: above zero it is slower, or takes more energy. All intervals of the comparison hold together in "
                + "\(NumberText.percent(comparison.errorBudget.confidence, digits: 0)) of comparisons "
                + "(\(comparison.errorBudget.method.rawValue), \(comparison.errorBudget.ratios) ratios).",
            NamedBars(axis: Axis("ratio - 1", isRatio: true), bars: bars), table(side, rows))
    }

    /// `nil` where no block has a ratio of this cost.
    private func blocks(_ side: SideComparison, _ value: ComparedValue) -> Figure? {
        let rows = side.rows.filter { $0.part.family == .block && $0.value == value }
        func series(_ direction: Direction, _ color: Int, _ mark: Series.Mark, _ shift: Double) -> Series? {
            let points = rows.filter { $0.part.direction == direction }.compactMap { row -> Series.Point? in
                guard let layer = row.part.layer, let ratio = row.ratio.value else { return nil }
                return Series.Point(
                    Double(layer), ratio - 1, lower: row.ratio.lower.map { $0 - 1 },
                    upper: row.ratio.upper.map { $0 - 1 })
            }
            return points.isEmpty ? nil : Series("\(direction.rawValue)", color: color, mark, points, shift: shift)
        }
        let all = [series(.forward, 0, .dots, -3), series(.backward, 1, .squares, 3)].compactMap(\.self)
        let layers = rows.compactMap(\.part.layer)
        guard !all.isEmpty, let first = layers.min(), let last = layers.max() else { return nil }
        let cost = value.words
        return Figure(
            "Each block's \(cost), \(name(side)) over \(comparison.baseline.name)",
            "Ratio less one of each block, with intervals that hold together with all others of the comparison.",
            Plot(
                x: Axis("block", wholeNumbers: first...max(last, first == .max ? first : first + 1)),
                y: Axis("ratio - 1", isRatio: true),
                series: all), table(side, rows))
    }
}
