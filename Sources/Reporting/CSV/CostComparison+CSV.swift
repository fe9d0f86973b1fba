import Calibration
import CostComparison
import ProfileFormat
import Quantities

extension CostComparison {
    /// The tables of ratios and sides.
    var csvTables: [CSVTable] { [ratioTable, sideTable, sideProfileTable, errorTable] }

    private var ratioTable: CSVTable {
        typealias Row = (side: SideComparison, row: ComparedRow)
        var columns = CSVColumns<Row>()
        columns.add("side", "Name of the file that is compared") { name($0.side.side) }
        columns.add("between_runs", "Where the intervals have the variation between runs from") {
            $0.side.betweenRuns.rawValue
        }
        columns.add("part", "A part of the step, in words") { $0.row.name }
        columns.add("family", "Parts that share an error rate: step, kind, block or kernel") {
            $0.row.part.family.rawValue
        }
        columns.add("kind", "embedding, block or head; empty for the whole step") { $0.row.part.kind }
        columns.add("layer", "The block, for the family block only") { $0.row.part.layer }
        columns.add("direction", "forward or backward; empty for the whole step") { $0.row.part.direction }
        columns.add("kernel", "For the family kernel only") { $0.row.part.kernel }
        columns.add("compared", "What is compared, with the unit of both sides") { $0.row.value.rawValue }
        columns.add("baseline", in: "value", "The baseline's, with the interval of its own file") { $0.row.baseline }
        columns.add("other", in: "value", "The side's, with the interval of its own file") { $0.row.other }
        columns.add("relative", in: "ratio", "Other over baseline; all intervals hold together") { $0.row.ratio }
        columns.add("verdict", "higher, lower, no_difference, too_uncertain or not_compared") {
            $0.row.verdict.rawValue
        }
        columns.add("detectable_ratio", "The smallest increase that would have been found in 95 % of comparisons") {
            $0.row.detectableRatio
        }
        var rows: [Row] = []
        for side in comparisons {
            for row in side.rows { rows.append((side, row)) }
        }
        return columns.table("ratios", "a value of a part of the step, compared with the baseline", of: rows)
    }

    private var sideTable: CSVTable {
        var columns = CSVColumns<ComparedSide>()
        columns.add("side", "Name of the file; the first is the baseline") { $0.name }
        columns.add("kind", "profile or calibration") { $0.kind.rawValue }
        columns.add("sha256", "SHA-256 of the file's bytes") { $0.sha256 }
        columns.add("runs", "Runs that the intervals know the spread of") { $0.runs }
        columns.add("cpu_model", "The processor's name") { $0.box.cpuModel }
        columns.add("engine_threads", "Threads of the step") { $0.engineThreads }
        columns.add("pinned", "Whether each thread was bound to a processor") { $0.pinned }
        columns.add("running", in: "hertz", "The frequency during the run") { $0.runningHertz }
        columns.add("reference", in: "seconds", "Time of a fixed piece of arithmetic") { $0.referenceSeconds }
        columns.add("median_celsius", "Median temperature of the processor") { $0.medianCelsius }
        columns.add("meter", "The energy meter") { $0.meter.name }
        columns.add("meter_origin", "How energies were obtained") { $0.meter.origin }
        return columns.table("sides", "a file that is compared", of: sides)
    }

    private var sideProfileTable: CSVTable {
        typealias Row = (side: String, source: ProfileSource)
        var columns = CSVColumns<Row>()
        columns.add("side", "Name of the file") { $0.side }
        columns.add("sha256", "SHA-256 of the profile's bytes") { $0.source.sha256 }
        columns.add("created", "End of the profile's run") { $0.source.created }
        columns.add("kerf_version", "The version of Kerf that made the profile") { $0.source.kerfVersion }
        var rows: [Row] = []
        for side in sides {
            for source in side.profiles { rows.append((side.name, source)) }
        }
        return columns.table("side_profiles", "a profile behind a side's costs", of: rows)
    }

    private var errorTable: CSVTable {
        var columns = CSVColumns<ErrorBudget.Share>()
        columns.add("family", "step, kind, block or kernel") { $0.family.rawValue }
        columns.add("ratios", "Ratios of the family, of all comparisons together") { $0.ratios }
        columns.add("error_rate", "Probability that the interval of one of them misses its true ratio") {
            $0.errorRate
        }
        return columns.table("error_budget", "a family of parts that share an error rate", of: errorBudget.shares)
    }

    private func name(_ side: Int) -> String? { sides.indices.contains(side) ? sides[side].name : nil }
}
