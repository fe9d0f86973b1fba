import Host
import Instrumentation
import Quantities
import SystemIO

/// The machine in a few lines, without what it does not report.
package struct HostLines {
    private let host: DoctorReport.HostSection

    package init(_ host: DoctorReport.HostSection) { self.host = host }

    package var lines: [String] {
        var rows: [[String]] = []
        let add = { (name: String, value: String?) in if let value { rows.append([name, value]) } }
        add("CPU", cpu)
        add(
            "topology",
            [(host.sockets, "socket"), (host.cores, "core"), (host.threads, "thread")]
                .map { "\($0) \($1)\($0 == 1 ? "" : "s")" }.joined(separator: ", "))
        for type in host.coreTypes {
            add("", "\(type.name): \(type.cores) cores, CPUs \(CPUList.text(of: type.cpus))")
        }
        if host.numaNodes.count > 1 {
            for node in host.numaNodes { add("", "NUMA node \(node.number): CPUs \(CPUList.text(of: node.cpus))") }
        }
        add("vectors", host.instructionSet)
        add(
            "rated",
            host.ratedFlopsPerCyclePerCore.map {
                "\(NumberText.fixed($0, digits: 0)) f32 FLOPs/cycle/core (\(host.ratedBasis ?? ""))"
            })
        add("hypervisor", host.hypervisor.map(PlainText.name))
        add("quota", quota)
        add("memory", memory)
        let architecture = PlainText.name(host.architecture)
        add("kernel", host.kernelRelease.map { "\(PlainText.name($0)) \(architecture)" } ?? architecture)
        if !host.loadAverages.isEmpty {
            add(
                "load",
                host.loadAverages.map { NumberText.fixed($0, digits: 2) }.joined(separator: ", ") + " over 1, 5, 15 min"
            )
        }
        add("steal", host.stealSeconds.map { "\(NumberText.fixed($0, digits: 2)) s since start" })
        add("throttled", throttled)
        return DoctorFormat.columns(rows)
    }

    private var cpu: String {
        let numbers = [("family", host.cpuFamily), ("model", host.cpuModelNumber), ("stepping", host.cpuStepping)]
            .compactMap { name, value in value.map { "\(name) \($0)" } }
        let details = numbers + (host.microcode.map { ["microcode \($0)"] } ?? [])
        return PlainText.name(host.cpuModel) + (details.isEmpty ? "" : " (\(details.joined(separator: ", ")))")
    }

    private var memory: String? {
        host.memoryBytes.map { total in
            let available = host.memoryAvailableBytes.map { ", \(bytes($0)) available" } ?? ""
            let limit = host.memoryLimitBytes.map { ", limited to \(bytes($0)) by the control group" } ?? ""
            return bytes(total) + available + limit
        }
    }

    /// What binds the number of threads.
    private var quota: String? {
        var parts: [String] = []
        if let quota = host.cpuQuota {
            parts.append("\(NumberText.fixed(quota, digits: 2)) of \(host.threads) CPUs by the control group")
        }
        if let cpus = host.usableCpus { parts.append("CPUs \(CPUList.text(of: cpus)) only") }
        guard !parts.isEmpty else { return nil }
        let threads = host.defaultThreads
        return parts.joined(separator: ", ") + ": \(threads) thread\(threads == 1 ? "" : "s") by default"
    }

    private func bytes(_ bytes: Int) -> String {
        bytes < 1 << 30
            ? "\(NumberText.fixed(Double(bytes) / 1_048_576, digits: 1)) MiB"
            : "\(NumberText.fixed(Double(bytes) / 1_073_741_824, digits: 1)) GiB"
    }

    private var throttled: String? {
        host.coreThrottleCount.map { cores in
            "cores \(cores) times, packages \(host.packageThrottleCount.map { "\($0)" } ?? "?") times since start"
        }
    }
}
