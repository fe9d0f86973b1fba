import CARD
import Quantities
import Validation

extension ValidationReport {
    /// The tables of rounds and comparisons.
    var csvTables: [CSVTable] { [roundTable, pointTable, termTable, regretTable, assumptionTable, frequencyTable] }

    private var roundTable: CSVTable {
        var columns = CSVColumns<MeasuredRound>()
        columns.add("cut", "The device runs blocks 1 to it") { $0.cut }
        columns.add("server_hertz", "The frequency that the server was set to") { $0.serverHertz }
        columns.add("order", "Place in the random order of all rounds, from 0") { $0.order }
        columns.add("repetition", "Repetition of this cut and frequency, from 0") { $0.repetition }
        columns.add("steps", "Local steps") { $0.steps }
        columns.add("delay_seconds", "Adapters on their way, and the wall time of all steps") { $0.delaySeconds }
        columns.add("device_seconds", "The device computes") { $0.deviceSeconds }
        columns.add("uplink_seconds", "Smashed data and targets on their way") { $0.uplinkSeconds }
        columns.add("server_seconds", "The server computes") { $0.serverSeconds }
        columns.add("downlink_seconds", "Gradients on their way") { $0.downlinkSeconds }
        columns.add("adapter_seconds", "Adapters on their way, both directions") { $0.adapterSeconds }
        columns.add("overhead_seconds", "The delay less the parts; below zero where they overlap") {
            $0.overheadSeconds
        }
        columns.add("device_joules", "Gross energy of the device while it computed") { $0.deviceJoules }
        columns.add("server_joules", "Gross energy of the server while it computed") { $0.serverJoules }
        columns.add("device_idle_watts", "Idle power of the device") { $0.deviceIdleWatts }
        columns.add("server_idle_watts", "Idle power of the server") { $0.serverIdleWatts }
        columns.add("device_reference_seconds", "Time of a fixed piece of arithmetic on the device") {
            $0.deviceReferenceSeconds
        }
        columns.add("server_reference_seconds", "Time of a fixed piece of arithmetic on the server") {
            $0.serverReferenceSeconds
        }
        columns.add("rejection", "Why the round cannot be used") { $0.rejection }
        columns.add("delay_origin", "How the delay was obtained") { _ in conditions.origin(of: .delay) }
        columns.add("device_origin", "How the device's time was obtained") { _ in conditions.origin(of: .device) }
        columns.add("server_origin", "How the server's time was obtained") { _ in conditions.origin(of: .server) }
        columns.add("device_energy_origin", "How the device's energy was obtained") { _ in
            conditions.origin(of: .deviceEnergy)
        }
        columns.add("server_energy_origin", "How the server's energy was obtained") { _ in
            conditions.origin(of: .serverEnergy)
        }
        return columns.table("rounds", "a measured round", of: rounds)
    }

    private var pointTable: CSVTable {
        typealias Row = (point: PointComparison, term: Term)
        var columns = CSVColumns<Row>()
        columns.add("cut", "The device runs blocks 1 to it") { $0.point.cut }
        columns.add("server_hertz", "The frequency that the server was set to") { $0.point.serverHertz }
        columns.add("used_rounds", "Rounds that the measured mean is of") { $0.point.usedRounds }
        columns.add("rejected_rounds", "Rounds that were rejected") { $0.point.rejectedRounds }
        columns.add("term", "What is compared, with the unit of predicted and measured") { $0.term.field }
        columns.add("predicted", in: "value", "The prediction, in the term's unit") {
            $0.point.terms[$0.term].predicted
        }
        columns.add("measured", in: "value", "Mean of the rounds, in the term's unit") {
            $0.point.terms[$0.term].measured
        }
        columns.add("error", in: "ratio", "(Predicted - measured) / measured") { $0.point.terms[$0.term].errorRatio }
        columns.add("share_of_delay", "(Predicted - measured) / measured delay") {
            $0.point.terms[$0.term].shareOfDelay
        }
        columns.add("within_predicted", "Whether the predicted interval holds the measured mean") {
            $0.point.terms[$0.term].withinPredicted
        }
        columns.add("agrees", "Whether the error's interval holds zero") { $0.point.terms[$0.term].agrees }
        columns.add("predicted_cost", "The cost U of the point, as predicted") { $0.point.predictedCost }
        columns.add("measured_cost", "The mean cost U of the point's rounds") { $0.point.measuredCost }
        var rows: [Row] = []
        for point in points {
            for term in Term.allCases { rows.append((point, term)) }
        }
        return columns.table("points", "a term at a cut and server frequency", of: rows)
    }

