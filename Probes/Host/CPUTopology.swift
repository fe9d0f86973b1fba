/// Sockets, cores and threads that are online.
package struct CPUTopology: Sendable, Codable, Hashable {
    package var sockets: Int
    package var cores: Int
    /// Logical CPUs.
    package var threads: Int
    /// Kinds of core, the strongest first; empty when all are alike.
    package var coreTypes: [CoreType]
    package var numaNodes: [NUMANode]
    /// What was counted: the kernel's topology files or, without them, the CPUs in /proc/cpuinfo.
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

/// Cores of one kind among others.
package struct CoreType: Sendable, Codable, Hashable {
    /// `P-core`, `E-core`, or what the kernel tells them apart by: `capacity 446`.
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

/// Memory with the CPUs that are near it.
package struct NUMANode: Sendable, Codable, Hashable {
    package var number: Int
    package var cpus: [Int]

    package init(number: Int, cpus: [Int]) {
        self.number = number
        self.cpus = cpus
    }
}
