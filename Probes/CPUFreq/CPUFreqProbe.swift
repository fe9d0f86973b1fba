import ProbeKit
import SystemIO
import SystemPackage

/// Processor frequencies and their limits through cpufreq.
///
/// Source: Documentation/admin-guide/pm/cpufreq.rst.
package struct CPUFreqProbe: Probe {
    package let name = "cpufreq"
    package let interface = "cpufreq"
    package let root: SystemRoot

    package init(root: SystemRoot) { self.root = root }

    /// The current policies; empty where the kernel does not scale the frequency. A policy whose processors are all offline
    /// has no frequency and is left out.
    package func policies() -> [CPUFreqPolicy] { CPUFreqPolicy.all(root: root) }

    package func availability() -> Availability {
        let policies = policies()
        guard let first = policies.first else { return absent() }
        var reason = policies.count == 1 ? "1 policy" : "\(policies.count) policies"
        if let driver = first.driver { reason += ", driver \(driver)" }
        let governors = Set(policies.compactMap(\.governor)).sorted()
        if !governors.isEmpty { reason += ", governor \(governors.joined(separator: ", "))" }
        if !policies.contains(where: \.isSettable) {
            reason += "; the frequency can be read, not set (sudo cpupower frequency-set --max FREQUENCY sets it)"
        }
        guard let leftover = leftover() else { return Availability(.present, reason: reason) }
        return Availability(.present, reason: "\(reason); \(leftover.message)", remedy: leftover.remedy)
    }

    /// The current frequency of every policy, in hertz.
    package func readings() -> ProbeReadings {
        var result = ProbeReadings()
        for policy in policies() {
            if let hertz = policy.currentHertz {
                result.readings.append(Reading(sensor: policy.name, value: hertz, unit: .hertz))
            } else {
                let file = policy.directory.appending("scaling_cur_freq")
                result.failures.append(KerfError(.invalidReading, "the driver reports no current frequency", at: file))
            }
        }
        return result
    }

    private func absent() -> Availability {
        let reason = "no policy in \(root.file("sys/devices/system/cpu/cpufreq"))"
        switch ProcessorKind(root: root) {
        case .virtualX86:
            return Availability(
                .absent, reason: reason + ": this is a virtual machine, and its frequency is the host's",
                remedy: .hostOrVirtualBoard)
        case .x86, .other:
            return Availability(
                .absent, reason: reason + ": no driver scales the frequency",
                remedy: "enable P-states in the firmware's settings, then run: cpupower frequency-info --driver")
        }
    }
}

extension CPUFreqProbe {
    /// Why the frequency cannot be set, with the remedy; `nil` when it can.
    package func whyNotSettable() -> KerfError? {
        let policies = policies()
        guard !policies.isEmpty else {
            let availability = availability()
            return KerfError(.notFound, availability.reason, remedy: availability.remedy)
        }
        guard let closed = policies.first(where: { !$0.isSettable }) else { return nil }
        return KerfError(
            .permissionDenied, "the frequency can be read, not set", at: closed.directory.appending("scaling_max_freq"),
            remedy: "run as root (sudo)")
    }

    /// Limits that a lease left changed; `nil` when there are none, or when a running process will restore them.
    package func leftover() -> KerfError? {
        guard let found = LeaseRecord.inspect(root: root), !found.isHeld, found.isChanged else { return nil }
        let who = found.holder.map { "process \($0)" } ?? "a process that was killed"
        return KerfError(
            .inUse, "the frequency limits were changed by \(who) and not restored",
            at: root.file(LeaseRecord.place), remedy: restoring)
    }

    /// How to restore the limits that are recorded as changed.
    var restoring: Remedy { .restoreFrequency(root: root.isLive ? nil : root.path.string) }
}
