import Calibration
import ProfileFormat
import Quantities
import Workload

/// Time and power as functions of the frequency.
extension Calibration {
    /// The laws of the box as a whole, then those of each kind of core.
    private var laws: [(group: String?, laws: FrequencyCalibration)] {
        let box: [(group: String?, laws: FrequencyCalibration)] = frequencyLaws.map { [(nil, $0)] } ?? []
        return box + (frequencyGroups ?? []).map { ($0.group.name, $0.laws) }
    }

    var frequencyTable: CSVTable {
        typealias Row = (group: String?, laws: FrequencyCalibration, hertz: Double)
        var columns = CSVColumns<Row>()
        columns.add("group", "The kind of core; empty for the whole box") { $0.group }
        columns.add("hertz", "A frequency that was set") { $0.hertz }
        columns.add("reference_hertz", "The frequency at which dynamic power is stated") { $0.laws.referenceHertz }
        columns.add("inverse_frequency_residual_ratio", "Largest residual of the step's time under T = b / f") {
            $0.laws.inverseFrequencyResidual
        }
        columns.add("cubic_power_residual_ratio", "Largest residual of gross power under P = k f^3") {
            $0.laws.cubicPowerResidual
        }
        var rows: [Row] = []
        for (group, laws) in laws {
            for hertz in laws.stepsHertz { rows.append((group, laws, hertz)) }
        }
        return columns.table("frequencies", "a frequency of the sweep", of: rows)
    }

    var timeLawTable: CSVTable {
        typealias Row = (group: String?, pass: LayerPass?, law: TimeLaw)
        var columns = CSVColumns<Row>()
        columns.add("group", "The kind of core; empty for the whole box") { $0.group }
        columns.add("layer", "The layer; empty for the whole step") { $0.pass?.layer }
        columns.add("direction", "forward or backward; empty for the whole step") { $0.pass?.direction }
        columns.add("fixed", in: "seconds", "a of T(f) = a + b / f") { $0.law.fixedSeconds }
        columns.add("cycles", in: "seconds_hertz", "b of T(f) = a + b / f") { $0.law.cycles }
        columns.add("covariance", "Of a and b, in seconds times cycles") { $0.law.covariance }
        columns.add("maximum_residual_ratio", "Largest |measured - law| / measured over the steps") {
            $0.law.maximumResidual
        }
        var rows: [Row] = []
        for (group, laws) in laws {
            rows.append((group, nil, laws.stepTime))
            for pass in laws.passes {
                rows.append((group, LayerPass(layer: pass.layer, direction: pass.direction), pass.time))
            }
        }
        return columns.table("time_laws", "time over frequency, of a pass or the whole step", of: rows)
    }

    var powerLawTable: CSVTable {
        typealias Row = (group: String?, account: String, law: PowerLaw)
        var columns = CSVColumns<Row>()
        columns.add("group", "The kind of core; empty for the whole box") { $0.group }
        columns.add("account", "gross or net") { $0.account }
        columns.add("static_power", in: "watts", "P0 of P(f) = P0 + k (f / reference)^alpha") { $0.law.staticWatts }
        columns.add("dynamic_power", in: "watts", "k, at the reference frequency") { $0.law.dynamicWatts }
        columns.add("exponent", in: "value", "alpha") { $0.law.exponent }
        columns.add("maximum_residual_ratio", "Largest |measured - law| / measured over the steps") {
            $0.law.maximumResidual
        }
        var rows: [Row] = []
        for (group, laws) in laws {
            if let law = laws.grossPower { rows.append((group, "gross", law)) }
            if let law = laws.netPower { rows.append((group, "net", law)) }
        }
        return columns.table("power_laws", "power over frequency during the step", of: rows)
    }
}

extension [SweptGroup] {
    /// The kinds of core that were swept alone.
    var coreTable: CSVTable {
        typealias Row = (group: SweptGroup, cpu: Int)
        var columns = CSVColumns<Row>()
        columns.add("group", "The kind of core") { $0.group.name }
        columns.add("cpu", "Number of a logical CPU that the threads were bound to") { $0.cpu }
        columns.add("threads", "Threads of the step on the group") { $0.group.threads }
        var rows: [Row] = []
        for group in self {
            for cpu in group.cpus { rows.append((group, cpu)) }
        }
        return columns.table("core_groups", "a logical CPU of a kind of core that was swept alone", of: rows)
    }
}
