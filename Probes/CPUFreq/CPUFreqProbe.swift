import ProbeKit
import SystemIO
import SystemPackage

/// Processor clocks and their limits through cpufreq.
///
/// Source: Documentation/admin-guide/pm/cpufreq.rst.
package struct CPUFreqProbe: Probe {
    package let name = "cpufreq"
    package let interface = "cpufreq"
    package let root: SystemRoot

    package init(root: SystemRoot) { self.root = root }

    /// Every policy as it is now; empty where the kernel does not scale the clock. One whose processors are all off line
    /// has no clock and is left out.
    package func policies() -> [CPUFreqPolicy] { CPUFreqPolicy.all(root: root) }

    package func availability() -> Availability {
        let policies = policies()
        guard let first = policies.first else { return absent() }
        var reason = policies.count == 1 ? "1 policy" : "\(policies.count) policies"
        if let driver = first.driver { reason += ", driver \(driver)" }
        let governors = Set(policies.compactMap(\.governor)).sorted()
        if !governors.isEmpty { reason += ", governor \(governors.joined(separator: ", "))" }
        if !policies.contains(where: \.isSettable) {
            reason += "; the clock can be read, not set (sudo cpupower frequency-set --max FREQUENCY sets it)"
        }
        guard let leftover = leftover() else { return Availability(.present, reason: reason) }
        return Availability(.present, reason: "\(reason); \(leftover.message)", remedy: leftover.remedy)
    }

    /// The clock of every policy now, in hertz.
    package func readings() -> ProbeReadings {
        var result = ProbeReadings()
        for policy in policies() {
            if let hertz = policy.currentHertz {
                result.readings.append(Reading(sensor: policy.name, value: hertz, unit: .hertz))
            } else {
                let file = policy.directory.appending("scaling_cur_freq")
                result.failures.append(KerfError(.invalidReading, "the driver tells no current clock", at: file))
            }
        }
        return result
    }

    private func absent() -> Availability {
        let reason = "no policy in \(root.file("sys/devices/system/cpu/cpufreq"))"
        switch ProcessorKind(root: root) {
        case .virtualX86:
            return Availability(
                .absent, reason: reason + ": this is a virtual machine, and its clock is the host's",
                remedy: "run on the machine itself, or against a virtual board: kerf board --root DIR")
        case .x86, .other:
            return Availability(
                .absent, reason: reason + ": no driver scales the clock",
                remedy: "allow P-states in the firmware's settings, then look at: cpupower frequency-info --driver")
        }
    }
}
