import ProbeKit
import ProfileFormat
import SystemIO
import SystemPackage

/// RAPL energy counters through the powercap tree.
///
/// Source: Documentation/power/powercap/powercap.rst; names of zones from drivers/powercap/intel_rapl_common.c.
package struct RAPLProbe: Probe {
    package let name = "RAPL"
    package let interface = "powercap"
    package let root: SystemRoot

    package init(root: SystemRoot) { self.root = root }

    /// The domains with their roles, also those that cannot be read. Empty without RAPL.
    package func tree() -> EnergyDomainTree { RAPLDomains(root: root).tree }

    /// Every readable counter in joules since its own start, by domain.
    package func readings() -> ProbeReadings {
        var result = ProbeReadings()
        for entry in RAPLDomains(root: root).entries {
            if let samples = entry.samples {
                let joules = Double(samples.second) / 1e6
                result.readings.append(Reading(sensor: entry.domain.identifier, value: joules, unit: .joules))
            } else if let failure = entry.failure {
                result.failures.append(failure)
            }
        }
        return result
    }

    /// A meter on the readable counters. They are updated about every millisecond, and each wraps at its own range.
    ///
    /// A part that cannot be read is left out and stays in the tree with its reason. A package that cannot be read is an
    /// error, since the total would lack a socket.
    ///
    /// - Throws: ``KerfError`` with the remedy that ``availability()`` gives.
    package func meter() throws(KerfError) -> HeldCounterMeter {
        let domains = RAPLDomains(root: root)
        if let failure = failure(of: domains) { throw failure }
        let files = Dictionary(
            domains.entries.map { ($0.domain.identifier, $0.zone.energyFile) }, uniquingKeysWith: { first, _ in first })
        return try HeldCounterMeter(name: interface, origin: root.origin, tree: domains.tree) {
            files[$0.identifier] ?? root.path
        }
    }
}

extension RAPLProbe {
    package func availability() -> Availability { availability(of: RAPLDomains(root: root)) }

    private func availability(of domains: RAPLDomains) -> Availability {
        if let failure = failure(of: domains) { return Availability(failure) }
        let tree = domains.tree
        let label = root.hasVirtualBoard ? "simulated by a virtual board: " : ""
        return Availability(.present, reason: label + Self.total(of: tree))
    }

    /// Why there is no total; `nil` where there is one. A package that cannot be read is an error; other unreadable parts do
    /// not hide the readable ones.
    private func failure(of domains: RAPLDomains) -> KerfError? {
        let tree = domains.tree
        if var failure = domains.incompleteness {
            failure.remedy = failure.remedy ?? remedy(for: failure)
            return failure
        }
        guard tree.counted.isEmpty else { return nil }
        guard !domains.entries.isEmpty else { return KerfError(absent(domains.powercap)) }
        guard let entry = domains.entries.first(where: { $0.failure != nil }), var failure = entry.failure else {
            let names = tree.domains.map(\.identifier).joined(separator: ", ")
            return KerfError(.notFound, "no package, memory or platform zone among \(names)")
        }
        failure.message = "\(entry.domain.identifier): \(failure.message)"
        failure.remedy = failure.remedy ?? remedy(for: failure)
        return failure
    }

    /// The total, and the domains outside it.
    private static func total(of tree: EnergyDomainTree) -> String {
        let exclusions = tree.domains.map { domain in
            switch domain.role {
            case .counted, .nested: ""
            case .platform, .external: "; \(domain.identifier) is not added"
            case .mirror(let original): "; \(domain.identifier) mirrors \(original)"
            case .unreadable(let reason): "; \(domain.identifier) \(reason)"
            }
        }
        return "total = \(tree.totalFormula)\(exclusions.joined())"
    }

    private func absent(_ powercap: PowercapTree) -> Availability {
        let place = root.file(PowercapTree.classDirectory)
        var reason = powercap.exists ? "no RAPL zone in \(place)" : "no \(place)"
        if !powercap.otherControlTypes.isEmpty {
            reason += ", only \(powercap.otherControlTypes.joined(separator: ", "))"
        }
        switch ProcessorKind(root: root) {
        case .virtualX86:
            return Availability(
                .absent, reason: reason + ": this is a virtual machine, and its hypervisor does not expose RAPL",
                remedy: .hostOrVirtualBoard)
        case .x86:
            return Availability(
                .absent, reason: reason + ": the driver is not loaded, or the processor has no RAPL",
                remedy: "sudo modprobe intel_rapl_msr (Intel and AMD; the kernel needs CONFIG_INTEL_RAPL)")
        case .other:
            return Availability(
                .absent, reason: reason + ": this processor is not known to have RAPL",
                remedy: .powerSensorOrVirtualBoard)
        case .unknown:
            let file = root.file("proc/cpuinfo")
            return Availability(
                .absent, reason: reason + ": whether the processor has RAPL is not known without \(file)",
                remedy: root.isLive
                    ? "mount procfs: sudo mount -t proc proc /proc" : "add the box's proc/cpuinfo to the tree")
        }
    }

