import Instrumentation
import SystemIO

/// Names of a report that are too long for a line, and their short forms, for the sentences that quote them: reasons, sums
/// of energy domains. The report itself keeps them whole.
struct LongNames {
    private let names: [String]

    init(in report: DoctorReport) {
        var names = report.sensorChips.flatMap { [$0.name] + $0.sensors.map(\.label) }
        names += report.energy.domains.flatMap { [$0.name, $0.identifier] }
        names += report.pciDevices.map(\.title)
        names += report.frequencyPolicies.flatMap { [$0.driver, $0.governor].compactMap(\.self) }
        let host = report.host
        names += [host?.cpuModel, host?.microcode, host?.hypervisor, host?.kernelRelease].compactMap(\.self)
        // An identifier holds a name, and must be cut as a whole.
        self.names = Set(names.filter { PlainText.width(of: $0) > PlainText.nameLimit })
            .sorted { ($0.count, $0) > ($1.count, $1) }
    }

    func cut(in line: String) -> String {
        names.reduce(line) { line, name in
            line.contains(name) ? line.replacing(name, with: PlainText.name(name)) : line
        }
    }
}
