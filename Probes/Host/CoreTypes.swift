import SystemIO
import SystemPackage

/// Distinguishes the core types of a box.
///
/// Three criteria, the most reliable first: the PMUs of hybrid Intel CPUs (`cpu_core`, `cpu_atom`), the scheduler's
/// capacity of each CPU, and cache sizes. A different frequency alone does not count: servers run some of their equal
/// cores at a higher one.
struct CoreTypes {
    let types: [CoreType]

    init(root: SystemRoot, threads: [CPUTopology.Thread], info: CPUInfo?) {
        let found = Self.byPMU(root) ?? Self.byCapacity(root, threads) ?? Self.byCaches(root, threads, info) ?? []
        types = found.map { name, cpus in
            let members = Set(cpus)
            return CoreType(
                name: name, cores: Set(threads.filter { members.contains($0.number) }.map(\.core)).count, cpus: cpus)
        }
    }

    private typealias Group = (name: String, cpus: [Int])

    private static func byPMU(_ root: SystemRoot) -> [Group]? {
        let groups = [("cpu_core", "P-core"), ("cpu_atom", "E-core"), ("cpu_lowpower", "low-power E-core")]
            .compactMap { device, name -> Group? in
                // What tells core types apart is missing on most boxes; so below. Without it the cores are alike.
                guard let text = try? SysfsFile.text(at: root.file("sys/devices/\(device)/cpus")),
                    let cpus = CPUList.parse(text), !cpus.isEmpty
                else { return nil }
                return (name, cpus)
            }
        return groups.count > 1 ? groups : nil
    }

    /// Source: Documentation/ABI/testing/sysfs-devices-system-cpu, `cpu_capacity`: 1024 is the fastest CPU.
    private static func byCapacity(_ root: SystemRoot, _ threads: [CPUTopology.Thread]) -> [Group]? {
        groups(threads) { thread -> Int64? in
            try? SysfsFile.integer(at: directory(root, thread).appending("cpu_capacity"))
        }?
        .sorted { $0.key > $1.key }.map { (name: "capacity \($0.key)", cpus: $0.cpus) }
    }

    private static func byCaches(
        _ root: SystemRoot, _ threads: [CPUTopology.Thread], _ info: CPUInfo?
    ) -> [Group]? {
        let groups = groups(threads) { thread -> String? in
            // Indexes 0 to 2 are L1 data, L1 instruction and L2.
            let sizes = (0...2).compactMap { index in
                try? SysfsFile.text(at: directory(root, thread).appending("cache/index\(index)/size"))
            }
            return sizes.count == 3 ? sizes.joined(separator: " + ") : nil
        }
        guard let groups else { return nil }
        let ordered = groups.sorted { maximumKilohertz(root, $0.cpus[0]) > maximumKilohertz(root, $1.cpus[0]) }
        if info?.field("vendor_id") == "GenuineIntel", ordered.count == 2 {
            return [("P-core", ordered[0].cpus), ("E-core", ordered[1].cpus)]
        }
        return ordered.map { (name: "caches \($0.key)", cpus: $0.cpus) }
    }

    /// Maximum frequency in kilohertz, by which core types are ordered; 0 where it is unknown.
    private static func maximumKilohertz(_ root: SystemRoot, _ cpu: Int) -> Int64 {
        let paths = ["cpufreq/policy\(cpu)/cpuinfo_max_freq", "cpu\(cpu)/cpufreq/cpuinfo_max_freq"]
        return paths.lazy.compactMap { try? SysfsFile.integer(at: root.file("sys/devices/system/cpu/\($0)")) }
            .first ?? 0
    }

    /// CPUs grouped by a key; `nil` unless all CPUs have the key and it takes several values.
    private static func groups<Key: Hashable>(
        _ threads: [CPUTopology.Thread], by key: (CPUTopology.Thread) -> Key?
    ) -> [(key: Key, cpus: [Int])]? {
        var groups: [Key: [Int]] = [:]
        for thread in threads {
            guard let key = key(thread) else { return nil }
            groups[key, default: []].append(thread.number)
        }
        return groups.count > 1 ? groups.map { (key: $0.key, cpus: $0.value) } : nil
    }

    private static func directory(_ root: SystemRoot, _ thread: CPUTopology.Thread) -> FilePath {
        root.file("sys/devices/system/cpu/cpu\(thread.number)")
    }
}
