import CARD
import CollectedFiles
import ProfileFormat
import Quantities

/// The boxes of a fleet: what has to be done, and a row for each box.
struct FleetSection {
    let fleet: FleetView

    func section(named name: String) -> Section {
        Section(
            title: "Fleet \(name)", subtitle: "seen at \(fleet.created)", statements: statements, figures: [],
            tables: [hosts, findings] + (fleet.workloads.isEmpty ? [] : [workloads]))
    }

    private var statements: [Section.Statement] {
        let counts = Section.Statement(fleet.isFine ? .good : .caution, fleet.headline)
        let simulated = fleet.boxes.filter { $0.meter?.origin == .simulated }.map(\.name)
        let origin: [Section.Statement] =
            simulated.isEmpty
            ? [] : [.init(.caution, "SIMULATED: energies of \(simulated.joined(separator: ", ")) come from no meter")]
        let all =
            fleet.boxes.flatMap { box in box.findings.map { ("\(box.name): ", $0) } } + fleet.findings.map { ("", $0) }
        let found = all.map { place, finding in
            Section.Statement(
                finding.severity == .problem ? .bad : .note,
                place + finding.text + (finding.remedy.map { "; \($0)" } ?? ""))
        }
        return [counts] + origin + found
    }

    private var hosts: (title: String, table: DataTable) {
        var table = DataTable([
            .init("box", field: "boxes[i].name", isText: true), .init("state", field: "boxes[i].state", isText: true),
            .init("processor", field: "boxes[i].host.cpu_model", isText: true),
            .init("cores", field: "boxes[i].host.cores"),
            .init("kernel", field: "boxes[i].host.kernel_release", isText: true),
            .init("energy by", field: "boxes[i].meter.name, .origin", isText: true),
        ])
        for box in fleet.boxes {
            let lack = box.reason(.host).map { "n/a: \($0)" } ?? "n/a"
            table.append([
                box.name, box.state.rawValue, box.host?.cpuModel ?? lack, box.host.map { "\($0.cores)" } ?? "n/a",
                box.host?.kernelRelease ?? "n/a", meter(box),
            ])
        }
        return ("What the boxes are", table)
    }

    private func meter(_ box: FleetBox) -> String {
        guard let meter = box.meter else { return "n/a" + (box.reason(.meter).map { ": \($0)" } ?? "") }
        guard let name = meter.name, meter.origin != .unavailable else {
            return "time alone" + (meter.reason.map { ": \($0)" } ?? "")
        }
        return "\(name) [\(meter.origin.rawValue)]"
    }

    private var findings: (title: String, table: DataTable) {
        var table = DataTable([
            .init("box", field: "boxes[i].name", isText: true), .init("workload", field: "boxes[i].workload"),
            .init("closure of time", field: "boxes[i].closure.time_ratio"),
            .init("closure of gross energy", field: "boxes[i].closure.gross_energy_ratio"),
            .init("rejected", field: "boxes[i].disturbances.rejected_share"),
            .init("age in days", field: "boxes[i].calibration.age_days"),
            .init("changed since", field: "boxes[i].identity.changes", isText: true),
            .init("cut", field: "boxes[i].decision.cut"),
            .init("probability of being best", field: "boxes[i].decision.probability"),
        ])
        for box in fleet.boxes {
            func lack(_ value: MissingValue.Name) -> String { "n/a" + (box.reason(value).map { ": \($0)" } ?? "") }
            table.append([
                box.name, box.workload.map { "\($0)" } ?? lack(.workload),
                box.closure.map { DataTable.percent($0.timeRatio) } ?? lack(.closure),
                box.closure.map { DataTable.percent($0.grossEnergyRatio) } ?? lack(.closure),
                box.disturbances.map { DataTable.percent($0.rejectedShare) } ?? lack(.disturbances),
                box.calibration.map { $0.ageDays.map { NumberText.fixed($0, digits: 1) } ?? "n/a" }
                    ?? lack(.calibration),
                box.identity.map(changes) ?? lack(.identity),
                box.decision.map { "\($0.cut) of \($0.blockCount)" } ?? lack(.decision),
                box.decision.map { DataTable.percent($0.probability) } ?? "",
            ])
        }
        return ("What was measured and decided", table)
    }

    private func changes(_ comparison: BoxComparison) -> String {
        guard !comparison.changes.isEmpty else { return "nothing" }
        return comparison.changes.map { "\($0.trait.words): \($0.calibrated), now \($0.present)" }
            .joined(separator: "; ")
    }

    private var workloads: (title: String, table: DataTable) {
        var table = DataTable([
            .init("workload"), .init("model", field: "workloads[i].model.name", isText: true),
            .init("training step", field: "workloads[i].workload", isText: true),
            .init("boxes", field: "workloads[i].boxes", isText: true),
        ])
        for (place, work) in fleet.workloads.enumerated() {
            table.append([
                "\(place)", work.model.name,
                "batch \(work.workload.batch), sequence \(work.workload.sequence), \(work.workload.stepText)",
                work.boxes.joined(separator: ", "),
            ])
        }
        return ("Workloads", table)
    }
}
