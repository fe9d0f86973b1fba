import CostComparison
import ProfileFormat
import Quantities
import SystemIO
import Workload

extension CostComparison {
    /// What a table shows besides the step, the kinds of layer, and what stands out.
    package struct Detail: Sendable {
        /// Every block.
        package var blocks: Bool
        /// Every kernel.
        package var kernels: Bool

        package init(blocks: Bool = false, kernels: Bool = false) {
            self.blocks = blocks
            self.kernels = kernels
        }
    }

    /// A sentence for each comparison, what is compared, the table, and how to read it.
    package func report(_ detail: Detail = Detail()) -> String {
        let simulated = sides.contains { $0.box.virtualBoard != nil || $0.meter.origin == .simulated }
        var text = simulatedLine(simulated)
        text += comparisons.map { headline($0) + "\n" }.joined() + "\n" + workloadLine + sideTable.text + "\n"
        text += table(detail).text + "\n" + rangeLines + omittedLine(detail) + budgetLine
        let notes = comparisons.flatMap(\.notes).reduce(into: [String]()) { notes, note in
            if !notes.contains(note) { notes.append(note) }
        }
        return text + notes.map { "note: \(PlainText.shown($0, limit: 400))\n" }.joined()
            + warnings.map { "warning: \(PlainText.shown($0, limit: 400))\n" }.joined()
    }

    /// The costs above a limit in one line, the one furthest above first; `nil` where there is none.
    package func excessLine(above limit: Double) -> String? {
        let found = rows(above: 1 + limit).sorted { ($0.row.ratio.lower ?? 0) > ($1.row.ratio.lower ?? 0) }
        guard let (comparison, row) = found.first else { return nil }
        let more = found.count > 1 ? "; so are \(found.count - 1) more" : ""
        return
            "\(label(comparison.side)): \(PlainText.name(row.name)), \(row.value.words), is \(Self.text(row.ratio)) of the baseline's, "
            + "above \(NumberText.fixed(1 + limit, digits: 3))\(more)"
    }

    // MARK: - Verdicts

    private func headline(_ comparison: SideComparison) -> String {
        let isBlind = comparison.betweenRuns == .notIncluded && !comparison.differences.isEmpty
        return verdict(comparison)
            + (isBlind ? " (without the spread between runs: two runs of one box may differ as well)" : "")
    }

    private func verdict(_ comparison: SideComparison) -> String {
        let (own, theirs) = (label(0), label(comparison.side))
        let time = comparison.row(.step, .timeSeconds)
        let others = comparison.differences.count { $0.part.family != .step }
        let further = others > 0 ? "; \(others) of \(testedParts(comparison)) costs of layers and kernels differ" : ""
        let energy = energyWords(
            comparison.row(.step, .grossEnergyJoules), isTimeDifferent: time?.verdict.isDifference == true)
        switch time?.verdict {
        case .higher?:
            return "\(theirs) is slower than \(own): a step takes \(change(time, "time"))\(energy)\(further)"
        case .lower?:
            return "\(theirs) is faster than \(own): a step takes \(change(time, "time"))\(energy)\(further)"
        case .noDifference?:
            let finding = "step time differs by \(signedChange(time)), and \(found(time)) would have been found"
            let start =
                comparison.differences.isEmpty
                ? "no difference found between \(own) and \(theirs)" : "\(own) and \(theirs) differ in parts"
            return "\(start): \(finding)\(energy)\(further)"
        case .tooUncertain?:
            let start =
                comparison.differences.isEmpty
                ? "too uncertain whether \(own) and \(theirs) differ"
                : "\(own) and \(theirs) differ in parts, and the whole step is too uncertain"
            return "\(start): step time differs by \(signedChange(time)), and "
                + "less than \(found(time)) may be missed\(energy)\(further)"
        case .notCompared?, nil:
            return
                "\(own) and \(theirs): the step's time is not compared (\(PlainText.shown(time?.ratio.reason ?? "n/a")))"
        }
    }

    private func energyWords(_ row: ComparedRow?, isTimeDifferent: Bool) -> String {
        switch row?.verdict {
        case .higher?, .lower?: "\(isTimeDifferent ? ", and" : ";") \(change(row, "gross energy"))"
        case .noDifference?: "; no difference of gross energy found (\(signedChange(row)))"
        case .tooUncertain?: "; gross energy is too uncertain (\(signedChange(row)))"
        case .notCompared?, nil: "; energy n/a"
        }
    }

    private func testedParts(_ comparison: SideComparison) -> Int {
        comparison.rows.count { $0.part.family != .step && $0.ratio.lower != nil }
    }