    private var termTable: CSVTable {
        var columns = CSVColumns<Term>()
        columns.add("term", "What is compared") { $0.field }
        columns.add("points", "Points with an error") { summary.terms[$0].points }
        columns.add("median_error_ratio", "Median of (predicted - measured) / measured") {
            summary.terms[$0].medianErrorRatio
        }
        columns.add("median_absolute_error_ratio", "Median of its magnitude") {
            summary.terms[$0].medianAbsoluteErrorRatio
        }
        columns.add("worst_error_ratio", "The error that is largest in magnitude") { summary.terms[$0].worstErrorRatio }
        columns.add("worst_cut", "Where it is") { summary.terms[$0].worstCut }
        columns.add("worst_hertz", "Where it is") { summary.terms[$0].worstHertz }
        columns.add("judged_points", "Points whose prediction has an interval") { summary.terms[$0].judgedPoints }
        columns.add("within_predicted_share", "Share of them where it holds the measured mean") {
            summary.terms[$0].withinPredictedShare
        }
        columns.add("compared_points", "Points where both have intervals") { summary.terms[$0].comparedPoints }
        columns.add("agreeing_share", "Share of them that agree within both") { summary.terms[$0].agreeingShare }
        return columns.table("terms", "a term over all points", of: Term.allCases)
    }

    private var regretTable: CSVTable {
        typealias Row = (regret: MeasuredRegret, unit: String, estimate: RegretEstimate?)
        var columns = CSVColumns<Row>()
        columns.add("subject", "A model level, A to E, or a baseline") { $0.regret.subject }
        columns.add("cut", "Its choice") { $0.regret.cut }
        columns.add("frequency_hertz", "The server's frequency that it chooses") { $0.regret.frequencyHertz }
        columns.add("measured_hertz", "The frequency of the rounds that stand for it") { $0.regret.measuredHertz }
        columns.add("unit", "What the regret is counted in: the cost U, delay or energy") { $0.unit }
        columns.add("naive_regret_value", "Mean cost of the choice less the least mean cost") {
            $0.estimate?.naiveRegret
        }
        columns.add("naive_regret_ratio", "The same over the least mean cost") { $0.estimate?.naiveRatio }
        columns.add("regret", in: "value", "Corrected for the winner's curse") { $0.estimate?.regret }
        columns.add("relative_regret", in: "ratio", "The corrected regret over the least cost") { $0.estimate?.ratio }
        columns.add("reason", "Why there is no regret") { $0.regret.reason }
        var rows: [Row] = []
        for regret in regrets {
            rows.append((regret, "cost", regret.cost))
            rows.append((regret, "delay_seconds", regret.delaySeconds))
            rows.append((regret, "energy_joules", regret.energyJoules))
        }
        return columns.table("regrets", "the regret of a choice in one unit", of: rows)
    }

    private var assumptionTable: CSVTable {
        var columns = CSVColumns<MeasuredAssumption>()
        columns.add("assumption", "Its name") { $0.assumption }
        columns.add("statement", "What the paper assumes") { $0.statement }
        columns.add("deviation", in: "ratio", "Relative to what the assumption predicts, where it is largest") {
            $0.deviation
        }
        columns.add("verdict", "holds, fails, open or untested") { $0.verdict }
        columns.add("cut", "Where it deviates most") { $0.cut }
        columns.add("server_hertz", "Where it deviates most") { $0.serverHertz }
        columns.add("calibrated_verdict", "The verdict from the calibrations") { $0.calibratedVerdict }
        return columns.table("assumptions", "an assumption of the paper, tested on the rounds", of: assumptions)
    }

    private var frequencyTable: CSVTable {
        var columns = CSVColumns<FrequencyError>()
        columns.add("server_hertz", "The frequency that the server was set to") { $0.serverHertz }
        columns.add("rounds", "Rounds at it") { $0.rounds }
        columns.add("time_error", in: "ratio", "(Predicted - measured) / measured of the server's times") {
            $0.timeErrorRatio
        }
        columns.add("energy_error", in: "ratio", "(Predicted - measured) / measured of its energies") {
            $0.energyErrorRatio
        }
        return columns.table("frequencies", "a frequency of the server", of: summary.frequencies)
    }
}

extension Term {
    /// The name in the file, with the unit.
    var field: String {
        switch self {
        case .delay: "delay_seconds"
        case .device: "device_seconds"
        case .uplink: "uplink_seconds"
        case .server: "server_seconds"
        case .downlink: "downlink_seconds"
        case .adapters: "adapter_seconds"
        case .overhead: "overhead_seconds"
        case .serverEnergy: "server_energy_joules"
        case .deviceEnergy: "device_energy_joules"
        }
    }
}
