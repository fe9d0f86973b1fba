import Instrumentation
import Quantities
import SplitTraining

extension SplitRun {
    /// The tables of turns and steps.
    var csvTables: [CSVTable] { [turnTable, stepTable, activityTable] }

    /// Without the lists of plain values that have tables.
    var withoutSteps: SplitRun {
        var run = self
        run.losses = []
        return run
    }

    private var turnTable: CSVTable {
        var columns = CSVColumns<TurnRecord>()
        columns.add("turn", "Number of the turn in the whole training, from 1") { $0.number }
        columns.add("cut", "The device runs blocks 1 to it") { $0.cut }
        columns.add("first_step", "Steps of this device before the turn") { $0.firstStep }
        columns.add("steps", "Steps of the turn") { $0.stepSeconds.count }
        columns.add("server_hertz", "The frequency that the server was set to") { $0.serverHertz }
        columns.add("delay_seconds", "Adapters on their way, and the wall time of all steps") { $0.costs?.delaySeconds }
        columns.add("device_seconds", "The device computes, within steps") { $0.costs?.deviceSeconds }
        columns.add("uplink_seconds", "Smashed data and targets on their way") { $0.costs?.uplinkSeconds }
        columns.add("server_seconds", "The server computes, within steps") { $0.costs?.serverSeconds }
        columns.add("downlink_seconds", "Gradients on their way") { $0.costs?.downlinkSeconds }
        columns.add("adapter_seconds", "Adapters on their way, both directions") { $0.costs?.adapterSeconds }
        columns.add("overhead_seconds", "The delay less the parts; below zero where they overlap") {
            $0.costs?.overheadSeconds
        }
        columns.add("clock_error_seconds", "How far the two clocks' difference may be off") {
            $0.costs?.clockErrorSeconds
        }
        columns.add("device_disturbance", "Why the turn is not like others") { $0.costs?.device.disturbance }
        columns.add("server_disturbance", "Why the turn is not like others") { $0.costs?.server.disturbance }
        columns.add("device_meter_failure", "Why the device's energies are missing") { $0.costs?.device.meterFailure }
        columns.add("server_meter_failure", "Why the server's energies are missing") { $0.costs?.server.meterFailure }
        columns.add("device_reference_seconds", "Time of a fixed piece of arithmetic on the device") {
            $0.costs?.device.referenceSeconds
        }
        columns.add("server_reference_seconds", "Time of a fixed piece of arithmetic on the server") {
            $0.costs?.server.referenceSeconds
        }
        columns.addOrigin(origin)
        return columns.table("turns", "a turn of the device", of: turns)
    }

    private var stepTable: CSVTable {
        typealias Row = (turn: TurnRecord, step: Int, seconds: Double)
        var columns = CSVColumns<Row>()
        columns.add("turn", "Number of the turn, from 1") { $0.turn.number }
        columns.add("cut", "The device runs blocks 1 to it") { $0.turn.cut }
        columns.add("step", "Number of the step in the whole training, from 1") { $0.turn.firstStep &+ $0.step &+ 1 }
        columns.add("seconds", "Wall time") { $0.seconds }
        columns.add("loss_nats", "Mean loss; empty where it is not a number") { row -> Double? in
            let place = row.turn.firstStep &+ row.step
            return losses.indices.contains(place) ? losses[place] : nil
        }
        columns.addOrigin(origin)
        var rows: [Row] = []
        for turn in turns {
            for (step, seconds) in turn.stepSeconds.enumerated() { rows.append((turn, step, seconds)) }
        }
        return columns.table("steps", "a step", of: rows)
    }

    private var activityTable: CSVTable {
        typealias Row = (
            turn: TurnRecord, side: String, origin: Origin?, step: Int?, activity: Activity, share: ActivityTotals.Share
        )
        var columns = CSVColumns<Row>()
        columns.add("turn", "Number of the turn, from 1") { $0.turn.number }
        columns.add("cut", "The device runs blocks 1 to it") { $0.turn.cut }
        columns.add("step", "Number of the step, from 1; empty outside of steps") { row in
            row.step.map { row.turn.firstStep &+ $0 &+ 1 }
        }
        columns.add("side", "device or server") { $0.side }
        columns.add("activity", "computing, sending or waiting") { $0.activity }
        columns.add("seconds", "Time of the activity") { $0.share.seconds }
        columns.add("joules", "Gross energy in that time") { $0.share.joules }
        columns.add("origin", "How the times were obtained") { _ in origin }
        columns.add("energy_origin", "How the energy was obtained") { $0.origin }
        var rows: [Row] = []
        for turn in turns {
            guard let costs = turn.costs else { continue }
            for (side, part, meter) in [("device", costs.device, deviceMeter), ("server", costs.server, serverMeter)] {
                let steps = part.steps.enumerated().map { (step: Int?.some($0.offset), totals: $0.element) }
                for (step, totals) in steps + [(step: nil, totals: part.outsideSteps)] {
                    for activity in Activity.allCases {
                        rows.append((turn, side, meter?.origin, step, activity, totals[activity]))
                    }
                }
            }
        }
        return columns.table("activities", "an activity of one side in a step", of: rows)
    }
}
