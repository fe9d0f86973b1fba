import SystemIO
import SystemPackage

/// Sockets, cores and threads that are online.
package struct CPUTopology: Sendable, Codable, Hashable {
    package var sockets: Int
    package var cores: Int
    /// Logical CPUs.
    package var threads: Int
    /// Core types, the fastest first; empty when all cores are alike.
    package var coreTypes: [CoreType]
    package var numaNodes: [NUMANode]
    /// The source of the counts: the kernel's topology files or, without them, the CPUs in /proc/cpuinfo.
    package var basis: String

    package init(
        sockets: Int, cores: Int, threads: Int, coreTypes: [CoreType], numaNodes: [NUMANode], basis: String
    ) {
        self.sockets = sockets
        self.cores = cores
        self.threads = threads
        self.coreTypes = coreTypes
        self.numaNodes = numaNodes
        self.basis = basis
    }
}

/// One type of core of a box that has several.
package struct CoreType: Sendable, Codable, Hashable {
    /// `P-core`, `E-core`, or the property that distinguishes the cores: `capacity 446`.
    package var name: String
    package var cores: Int
    /// Numbers of the logical CPUs.
    package var cpus: [Int]

    package init(name: String, cores: Int, cpus: [Int]) {
        self.name = name
        self.cores = cores
        self.cpus = cpus
    }
}

/// A NUMA node and its CPUs.
package struct NUMANode: Sendable, Codable, Hashable {
    package var number: Int
    package var cpus: [Int]

    package init(number: Int, cpus: [Int]) {
        self.number = number
        self.cpus = cpus
    }
}

/// Source: Documentation/admin-guide/cputopology.rst and Documentation/ABI/stable/sysfs-devices-node.
extension CPUTopology {
    init(root: SystemRoot, info: CPUInfo) {
        let threads = Self.threads(root)
        if threads.isEmpty {
            let sockets = Set(info.processors.compactMap { $0["physical id"] })
            let cores = Set(
                info.processors.compactMap { fields in
                    fields["core id"].map { "\(fields["physical id"] ?? "") \($0)" }
                })
            self.init(
                sockets: max(1, sockets.count), cores: cores.isEmpty ? info.processors.count : cores.count,
                threads: info.processors.count, coreTypes: [], numaNodes: Self.nodes(root),
                basis: "/proc/cpuinfo, since the kernel's topology files are missing")
        } else {
            self.init(
                sockets: Set(threads.map(\.package)).count, cores: Set(threads.map(\.core)).count,
                threads: threads.count, coreTypes: CoreTypes(root: root, threads: threads, info: info).types,
                numaNodes: Self.nodes(root), basis: "the kernel's topology files")
        }
    }

    /// A logical CPU.
    struct Thread {
        var number: Int
        var package: Int64
        /// Identifies the core: a text that only the threads of one core share.
        var core: String
        /// Whether it is the lowest numbered online thread of its core, and of its package.
        var leadsCore = false
        var leadsPackage = false
    }

    /// The logical CPUs that have a topology, that is, the online ones.
    static func threads(_ root: SystemRoot) -> [Thread] {
        let directory = root.file("sys/devices/system/cpu")
        var cores: Set<String> = []
        var packages: Set<Int64> = []
        return root.names(in: directory).compactMap { name in
            guard name.hasPrefix("cpu"), let number = Int(name.dropFirst(3)) else { return nil }
            let topology = directory.appending(name).appending("topology")
            // Without its topology a CPU is left out, and all threads are taken for cores: see ``threads``.
            let integer = { (name: String) in try? SysfsFile.integer(at: topology.appending(name)) }
            let list = { (name: String) -> String? in
                guard let text = try? SysfsFile.text(at: topology.appending(name)), !text.isEmpty else { return nil }
                return text
            }
            let package = integer("physical_package_id")
            let siblings = list("core_cpus_list") ?? list("thread_siblings_list")
            guard package != nil || siblings != nil else { return nil }
            // A core number repeats in other dies and packages; the list of a core's threads does not.
            let core = siblings ?? "\(package ?? 0) \(integer("die_id") ?? 0) \(integer("core_id") ?? Int64(number))"
            // Arm firmware that reports no packages gives -1: one package.
            return Thread(
                number: number, package: max(0, package ?? 0), core: core, leadsCore: cores.insert(core).inserted,
                leadsPackage: packages.insert(max(0, package ?? 0)).inserted)
        }
    }

    private static func nodes(_ root: SystemRoot) -> [NUMANode] {
        let directory = root.file("sys/devices/system/node")
        return root.names(in: directory).compactMap { name in
            // A node whose CPUs are not listed is shown as none: the topology is for display and identity.
            guard name.hasPrefix("node"), let number = Int(name.dropFirst(4)),
                let text = try? SysfsFile.text(at: directory.appending(name).appending("cpulist")),
                let cpus = CPUList.parse(text)
            else { return nil }
            return NUMANode(number: number, cpus: cpus)
        }
    }
}