    /// `5.1 % more time (3.9 to 6.3 %)`, `5.95 times the time (5.80 to 6.10)`.
    private func change(_ row: ComparedRow?, _ what: String) -> String {
        guard let ratio = row?.ratio, let value = ratio.value, let lower = ratio.lower, let upper = ratio.upper else {
            return "an unknown \(what)"
        }
        if value >= 2 {
            return "\(Self.number(value)) times the \(what) (\(Self.number(lower)) to \(Self.number(upper)))"
        }
        let (low, high) = value > 1 ? (lower - 1, upper - 1) : (1 - upper, 1 - lower)
        return "\(NumberText.percent(abs(value - 1))) \(value > 1 ? "more" : "less") \(what) "
            + "(\(NumberText.fixed(low * 100, digits: 1)) to \(NumberText.percent(high)))"
    }

    private func signedChange(_ row: ComparedRow?) -> String {
        guard var change = row?.ratio, let value = change.value else { return "n/a" }
        change.value = value - 1
        change.lower = change.lower.map { $0 - 1 }
        change.upper = change.upper.map { $0 - 1 }
        return NumberText.percent(change)
    }

    private func found(_ row: ComparedRow?) -> String {
        row?.detectableRatio.map { NumberText.percent($0) } ?? "a factor of ten"
    }

    // MARK: - What is compared

    private var workloadLine: String {
        "\(PlainText.shown(model.name)), batch \(workload.batch), sequence \(workload.sequence), "
            + workload.stepText + "\n"
    }

    private var sideTable: TextTable {
        var table = TextTable([
            .init("", .left), .init("file", .left), .init("runs"), .init("box", .left), .init("energy meter", .left),
        ])
        for (place, side) in sides.enumerated() {
            let threads = side.engineThreads == 1 ? "1 thread" : "\(side.engineThreads) threads"
            let meter = side.meter.name.map { PlainText.shown($0, limit: 40) } ?? "none"
            table.append([
                place == 0 ? "baseline" : "", PlainText.shown(side.name, limit: 80), "\(side.runs)",
                "\(PlainText.name(side.box.cpuModel)), \(threads), \(PlainText.shown(side.box.engine.name, limit: 20))",
                "\(meter) [\(side.meter.origin.rawValue)]",
            ])
        }
        return table
    }

    /// The last part of a file's name, or all of it where two files have the same.
    private func label(_ place: Int) -> String {
        func last(_ name: String) -> String { String(name.split(separator: "/").last ?? Substring(name)) }
        let name = sides[place].name
        let isUnique = sides.count { last($0.name) == last(name) } == 1
        return PlainText.shown(isUnique ? last(name) : name, limit: 60)
    }

    // MARK: - Costs

    /// Blocks and kernels that stand out, at most as many of each.
    private static let maximumStandingOut = 8

    /// The baseline's rows that the table shows, in their order.
    private func shownRows(_ detail: Detail) -> [ComparedRow] {
        let rows = comparisons[0].rows
        let standingOut = Set(standingOut(.block) + standingOut(.kernel))
        return rows.filter { row in
            let found = comparisons.compactMap { $0.row(row.part, row.value) }
            let isMissing = found.allSatisfy { $0.verdict == .notCompared }
            return switch row.part.family {
            case .step: true
            case .kind: !isMissing
            case .block: !isMissing && (detail.blocks || standingOut.contains(row.key))
            case .kernel: !isMissing && (detail.kernels || standingOut.contains(row.key))
            }
        }
    }

    /// The rows of a family that stand out the most.
    private func standingOut(_ family: ComparedPart.Family) -> [ComparedRow.Key] {
        var found: [(key: ComparedRow.Key, distance: Double)] = []
        for row in comparisons[0].rows where row.part.family == family {
            let distance = distance(row)
            if distance > 0 { found.append((row.key, distance)) }
        }
        found.sort { $0.distance > $1.distance }
        return found.prefix(Self.maximumStandingOut).map { $0.key }
    }

    /// How far a row stands out in any comparison; 0 where it does not.
    private func distance(_ row: ComparedRow) -> Double {
        comparisons.compactMap { comparison in
            comparison.row(row.part, row.value).map(comparison.distance)
        }.max() ?? 0
    }

    private func table(_ detail: Detail) -> TextTable {
        let isPair = comparisons.count == 1
        var table = TextTable(
            [.init("part", .left), .init("cost", .left), .init(label(0))]
                + (isPair
                    ? [.init(label(1)), .init("ratio", .left), .init("", .left)]
                    : comparisons.map { .init("\(label($0.side)), ratio", .left) }))
        for row in shownRows(detail) {
            let cells = comparisons.flatMap { comparison -> [String] in
                guard let row = comparison.row(row.part, row.value) else { return isPair ? ["n/a", "", ""] : ["n/a"] }
                let ratio = row.ratio.value == nil ? "n/a" : Self.text(row.ratio)
                return isPair
                    ? [NumberText.si(row.other, row.value.unit), ratio, words(row)] : ["\(ratio) \(shortWords(row))"]
            }
            let own = NumberText.si(row.baseline, row.value.unit)
            table.append([PlainText.name(row.name), row.value.words, own] + cells)
        }
        return table
    }

