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
        guard let first = policies.first else { return obstacle.map { Availability($0) } ?? absent() }
        if let failure = failure(of: policies) { return Availability(failure) }
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
                result.failures.append(
                    Self.failure(at: file)
                        ?? KerfError(.invalidReading, "the driver reports no current frequency", at: file))
            }
        }
        return result
    }

    /// Why no policy is found where the kernel lists some: they are hidden, or their directory cannot be listed.
    private var obstacle: KerfError? {
        let top = root.file("sys/devices/system/cpu")
        let policies = root.obstacles(in: top.appending("cpufreq")) { $0.hasPrefix("policy") }
        // A tree may have the processors' links to the policies only.
        let processors = root.names(in: top).filter { $0.hasPrefix("cpu") && Int($0.dropFirst(3)) != nil }
        let links = processors.flatMap { name in root.obstacles(in: top.appending(name)) { $0 == "cpufreq" } }
        return (policies.first ?? links.first).map(advised)
    }

    /// Why nothing can be read of any policy; `nil` where something can, and where the drivers report nothing.
    private func failure(of policies: [CPUFreqPolicy]) -> KerfError? {
        let isMute = policies.allSatisfy { policy in
            policy.scalingMaximumHertz == nil && policy.hardwareMaximumHertz == nil && policy.currentHertz == nil
        }
        guard isMute else { return nil }
        return policies.compactMap { Self.failure(at: $0.directory.appending("scaling_max_freq")) }.first.map(advised)
    }

    /// Why a frequency cannot be read or believed; `nil` where it can, and where the driver has none.
    private static func failure(at file: FilePath) -> KerfError? {
        do throws(KerfError) {
            let text = try SysfsFile.text(at: file)
            guard let kilohertz = Int64(text), kilohertz > CPUFreqPolicy.maximumKilohertz else { return nil }
            return KerfError(.implausibleReading, "a frequency of \(kilohertz) kHz is not to be believed", at: file)
        } catch {
            return error.code == .notFound ? nil : error
        }
    }

    private func advised(_ error: KerfError) -> KerfError {
        error.advised(toRead: root.file("sys/devices/system/cpu/cpufreq").string + "/*/")
    }

    private func absent() -> Availability {
        let reason = "no policy in \(root.file("sys/devices/system/cpu/cpufreq"))"
        switch ProcessorKind(root: root) {
        case .virtualX86:
            return Availability(
                .absent, reason: reason + ": this is a virtual machine, and its frequency is the host's",
                remedy: .hostOrVirtualBoard)
        case .x86, .other, .unknown:
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
