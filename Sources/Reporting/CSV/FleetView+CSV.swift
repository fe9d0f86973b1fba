import CARD
import CollectedFiles
import ProfileFormat
import Quantities
import SystemIO
import Workload

extension FleetView {
    /// The tables of boxes, findings, changes, missing values, workloads and files.
    var csvTables: [CSVTable] { [boxTable, findingTable, changeTable, missingTable, workloadTable, fileTable] }

    private var boxTable: CSVTable {
        var columns = CSVColumns<FleetBox>()
        columns.add("box", "Name of the box's folder") { $0.name }
        columns.add("role", "device, or server of another box's decision") { $0.role.rawValue }
        columns.add("state", "fine, problem, failed or unreachable") { $0.state.rawValue }
        columns.add("outcome", "How collecting went, where that was written") { $0.collection?.outcome.rawValue }
        columns.add("step", "The step that failed") { $0.collection?.step }
        columns.add("error", "The last line of its error") { $0.collection?.error }
        columns.add("collected", "When the status was written") { $0.collection?.time }
        addHost(&columns)
        columns.add("meter", "The energy meter; empty for time alone") { $0.meter?.name }
        columns.add("meter_origin", "How energies were obtained; unavailable for time alone") { $0.meter?.origin }
        columns.add("meter_reason", "Why there is no meter, or what is to be said of it") { $0.meter?.reason }
        columns.add("closure_time", in: "ratio", "(Sum of the layers' times - step's) / step's") {
            $0.closure?.timeRatio
        }
        columns.add("closure_gross_energy", in: "ratio", "The same of gross energies") { $0.closure?.grossEnergyRatio }
        columns.add("closure_net_energy", in: "ratio", "The same of net energies") { $0.closure?.netEnergyRatio }
        addDisturbances(&columns)
        columns.add("workload", "Place in the table of workloads, from 0") { $0.workload }
        addCalibration(&columns)
        columns.add("changes", "What has changed since it was calibrated; empty where that is not known") {
            $0.identity?.changes.count
        }
        addDecision(&columns)
        return columns.table("boxes", "a box", of: boxes)
    }

    private func addHost(_ columns: inout CSVColumns<FleetBox>) {
        columns.add("cpu_model", "The processor's name") { $0.host?.cpuModel }
        columns.add("architecture", "Of the processor") { $0.host?.architecture }
        columns.add("cores", "Cores of the box") { $0.host?.cores }
        columns.add("threads", "Logical processors of the box") { $0.host?.threads }
        columns.add("memory_bytes", "Memory of the box") { $0.host?.memoryBytes }
        columns.add("kernel_release", "The kernel's version") { $0.host?.kernelRelease }
    }

    private func addDisturbances(_ columns: inout CSVColumns<FleetBox>) {
        columns.add("disturbance_profiles", "Profiles that say what disturbed them") { $0.disturbances?.profiles }
        columns.add("measurement_count", "Steps and windows that were taken") { $0.disturbances?.measurementCount }
        columns.add("rejected_count", "Those that were rejected") { $0.disturbances?.rejectedCount }
        columns.add("rejected_share", "Time of rejected ones over that of all") { $0.disturbances?.rejectedShare }
        columns.add("main_cause", "The cause that took the most time") { $0.disturbances?.mainCause }
        columns.add("disturbance_summary", "All causes in words") { $0.disturbances?.summary }
    }

    private func addCalibration(_ columns: inout CSVColumns<FleetBox>) {
        columns.add("calibration", "The calibration's file in the box's folder") { $0.calibration?.file }
        columns.add("calibration_sha256", "SHA-256 of its bytes") { $0.calibration?.sha256 }
        columns.add("calibration_kerf_version", "The version of Kerf that made it") { $0.calibration?.kerfVersion }
        columns.add("calibration_profiles", "Profiles that it was made from") { $0.calibration?.profiles }
        columns.add("calibration_threads", "Threads of its workload") { $0.calibration?.threads }
        columns.add("measured", "End of the last run that it was made from") { $0.calibration?.measured }
        columns.add("age_days", "Days since then") { $0.calibration?.ageDays }
    }

