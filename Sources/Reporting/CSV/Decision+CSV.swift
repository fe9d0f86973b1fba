import CARD
import Quantities

extension Decision {
    /// The tables of the alternatives.
    var csvTables: [CSVTable] { PlacedDecisions(isOfPairs: false, all: [.init(decision: self)]).tables }
}

/// Decisions whose alternatives are in one set of tables: a single one, or those of all pairs of boxes.
struct PlacedDecisions {
    struct Place {
        /// What the user calls the boxes; `nil` for a decision by itself.
        var device: String?
        var server: String?
        var decision: Decision
    }

    /// Whether rows name their pair.
    var isOfPairs: Bool
    var all: [Place]

    var tables: [CSVTable] { [cutTable, levelTable, assumptionTable, frontTable, baselineTable, measurementTable] }

    /// Rows of all decisions, each with the decision it is of.
    private func rows<Element>(_ elements: (Decision) -> [Element]) -> [(place: Place, element: Element)] {
        all.flatMap { place in elements(place.decision).map { (place: place, element: $0) } }
    }

    private func started<Element>() -> CSVColumns<(place: Place, element: Element)> {
        var columns = CSVColumns<(place: Place, element: Element)>()
        guard isOfPairs else { return columns }
        columns.add("device", "Name of the device") { $0.place.device }
        columns.add("server", "Name of the server") { $0.place.server }
        return columns
    }

    private var cutTable: CSVTable {
        var columns: CSVColumns<(place: Place, element: DecidedCut)> = started()
        columns.addCut { $0.element }
        columns.add("chosen", "Whether it is the choice") { $0.element.cut == $0.place.decision.choice.cut }
        columns.add("tied", "Whether its cost equals that of the choice") {
            $0.place.decision.choice.tiedCuts.contains($0.element.cut)
        }
        columns.add("probability", "Probability that it is the best cut") { row -> Double? in
            row.place.decision.confidence?.cuts.first { $0.cut == row.element.cut }?.probability
        }
        columns.add("indistinguishable", "Whether it cannot be distinguished from the choice") { row -> Bool? in
            row.place.decision.confidence?.indistinguishableCuts?.contains(row.element.cut)
        }
        return columns.table("cuts", "a cut at its best server frequency", of: rows(\.cuts))
    }

    private var baselineTable: CSVTable {
        var columns: CSVColumns<(place: Place, element: Baseline)> = started()
        columns.add("baseline", "server_only or device_only") { $0.element.kind }
        columns.addCut { $0.element.at }
        columns.add("delay_saving_percent", "(Baseline - choice) / baseline") { $0.element.delaySavingPercent }
        columns.add("energy_saving_percent", "(Baseline - choice) / baseline") { $0.element.energySavingPercent }
        return columns.table("baselines", "a fixed alternative", of: rows(\.baselines))
    }

    private var levelTable: CSVTable {
        var columns: CSVColumns<(place: Place, element: LevelChoice)> = started()
        columns.add("level", "Model level, A to E") { $0.element.level }
        columns.add("cut", "Its choice") { $0.element.cut }
        columns.add("frequency_hertz", "The server's frequency that it chooses") { $0.element.frequencyHertz }
        columns.add("delay_seconds", "Delay of its choice by its own estimate") { $0.element.delaySeconds }
        columns.add("server_energy_joules", "Energy of its choice by its own estimate") {
            $0.element.serverEnergyJoules
        }
        columns.add("regret", "Regret by level E, in the unit of the cost U") { $0.element.regret }
        columns.add("regret_ratio", "The regret over the cost of the best") { $0.element.regretRatio }
        columns.add("obstacle", "Why its choice is not possible") { $0.element.obstacle }
        columns.add("unavailable", "Why the level has no choice") { $0.element.unavailable }
        return columns.table("levels", "the choice of a model level", of: rows(\.levels))
    }

    private var assumptionTable: CSVTable {
        var columns: CSVColumns<(place: Place, element: AssumptionFinding)> = started()
        columns.add("assumption", "Its name") { $0.element.assumption }
        columns.add("statement", "What the paper assumes") { $0.element.statement }
        columns.add("deviation", in: "ratio", "Relative to what the assumption predicts") { $0.element.deviation }
        columns.add("verdict", "holds, fails, open or untested") { $0.element.verdict }
        columns.add("assumed_cut", "The cut that would be chosen under it") { $0.element.assumedCut }
        columns.add("changes_decision", "Whether that choice is another one") { $0.element.changesDecision }
        columns.add("regret", "Regret of that choice by level E, in the unit of the cost U") { $0.element.regret }
        columns.add("regret_ratio", "The regret over the cost of the best") { $0.element.regretRatio }
        columns.add("obstacle", "Why that choice is not possible") { $0.element.obstacle }
        return columns.table("assumptions", "an assumption of the paper", of: rows(\.findings))
    }

    private var frontTable: CSVTable {
        var columns: CSVColumns<(place: Place, element: FrontPoint)> = started()
        columns.add("weight", "Weight of delay, 0 to 1") { $0.element.weight }
        columns.add("cut", "The choice at that weight") { $0.element.cut }
        columns.add("frequency_hertz", "The server's frequency") { $0.element.frequencyHertz }
        columns.add("delay_seconds", "Delay of a round") { $0.element.delaySeconds }
        columns.add("server_energy_joules", "The server's energy of a round") { $0.element.serverEnergyJoules }
        return columns.table("pareto", "a decision that no other beats in both delay and energy", of: rows(\.front))
    }

    private var measurementTable: CSVTable {
        var columns: CSVColumns<(place: Place, element: MeasurementValue)> = started()
        columns.add("measurement", "What could be measured longer") { $0.element.measurement }
        columns.add("regret_reduction", "By how much an exact value would reduce the expected regret") {
            $0.element.regretReduction
        }
        return columns.table(
            "measurements", "a measurement that could be extended", of: rows { $0.confidence?.measurements ?? [] })
    }
}

extension CSVColumns {
    /// A cut with its costs.
    fileprivate mutating func addCut(_ cut: @escaping (Row) -> DecidedCut) {
        add("cut", "The device runs blocks 1 to it") { cut($0).cut }
        add("frequency", in: "hertz", "The server's frequency") { cut($0).frequencyHertz }
        add("delay", in: "seconds", "Delay of a round") { cut($0).delaySeconds }
        add("device_seconds", "Part of the delay: the device computes") { cut($0).delayParts.deviceSeconds }
        add("uplink_seconds", "Part of the delay: smashed data on their way") { cut($0).delayParts.uplinkSeconds }
        add("server_seconds", "Part of the delay: the server computes") { cut($0).delayParts.serverSeconds }
        add("downlink_seconds", "Part of the delay: gradients on their way") { cut($0).delayParts.downlinkSeconds }
        add("adapter_seconds", "Part of the delay: adapters on their way") { cut($0).delayParts.adapterSeconds }
        add("latency_seconds", "Part of the delay: latency of messages") { cut($0).delayParts.latencySeconds }
        add("overlap_seconds", "Time in which parts overlap, to be subtracted") { cut($0).delayParts.overlapSeconds }
        add("server_energy", in: "joules", "The server's energy of a round") { cut($0).serverEnergyJoules }
        add("cost", "The cost U, dimensionless") { cut($0).cost }
        add("exclusion", "Why it may not be chosen") { cut($0).exclusion }
    }
}