    private func words(_ row: ComparedRow) -> String {
        switch row.verdict {
        case .higher, .lower: shortWords(row)
        case .noDifference: "no difference found; \(found(row)) would be"
        case .tooUncertain: "too uncertain: below \(found(row)) may be missed"
        case .notCompared: PlainText.shown(row.ratio.reason ?? "", limit: 100)
        }
    }

    private func shortWords(_ row: ComparedRow) -> String {
        switch row.verdict {
        case .higher: row.value == .timeSeconds ? "slower" : "more"
        case .lower: row.value == .timeSeconds ? "faster" : "less"
        case .noDifference: "="
        case .tooUncertain: "?"
        case .notCompared: ""
        }
    }

    /// The least and the greatest ratio of the blocks' times.
    private var rangeLines: String {
        comparisons.map { comparison in
            let ranges = Direction.allCases.compactMap { direction -> String? in
                let rows = comparison.rows.filter {
                    $0.part.family == .block && $0.part.direction == direction && $0.value == .timeSeconds
                        && $0.ratio.value != nil
                }.sorted { ($0.ratio.value ?? 0) < ($1.ratio.value ?? 0) }
                guard rows.count > 1, let least = rows.first, let most = rows.last else { return nil }
                return "\(direction.rawValue) \(Self.extreme(least)) to \(Self.extreme(most))"
            }
            guard !ranges.isEmpty else { return "" }
            let name = comparisons.count == 1 ? "" : "\(label(comparison.side)), "
            return "\(name)time of the single blocks: \(ranges.joined(separator: ", "))\n"
        }.joined()
    }

    private static func extreme(_ row: ComparedRow) -> String {
        "\(number(row.ratio.value ?? 0)) (block \(row.part.layer ?? 0))"
    }

    private func omittedLine(_ detail: Detail) -> String {
        let shown = shownRows(detail).count
        let missing = comparisons[0].rows.filter { $0.verdict == .notCompared }
        var text = "\(comparisons[0].rows.count - shown) more costs, of blocks and kernels, are not shown"
        if !missing.isEmpty { text += "; \(missing.count) costs are n/a on a side" }
        return shown < comparisons[0].rows.count ? text + "\n" : ""
    }

    private var budgetLine: String {
        guard let share = errorBudget.shares.first else { return "no ratio has an interval\n" }
        let family = share.errorRate * Double(share.ratios)
        let names = errorBudget.shares.map { "\($0.family.words) (\($0.ratios))" }.joined(separator: ", ")
        return "\(errorBudget.ratios) ratios are compared, and all their intervals hold together with at least "
            + "\(NumberText.percent(errorBudget.confidence, digits: 0)) (Bonferroni: \(NumberText.percent(family, digits: 2)) of error for "
            + "each of \(names))\n"
    }

    private static func text(_ ratio: Quantity) -> String {
        guard let value = ratio.value else { return "n/a" }
        guard let lower = ratio.lower, let upper = ratio.upper else { return number(value) }
        return "\(number(value)) (\(number(lower)) to \(number(upper)))"
    }

    private static func number(_ ratio: Double) -> String {
        (0.1..<10).contains(ratio) ? NumberText.fixed(ratio, digits: 3) : NumberText.significant(ratio, digits: 3)
    }
}

extension SideComparison {
    /// How far a block or kernel differs in another way than its kind of layer does: the greater of their two ratios over
    /// the other, less 1. It is 0 where the interval of its ratio holds that of the kind, or 1.
    fileprivate func distance(_ found: ComparedRow) -> Double {
        guard found.verdict.isDifference, let value = found.ratio.value, let lower = found.ratio.lower,
            let upper = found.ratio.upper
        else { return 0 }
        let part = ComparedPart(family: .kind, kind: found.part.kind, direction: found.part.direction)
        let typical = row(part, found.value)?.ratio.value ?? 1
        return (lower...upper).contains(typical) ? 0 : max(value / typical, typical / value) - 1
    }
}

extension ComparedRow {
    fileprivate struct Key: Hashable {
        var part: ComparedPart
        var value: ComparedValue
    }

    fileprivate var key: Key { Key(part: part, value: value) }
}

extension ComparedValue {
    var words: String {
        switch self {
        case .timeSeconds: "time"
        case .grossEnergyJoules: "gross energy"
        case .netEnergyJoules: "net energy"
        }
    }
}

extension ComparedPart.Family {
    fileprivate var words: String {
        switch self {
        case .step: "the step"
        case .kind: "the kinds of layer"
        case .block: "the blocks"
        case .kernel: "the kernels"
        }
    }
}