    private func addDecision(_ columns: inout CSVColumns<FleetBox>) {
        columns.add("decision", "The decision's file; empty for one that was made for the view") { $0.decision?.file }
        columns.add("server_cpu_model", "The server's processor") { $0.decision?.serverCpuModel }
        columns.add("cut", "The chosen cut layer") { $0.decision?.cut }
        columns.add("block_count", "Blocks of the model") { $0.decision?.blockCount }
        columns.add("kind", "server_only, split or device_only") { $0.decision?.kind }
        columns.add("probability", "Probability that the choice is the best cut") { $0.decision?.probability }
        columns.add("indistinguishable_cuts", "Cuts that cannot be told from it, with blanks between") {
            $0.decision?.indistinguishableCuts.map { $0.map(String.init).joined(separator: " ") }
        }
        columns.add("delay", in: "seconds", "Delay of a round") { $0.decision?.delaySeconds }
        columns.add("server_energy", in: "joules", "The server's energy of a round") { $0.decision?.serverEnergyJoules }
        columns.add("weight", "Weight of delay") { $0.decision?.weight }
        columns.add("level", "Model level that decided") { $0.decision?.level }
        columns.add("stands", "Whether the decision can be relied on") { $0.decision?.stands }
    }

    private var findingTable: CSVTable {
        var columns = CSVColumns<Row<FleetFinding>>()
        columns.add("box", "Name of the box; empty for the fleet's folder") { $0.box }
        columns.add("severity", "problem or note") { $0.item.severity.rawValue }
        columns.add("kind", "What was found") { $0.item.kind.rawValue }
        columns.add("text", "The same in words") { $0.item.text }
        columns.add("remedy", "What helps") { $0.item.remedy }
        return columns.table(
            "findings", "a problem or a note", of: rows(\.findings) + findings.map { Row(box: nil, item: $0) })
    }

    /// Something of a box; `nil` for that of the fleet's folder.
    private struct Row<Item> {
        var box: String?
        var item: Item
    }

    private func rows<Item>(_ items: (FleetBox) -> [Item]) -> [Row<Item>] {
        boxes.flatMap { box in items(box).map { Row(box: box.name, item: $0) } }
    }

    private var changeTable: CSVTable {
        var columns = CSVColumns<Row<BoxChange>>()
        columns.add("box", "Name of the box") { $0.box }
        columns.add("trait", "What of the box has changed") { $0.item.trait.rawValue }
        columns.add("calibrated", "When it was calibrated") { $0.item.calibrated }
        columns.add("present", "When the doctor was run") { $0.item.present }
        return columns.table(
            "changes", "what has changed of a box since it was calibrated", of: rows { $0.identity?.changes ?? [] })
    }

    private var missingTable: CSVTable {
        var columns = CSVColumns<Row<MissingValue>>()
        columns.add("box", "Name of the box") { $0.box }
        columns.add("value", "What is missing") { $0.item.value.rawValue }
        columns.add("reason", "Why") { $0.item.reason }
        return columns.table("missing", "a value that a box does not have", of: rows(\.missing))
    }

    private var workloadTable: CSVTable {
        var columns = CSVColumns<FleetWorkload>()
        columns.add("model", "The model's name") { $0.model.name }
        columns.add("block_count", "Its blocks") { $0.model.blockCount }
        columns.add("hidden_size", "Its hidden size") { $0.model.hiddenSize }
        columns.add("head_count", "Its attention heads") { $0.model.headCount }
        columns.add("key_value_head_count", "Its heads of keys and values") { $0.model.keyValueHeadCount }
        columns.add("head_size", "The size of a head") { $0.model.headSize }
        columns.add("intermediate_size", "The inner size of its MLP") { $0.model.intermediateSize }
        columns.add("vocabulary_size", "Its tokens") { $0.model.vocabularySize }
        columns.add("batch", "Sequences in a batch") { $0.workload.batch }
        columns.add("sequence", "Tokens in a sequence") { $0.workload.sequence }
        columns.add("lora_rank", "Rank of the LoRA adapters") { $0.workload.loraRank }
        columns.add("lora_alpha", "Their alpha") { $0.workload.loraAlpha }
        columns.add("lora_targets", "Projections with adapters") { $0.workload.loraTargetNames }
        columns.add("dtype", "Format of activations, and of weights that are not quantized") {
            $0.workload.dtype.rawValue
        }
        columns.add("threads", "Threads of the first box") { $0.workload.threads }
        columns.add("boxes", "How many boxes were calibrated for it") { $0.boxes.count }
        return columns.table("workloads", "a workload that boxes were calibrated for", of: workloads)
    }

    private var fileTable: CSVTable {
        var columns = CSVColumns<Row<FleetFile>>()
        columns.add("box", "Name of the box") { $0.box }
        columns.add("file", "Name in the box's folder") { $0.item.name }
        columns.add("schema", "What it is: kerf.profile and so on") { $0.item.schema }
        columns.add("sha256", "SHA-256 of its bytes") { $0.item.sha256 }
        return columns.table("files", "a file of a box", of: rows(\.files))
    }
}
