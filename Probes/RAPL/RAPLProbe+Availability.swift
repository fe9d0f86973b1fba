import ProbeKit
import ProfileFormat
import SystemIO

extension RAPLProbe {
    package func availability() -> Availability { availability(of: RAPLDomains(root: root)) }

    func availability(of domains: RAPLDomains) -> Availability {
        guard !domains.entries.isEmpty else { return absent(domains.powercap) }
        let tree = domains.tree
        // A package that cannot be read decides; else one bad part does not hide the good ones.
        let failure = domains.missingPackages.first ?? domains.entries.first { $0.failure != nil }
        if !domains.missingPackages.isEmpty || tree.counted.isEmpty, let entry = failure, let error = entry.failure {
            return Availability(
                error.code == .permissionDenied ? .forbidden : .absent,
                reason: "\(entry.domain.identifier): \(error.message) (\(entry.zone.energyFile))",
                remedy: remedy(for: error))
        }
        guard !tree.counted.isEmpty else {
            let names = tree.domains.map(\.identifier).joined(separator: ", ")
            return Availability(.absent, reason: "no package, memory or platform zone among \(names)")
        }
        let label = root.hasVirtualBoard ? "simulated by a virtual board: " : ""
        return Availability(.present, reason: "\(label)total = \(tree.totalFormula)\(Self.asides(of: tree))")
    }

    /// What is not in the total, in words.
    private static func asides(of tree: EnergyDomainTree) -> String {
        tree.domains.map { domain in
            switch domain.role {
            case .counted, .nested: ""
            case .platform, .external: "; \(domain.identifier) stands apart"
            case .mirror(let original): "; \(domain.identifier) mirrors \(original)"
            case .unreadable(let reason): "; \(domain.identifier) \(reason)"
            }
        }.joined()
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
                remedy: "run on the machine itself, or measure against a virtual board: kerf board --root DIR")
        case .x86:
            return Availability(
                .absent, reason: reason + ": the driver is not loaded, or the processor has no RAPL",
                remedy: "sudo modprobe intel_rapl_msr (Intel and AMD; the kernel needs CONFIG_INTEL_RAPL)")
        case .other:
            return Availability(
                .absent, reason: reason + ": this processor is not known to have RAPL",
                remedy: "use a power sensor of the board (lm-sensors), or a virtual board: kerf board --root DIR")
        }
    }

    /// What makes a counter readable that could not be read.
    func remedy(for error: KerfError) -> Remedy? {
        guard error.code == .permissionDenied else { return nil }
        return "energy_uj is readable by root only since CVE-2020-8694: \(Self.permissionRemedy)"
    }

    /// Two ways, either is enough: a group that may read the counters, or a capability of the program.
    ///
    /// `%S` is where sysfs is mounted and `%p` the zone's path in it; the kernel makes the attribute before it
    /// announces the zone. The control type itself (`intel-rapl`, no colon) has no counter.
    static let permissionRemedy = """
        as root put SUBSYSTEM=="powercap", ACTION=="add", KERNEL=="intel-rapl*:*", \
        RUN+="/bin/chgrp kerf %S%p/energy_uj", RUN+="/bin/chmod g+r %S%p/energy_uj" \
        in one line into /etc/udev/rules.d/70-kerf-rapl.rules, then: \
        groupadd --force --system kerf && usermod --append --groups kerf USER && udevadm control --reload && \
        udevadm trigger --action=add --subsystem-match=powercap (log in again); \
        or: sudo setcap cap_dac_read_search+ep "$(command -v kerf)"
        """
}
