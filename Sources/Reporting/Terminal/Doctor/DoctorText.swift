import CARD
import Instrumentation
import ProbeKit
import ProfileFormat
import Quantities
import SystemIO

/// The report as text for a terminal.
package struct DoctorText {
    private let report: DoctorReport

    package init(_ report: DoctorReport) { self.report = report }

    /// All lines. Names come from untrusted files, so control sequences are removed.
    package var lines: [String] {
        var lines: [String] = []
        if report.origin == .simulated {
            lines.append("SIMULATED: everything below is read from a virtual board, not from this box")
        }
        lines += ["kerf doctor, root \(report.root)", ""]
        lines += probes
        lines += section("energy meters, in the order in which they are tried", backends)
        lines += section("meter program", report.meterProgram.map(program) ?? [])
        lines += section("energy domains", EnergyTree(report.energy).lines)
        lines += section("frequency", policies)
        lines += section("sensors", sensors)
        lines += section("PCI", devices)
        lines += section("host", report.host.map { HostLines($0).lines } ?? [])
        lines += ["", "energy: \(report.energy.summary)"]
        let names = LongNames(in: report)
        return lines.map { PlainText.shown(names.cut(in: $0), limit: .max) }
    }

    private func section(_ title: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : ["", title] + lines.map { "  " + $0 }
    }

    private var probes: [String] {
        findings(
            report.probes.map { ([$0.name, $0.status.rawValue, $0.reason], $0.remedy, $0.failures) })
    }

    private var backends: [String] {
        findings(
            report.energy.backends.map { backend in
                ([backend.name, backend.used ? "used" : backend.status.rawValue, backend.reason], backend.remedy, [])
            })
    }

    private func program(_ check: MeterProgramCheck) -> [String] {
        let name = check.program.map { PlainText.name($0.meter) } ?? "program"
        var lines = findings([([name, check.status.rawValue, check.reason], check.remedy, [])])
        if let domain = check.domain, let watts = check.watts, let seconds = check.intervalSeconds {
            lines.append("\(domain): \(NumberText.si(watts, "W")), a sample every \(NumberText.si(seconds, "s"))")
        }
        if let program = check.program { lines += [program.text, program.counts] }
        return lines
    }

    /// A line for each row, followed by its remedy and its failures.
    private func findings(_ rows: [(head: [String], remedy: String?, failures: [String])]) -> [String] {
        let names = rows.compactMap(\.head.first?.count).max() ?? 0
        let margin = String(repeating: " ", count: names + 2)
        var lines: [String] = []
        for (row, head) in zip(rows, DoctorFormat.columns(rows.map(\.head))) {
            lines.append(head)
            if let remedy = row.remedy { lines.append(margin + "remedy: " + remedy) }
            lines += row.failures.map { margin + "not read: " + $0 }
        }
        return lines
    }

    private var policies: [String] {
        let header = ["policy", "CPUs", "driver", "governor", "hardware GHz", "allowed GHz", "now GHz", "can be set"]
        let rows = report.frequencyPolicies.map { policy in
            [
                policy.name, CPUList.text(of: policy.cpus), policy.driver ?? "-", policy.governor ?? "-",
                range(policy.hardwareMinimumHertz, policy.hardwareMaximumHertz),
                range(policy.scalingMinimumHertz, policy.scalingMaximumHertz), gigahertz(policy.currentHertz),
                policy.settable ? "yes" : "no",
            ]
        }
        return rows.isEmpty ? [] : DoctorFormat.columns([header] + rows)
    }

    private var sensors: [String] {
        report.sensorChips.filter { !$0.sensors.isEmpty }.flatMap { chip in
            let rows = chip.sensors.map { sensor in
                let limits = [("max", sensor.maximum), ("critical", sensor.critical)]
                    .compactMap { name, value in
                        value.map { "\(name) \(NumberText.fixed($0, digits: places(of: sensor.unit)))" }
                    }
                return [
                    sensor.label,
                    "\(NumberText.fixed(sensor.value, digits: places(of: sensor.unit))) \(sensor.unit.symbol)",
                    limits.joined(separator: ", "),
                ]
            }
            return [PlainText.name(chip.name)] + DoctorFormat.columns(rows).map { "  " + $0 }
        }
    }

    private func places(of unit: ReadingUnit) -> Int {
        switch unit {
        case .celsius: 1
        case .revolutionsPerMinute: 0
        default: 3
        }
    }

    private var devices: [String] {
        DoctorFormat.columns(report.pciDevices.map { [$0.address, $0.kind, $0.title, $0.link.map(linkText) ?? ""] })
    }

    private func linkText(_ link: DoctorReport.Link) -> String {
        let text = { (speed: Double?, lanes: Int?) in
            (speed.map { "\(NumberText.fixed($0, digits: $0 == 2.5 ? 1 : 0)) GT/s" } ?? "? GT/s")
                + (lanes.map { " x\($0)" } ?? " x?")
        }
        let best = text(link.bestGigatransfersPerSecond, link.bestLanes)
        guard link.currentLanes != nil || link.currentGigatransfersPerSecond != nil else {
            return "link down, maximum \(best)"
        }
        let now = text(link.currentGigatransfersPerSecond, link.currentLanes)
        return link.belowBest ? "link \(now), below its maximum of \(best)" : "link \(now)"
    }

    private func range(_ low: Double?, _ high: Double?) -> String {
        low == nil && high == nil ? "-" : "\(gigahertz(low))..\(gigahertz(high))"
    }

    private func gigahertz(_ hertz: Double?) -> String { hertz.map { NumberText.fixed($0 / 1e9, digits: 2) } ?? "-" }
}

/// Alignment of text in the doctor's report.
package enum DoctorFormat {
    /// Rows of texts with each column padded to its widest: a table without a heading.
    ///
    /// Names come from the system and may have any length: one label of 300 characters would push the values of all
    /// sensors out of sight. So all columns but the last, which holds sentences, are cut where a name is.
    package static func columns(_ rows: [[String]]) -> [String] {
        let count = rows.map(\.count).max() ?? 0
        var table = TextTable(Array(repeating: TextTable.Column("", .left), count: count))
        for row in rows {
            table.append(row.prefix(count - 1).map(PlainText.name) + row.dropFirst(count - 1))
        }
        return Array(table.lines.suffix(rows.count))
    }
}
