import CARD
import Quantities

extension Decision {
    /// The tables of the alternatives.
    var csvTables: [CSVTable] {
        [cutTable, levelTable, assumptionTable, frontTable, baselineTable, measurementTable]
    }

    private var cutTable: CSVTable {
        let probabilities = Dictionary(
            (confidence?.cuts ?? []).map { ($0.cut, $0.probability) }, uniquingKeysWith: { first, _ in first })
        var columns = CSVColumns<DecidedCut>()
        columns.addCut { $0 }
        columns.add("chosen", "Whether it is the choice") { $0.cut == choice.cut }
        columns.add("tied", "Whether its cost equals that of the choice") { choice.tiedCuts.contains($0.cut) }
        columns.add("probability", "Probability that it is the best cut") { probabilities[$0.cut] }
        columns.add("indistinguishable", "Whether it cannot be distinguished from the choice") { cut in
            confidence?.indistinguishableCuts.map { $0.contains(cut.cut) }
        }
        return columns.table("cuts", "a cut at its best server frequency", of: cuts)
    }

    private var baselineTable: CSVTable {
        var columns = CSVColumns<Baseline>()
        columns.add("baseline", "server_only or device_only") { $0.kind }
        columns.addCut { $0.at }
        columns.add("delay_saving_percent", "(Baseline - choice) / baseline") { $0.delaySavingPercent }
        columns.add("energy_saving_percent", "(Baseline - choice) / baseline") { $0.energySavingPercent }
        return columns.table("baselines", "a fixed alternative", of: baselines)
    }

    private var levelTable: CSVTable {
        var columns = CSVColumns<LevelChoice>()
        columns.add("level", "Model level, A to E") { $0.level }
        columns.add("cut", "Its choice") { $0.cut }
        columns.add("frequency_hertz", "The server's frequency that it chooses") { $0.frequencyHertz }
        columns.add("delay_seconds", "Delay of its choice by its own estimate") { $0.delaySeconds }
        columns.add("server_energy_joules", "Energy of its choice by its own estimate") { $0.serverEnergyJoules }
        columns.add("regret", "Regret by level E, in the unit of the cost U") { $0.regret }
        columns.add("regret_ratio", "The regret over the cost of the best") { $0.regretRatio }
        columns.add("obstacle", "Why its choice is not possible") { $0.obstacle }
        columns.add("unavailable", "Why the level has no choice") { $0.unavailable }
        return columns.table("levels", "the choice of a model level", of: levels)
    }

    private var assumptionTable: CSVTable {
        var columns = CSVColumns<AssumptionFinding>()
        columns.add("assumption", "Its name") { $0.assumption }
        columns.add("statement", "What the paper assumes") { $0.statement }
        columns.add("deviation", in: "ratio", "Relative to what the assumption predicts") { $0.deviation }
        columns.add("verdict", "holds, fails, open or untested") { $0.verdict }
        columns.add("assumed_cut", "The cut that would be chosen under it") { $0.assumedCut }
        columns.add("changes_decision", "Whether that choice is another one") { $0.changesDecision }
        columns.add("regret", "Regret of that choice by level E, in the unit of the cost U") { $0.regret }
        columns.add("regret_ratio", "The regret over the cost of the best") { $0.regretRatio }
        columns.add("obstacle", "Why that choice is not possible") { $0.obstacle }
        return columns.table("assumptions", "an assumption of the paper", of: findings)
    }

    private var frontTable: CSVTable {
        var columns = CSVColumns<FrontPoint>()
        columns.add("weight", "Weight of delay, 0 to 1") { $0.weight }
        columns.add("cut", "The choice at that weight") { $0.cut }
        columns.add("frequency_hertz", "The server's frequency") { $0.frequencyHertz }
        columns.add("delay_seconds", "Delay of a round") { $0.delaySeconds }
        columns.add("server_energy_joules", "The server's energy of a round") { $0.serverEnergyJoules }
        return columns.table("pareto", "a decision that no other beats in both delay and energy", of: front)
    }

    private var measurementTable: CSVTable {
        var columns = CSVColumns<MeasurementValue>()
        columns.add("measurement", "What could be measured longer") { $0.measurement }
        columns.add("regret_reduction", "By how much an exact value would reduce the expected regret") {
            $0.regretReduction
        }
        return columns.table(
            "measurements", "a measurement that could be extended", of: confidence?.measurements ?? [])
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
