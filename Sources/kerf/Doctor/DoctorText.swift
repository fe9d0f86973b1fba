import ProbeKit

/// The report as text for a terminal.
struct DoctorText {
    private let report: DoctorReport

    init(_ report: DoctorReport) { self.report = report }

    /// All lines. Names come from files that anyone may have written, so that nothing in them reaches the terminal
    /// as a control sequence.
    var lines: [String] {
        var lines = ["kerf doctor, root \(report.root)", ""]
        lines += probes
        lines += section("energy domains", EnergyTree(report.energy).lines)
        lines += section("clock", policies)
        lines += section("sensors", sensors)
        lines += section("PCI", devices)
        lines += section("host", report.host.map { HostLines($0).lines } ?? [])
        lines += ["", "energy: \(report.energy.summary)"]
        return lines.map(Self.harmless)
    }

    private func section(_ title: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : ["", title] + lines.map { "  " + $0 }
    }

    private var probes: [String] {
        let names = report.probes.map(\.name.count).max() ?? 0
        let margin = String(repeating: " ", count: names + 2)
        var lines: [String] = []
        for probe in report.probes {
            let status = DoctorFormat.padded(probe.status.rawValue, to: 11)
            lines.append(DoctorFormat.padded(probe.name, to: names + 2) + status + probe.reason)
            if let remedy = probe.remedy { lines.append(margin + "remedy: " + remedy) }
            lines += probe.failures.map { margin + "not read: " + $0 }
        }
        return lines
    }

    private var policies: [String] {
        let header = ["policy", "CPUs", "driver", "governor", "hardware GHz", "allowed GHz", "now GHz", "can be set"]
        let rows = report.frequencyPolicies.map { policy in
            [
                policy.name, DoctorFormat.ranges(policy.cpus), policy.driver ?? "-", policy.governor ?? "-",
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
                        value.map { "\(name) \(DoctorFormat.fixed($0, places(of: sensor.unit)))" }
                    }
                return [
                    sensor.label, "\(DoctorFormat.fixed(sensor.value, places(of: sensor.unit))) \(sensor.unit.symbol)",
                    limits.joined(separator: ", "),
                ]
            }
            return [chip.name] + DoctorFormat.columns(rows).map { "  " + $0 }
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
            (speed.map { "\(DoctorFormat.fixed($0, $0 == 2.5 ? 1 : 0)) GT/s" } ?? "? GT/s")
                + (lanes.map { " x\($0)" } ?? " x?")
        }
        let best = text(link.bestGigatransfersPerSecond, link.bestLanes)
        guard link.currentLanes != nil || link.currentGigatransfersPerSecond != nil else {
            return "link down, at best \(best)"
        }
        let now = text(link.currentGigatransfersPerSecond, link.currentLanes)
        return link.belowBest ? "link \(now), below its best of \(best)" : "link \(now)"
    }

    private func range(_ low: Double?, _ high: Double?) -> String {
        low == nil && high == nil ? "-" : "\(gigahertz(low))..\(gigahertz(high))"
    }

    private func gigahertz(_ hertz: Double?) -> String { hertz.map { DoctorFormat.fixed($0 / 1e9, 2) } ?? "-" }

    private static func harmless(_ line: String) -> String {
        String(
            String.UnicodeScalarView(
                line.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
    }
}
