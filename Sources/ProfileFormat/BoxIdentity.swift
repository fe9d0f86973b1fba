import Quantities

/// The box that a profile was taken on, and that its calibration is valid for.
public struct BoxIdentity: Codable, Sendable, Hashable {
    public var architecture: String
    /// The processor's name, or ``unknownProcessor``.
    public var cpuModel: String
    public var cpuVendor: String
    /// Microcode revision as the kernel prints it, where it does.
    public var microcode: String?
    public var sockets: Int
    public var cores: Int
    public var threads: Int
    public var memoryBytes: Int?
    public var kernelRelease: String?
    /// Product name of the hypervisor when the box is a virtual machine.
    public var hypervisor: String?
    public var governor: String?
    /// Widest vector extension that the CPU offers: `avx512_bf16`, `avx2`, `asimd`.
    public var instructionSet: String
    /// `vendor:device class name`, sorted.
    public var pciDevices: [String]
    public var engine: EngineIdentity
    /// Kerf's own version and build configuration.
    public var kerfBuild: String
    /// The virtual board in place of real meters, whose values are simulated; `nil` with real meters.
    public var virtualBoard: String?

    public init(
        architecture: String, cpuModel: String, cpuVendor: String, microcode: String?, sockets: Int, cores: Int,
        threads: Int, memoryBytes: Int?, kernelRelease: String?, hypervisor: String?, governor: String?,
        instructionSet: String, pciDevices: [String], engine: EngineIdentity, kerfBuild: String,
        virtualBoard: String?
    ) {
        self.architecture = architecture
        self.cpuModel = cpuModel
        self.cpuVendor = cpuVendor
        self.microcode = microcode
        self.sockets = sockets
        self.cores = cores
        self.threads = threads
        self.memoryBytes = memoryBytes
        self.kernelRelease = kernelRelease
        self.hypervisor = hypervisor
        self.governor = governor
        self.instructionSet = instructionSet
        self.pciDevices = pciDevices
        self.engine = engine
        self.kerfBuild = kerfBuild
        self.virtualBoard = virtualBoard
    }
}

extension BoxIdentity {
    /// The name of a processor that nothing names. Two such boxes are not known to be alike.
    public static let unknownProcessor = "unknown CPU"

    /// Whether the processor has a name by which the box can be recognized.
    public var isIdentified: Bool { cpuModel != Self.unknownProcessor }
}

/// The linear-algebra library that ran the kernels.
public struct EngineIdentity: Codable, Sendable, Hashable {
    /// `onednn`, `openblas` or `kerf`.
    public var name: String
    public var version: String
    /// The instruction set that the library reports.
    public var instructionSet: String

    public init(name: String, version: String, instructionSet: String) {
        self.name = name
        self.version = version
        self.instructionSet = instructionSet
    }
}

/// The frequency of the box while it was profiled.
public struct FrequencyDescription: Codable, Sendable, Hashable {
    /// Lowest and highest frequency that the policy allows.
    public var minimumHertz: Quantity
    public var maximumHertz: Quantity
    /// The frequency during the run.
    public var runningHertz: Quantity
    /// Time of a fixed piece of arithmetic during the run, in seconds: it stands for the frequency where the box does not
    /// report one. `nil` where it does, and in older files.
    public var referenceSeconds: Quantity?
    /// Whether Kerf can set the frequency of this box. If not, a decision cannot choose it.
    public var settable: Bool
    /// Why it cannot be set; `nil` where it can.
    public var reason: String?

    public init(
        minimumHertz: Quantity, maximumHertz: Quantity, runningHertz: Quantity, referenceSeconds: Quantity? = nil,
        settable: Bool, reason: String? = nil
    ) {
        self.minimumHertz = minimumHertz
        self.maximumHertz = maximumHertz
        self.runningHertz = runningHertz
        self.referenceSeconds = referenceSeconds
        self.settable = settable
        self.reason = reason
    }
}

/// Rated performance and power, as far as the box itself reports them: the inputs of the paper's model.
public struct RatedDescription: Codable, Sendable, Hashable {
    /// Cores used by the run.
    public var cores: Int
    /// f32 operations that a core can finish in one cycle, from its vector width and FMA units.
    public var flopsPerCyclePerCore: Quantity
    /// The power limit that the box reports (RAPL's long-term constraint), in watts.
    public var powerWatts: Quantity

    public init(cores: Int, flopsPerCyclePerCore: Quantity, powerWatts: Quantity) {
        self.cores = cores
        self.flopsPerCyclePerCore = flopsPerCyclePerCore
        self.powerWatts = powerWatts
    }
}

/// Peak performance of the box, measured in the same run as the layers: the two limits of the roofline model (Williams,
/// Waterman, Patterson: "Roofline", CACM 2009).
public struct Roofline: Codable, Sendable, Hashable {
    /// Rate of a large matrix product with the same engine, in the workload's number format.
    public var flopsPerSecond: Quantity
    /// Rate of copying memory that does not fit a cache, reads and writes together.
    public var bytesPerSecond: Quantity

    public init(flopsPerSecond: Quantity, bytesPerSecond: Quantity) {
        self.flopsPerSecond = flopsPerSecond
        self.bytesPerSecond = bytesPerSecond
    }
}
