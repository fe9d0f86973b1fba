/// Sockets, cores and threads that are online.
public struct CPUTopology: Sendable, Codable, Hashable {
    public var sockets: Int
    public var cores: Int
    /// Logical CPUs.
    public var threads: Int
    /// Kinds of core, the strongest first; empty when all are alike.
    public var coreTypes: [CoreType]
    public var numaNodes: [NUMANode]
    /// What was counted: the kernel's topology files or, without them, the CPUs in /proc/cpuinfo.
    public var basis: String

    public init(
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
public struct CoreType: Sendable, Codable, Hashable {
    /// `P-core`, `E-core`, or what the kernel tells them apart by: `capacity 446`.
    public var name: String
    public var cores: Int
    /// Numbers of the logical CPUs.
    public var cpus: [Int]

    public init(name: String, cores: Int, cpus: [Int]) {
        self.name = name
        self.cores = cores
        self.cpus = cpus
    }
}

/// Memory with the CPUs that are near it.
public struct NUMANode: Sendable, Codable, Hashable {
    public var number: Int
    public var cpus: [Int]

    public init(number: Int, cpus: [Int]) {
        self.number = number
        self.cpus = cpus
    }
}