    /// How to make an unreadable counter readable. The rule opens the counters only, which the kernel restricts;
    /// anything else was closed by someone else.
    func remedy(for error: KerfError) -> Remedy? {
        guard error.code == .permissionDenied, error.location?.hasSuffix("/energy_uj") == true else {
            return error.advised(toRead: "\(root.file(PowercapTree.classDirectory))/*/").remedy
        }
        return "energy_uj is readable by root only since CVE-2020-8694: \(Self.permissionRemedy)"
    }

    /// Two alternatives: a group that may read the counters, or a capability of the program.
    ///
    /// `%S` is the mount point of sysfs and `%p` the zone's path in it; the kernel creates the attribute before it
    /// announces the zone. The control type itself (`intel-rapl`, no colon) has no counter.
    static let permissionRemedy = """
        as root put SUBSYSTEM=="powercap", ACTION=="add", KERNEL=="intel-rapl*:*", \
        RUN+="/bin/chgrp kerf %S%p/energy_uj", RUN+="/bin/chmod g+r %S%p/energy_uj" \
        in one line into /etc/udev/rules.d/70-kerf-rapl.rules, then: \
        groupadd --force --system kerf && usermod --append --groups kerf USER && udevadm control --reload && \
        udevadm trigger --action=add --subsystem-match=powercap (log in again); \
        or: sudo setcap cap_dac_read_search+ep "$(readlink -f "$(command -v kerf)")"
        """
}

/// The `power` PMU, for which a capability suffices where powercap needs root.
extension RAPLProbe {
    /// Whether ``perfMeter()`` would succeed. Counters are opened to find out, and closed again.
    package func perfAvailability() -> Availability {
        do throws(KerfError) {
            return Availability(.present, reason: Self.total(of: try perfMeter().tree))
        } catch {
            return Availability(error)
        }
    }

    /// A meter on the PMU's counters.
    ///
    /// - Throws: ``KerfError`` with the remedy.
    package func perfMeter() throws(KerfError) -> PerfPowerMeter {
        // In a replay the counters would be those of the machine below it.
        guard root.isLive, !root.isRecording else {
            throw KerfError(
                .notFound, "a tree of files has no PMU counters", remedy: .runningSystem)
        }
        return try perfMeter(of: root)
    }

    /// - Parameter tree: describes the PMU; the counters are always the running kernel's.
    func perfMeter(of tree: SystemRoot) throws(KerfError) -> PerfPowerMeter {
        do throws(KerfError) {
            return try PerfPowerMeter(try PerfPowerUnit(root: tree), root: tree)
        } catch {
            throw KerfError(
                error.code, error.message, at: error.location.map { FilePath($0) },
                remedy: error.remedy ?? Self.remedy(error, tree))
        }
    }

    private static func remedy(_ error: KerfError, _ root: SystemRoot) -> Remedy? {
        switch error.code {
        case .permissionDenied: permission(root)
        case .notFound:
            "sudo modprobe rapl (Intel and AMD; the kernel needs CONFIG_PERF_EVENTS_INTEL_RAPL); a virtual machine has none"
        default: nil
        }
    }

    /// CAP_PERFMON suffices up to a `perf_event_paranoid` of 2. Debian and Ubuntu have levels above it, at which their
    /// kernels ask for CAP_SYS_ADMIN. A capability is of a file and not of a link to it.
    ///
    /// Source: Documentation/admin-guide/perf-security.rst.
    private static func permission(_ root: SystemRoot) -> Remedy {
        let setting = root.file("proc/sys/kernel/perf_event_paranoid")
        let level = (try? HeldFile(setting).integer()) ?? 2  // Without the file it is a kernel of the usual levels.
        let forAll = "sudo sysctl kernel.perf_event_paranoid=0"
        return level > 2
            ? "\(forAll) (at \(level), as set here, this kernel takes no other permission than root's)"
            : "sudo setcap cap_perfmon+ep \"$(readlink -f \"$(command -v kerf)\")\"; or for all users: \(forAll)"
    }
}

extension RAPLProbe {
    /// The box's sustained power, in watts: the sum of its packages' long-term limits.
    ///
    /// Each package contributes its constraint `long_term`: `max_power_uw` (the thermal design power), or where that is
    /// missing or zero the current limit, `power_limit_uw`. Firmware writes limits of kilowatts for "none", so a value
    /// above ``EnergyCounter/maximumWatts`` is ignored.
    ///
    /// - Returns: `nil` when a package states no limit, since the sum would lack it.
    package func ratedPowerWatts() -> Double? {
        let entries = RAPLDomains(root: root).entries
        let packages = entries.filter { $0.kind.isPackage }
        let candidates = packages.isEmpty ? entries.filter { $0.kind == .platform } : packages
        // An unreadable twin has no mirror role, but the same name.
        var names: Set<String> = []
        var sum: Double?
        for entry in candidates where names.insert(entry.zone.name).inserted {
            if case .mirror = entry.domain.role { continue }
            guard let watts = Self.longTermWatts(of: entry.zone) else { return nil }
            sum = (sum ?? 0) + watts
        }
        return sum
    }

    private static func longTermWatts(of zone: PowercapZone) -> Double? {
        zone.constraints.first { $0.name == "long_term" }
            .flatMap { [$0.maximumWatts, $0.limitWatts].compactMap(\.self).first { $0 <= EnergyCounter.maximumWatts } }
    }
}
