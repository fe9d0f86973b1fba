/// One room of the source tree: a target, or a folder of targets on one level.
struct Room: Sendable {
    let name: String
    /// Folder of the package, as docs/architecture.md writes it.
    let folder: String
    /// Modules that the room must not import although they are above it.
    var never: Set<String> = []
    /// The only modules that the room may import; `nil` for no such limit.
    var only: Set<String>?
    /// What the limit protects, for the message.
    var why = ""
}

extension Room {
    static let cFolder = "Sources/C/*"
    static let probeFolder = "Probes/*"

    /// The rooms from the top of the list down: a room imports rooms above it only.
    static let all: [Room] = [
        Room("Quantities", never: systemModules, why: "no I/O"),
        Room("Statistics", only: ["Quantities", "RealModule", "Glibc"], why: "no domain types; Glibc for log and cos"),
        Room("SystemIO"),
        Room("ModelFiles"),
        Room("Workload", never: hardware.union(cModules), why: "pure values, no C libraries"),
        Room("ProfileFormat", never: hardware.union(cModules), why: "file types, no fitting, no hardware"),
        Room(name: "C", folder: cFolder),
        Room("TransformerKernels"),
        Room("ProbeKit", never: probes, why: "no concrete probe"),
        Room(name: "Probes", folder: probeFolder),
        Room("VirtualBoard", never: probes, why: "writes what probes read, and shares no code with them"),
        Room(
            "Estimation",
            never: hardware.union(cModules).union([
                "SystemIO", "SystemPackage", "Glibc", "Foundation", "FoundationEssentials",
            ]), why: "pure functions of samples"),
        Room("Profiling", never: probes, why: "no concrete probe"),
        Room("Markers", never: probes.union(["ProbeKit", "Instrumentation"]), why: "metering is Kerf's own"),
        Room("Instrumentation"),
        Room("Calibration", never: hardware.union(cModules), why: "a pure function of profiles, no hardware"),
        Room("SelfTest", never: probes.union(["VirtualBoard", "Instrumentation"]), why: "virtual time, no hardware"),
        Room("CARD", never: hardware.union(cModules), why: "no hardware"),
        Room("Simulation", never: hardware.union(cModules).subtracting(["CFleet"]), why: "no hardware"),
        Room("SplitTraining", never: probes, why: "concrete probes are put together by Instrumentation"),
        Room(
            "Validation",
            never: hardware.union(cModules).union(["SplitTraining", "Glibc", "Foundation", "FoundationEssentials"]),
            why: "no hardware, no networks"),
        Room(
            "CostComparison", never: hardware.union(cModules).union(["Glibc", "Foundation", "FoundationEssentials"]),
            why: "a pure function of files, no hardware"),
        Room(
            "CollectedFiles", never: hardware.union(cModules).subtracting(["Instrumentation"]).union(["Glibc"]),
            why: "files that were collected, and the doctor's report among them; no hardware"),
        Room("Capture", never: probes, why: "a box as files, whatever reads them"),
        Room("Reporting"),
        Room("CommandSupport"),
        Room("kerf"),
    ]

    /// Where options have names and results are printed: the commands, and what they share.
    static let commandLine: Set<String> = ["CommandSupport", "kerf"]

    static let probes: Set<String> = [
        "RAPL", "CPUFreq", "LMSensors", "PowerSupply", "NVML", "PCI", "Host", "MeterProgram",
    ]

    /// C modules and the rooms that wrap them. A C module imports no room, so its place in the list does not bind.
    static let cWrappers: [String: Set<String>] = [
        "COpenSSL": ["SystemIO"],
        "CSensors": ["LMSensors"],
        "CSharedMemory": ["Markers"],
        "CPerf": ["RAPL"],
        "CPCI": ["PCI"],
        "COpenBLAS": ["TransformerKernels"],
        "COneDNN": ["TransformerKernels"],
        "CKernels": ["TransformerKernels"],
        "CFleet": ["Simulation"],
        "CWire": ["SplitTraining"],
        "CMalloc": ["SplitTraining"],
        "CNamespaces": ["Capture", "kerf"],
        "CArguments": ["CommandSupport"],
        "CExec": ["kerf"],
        "CPtrace": ["VirtualBoard"],
    ]

    /// Modules of the system that can do I/O.
    static let systemModules: Set<String> = [
        "Glibc", "Foundation", "FoundationEssentials", "SystemPackage", "Dispatch", "SystemIO",
    ]

    private static let cModules = Set(cWrappers.keys)
    /// What measures, computes on the machine, or simulates a machine.
    private static let hardware = probes.union([
        "ProbeKit", "TransformerKernels", "VirtualBoard", "Instrumentation", "Profiling",
    ])

    private init(_ name: String, never: Set<String> = [], only: Set<String>? = nil, why: String = "") {
        self.init(name: name, folder: "Sources/\(name)", never: never, only: only, why: why)
    }

    /// Position in the list of the room that a module belongs to; `nil` for modules of other packages.
    static func position(ofModule module: String) -> Int? {
        let folder =
            if probes.contains(module) { probeFolder } else if cWrappers[module] != nil { cFolder } else {
                "Sources/\(module)"
            }
        return all.firstIndex { $0.folder == folder }
    }
}
