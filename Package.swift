// swift-tools-version: 6.2
import PackageDescription

// Rooms are listed in the order of docs/architecture.md, which says what each holds and must never do. A target may
// depend only on targets above it; Tests/ArchitectureTests checks that.

/// Warnings are errors, and a member is visible only where its module is imported.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// Every C target.
let strictC: [CSetting] = [.treatAllWarnings(as: .error), .enableWarning("all"), .enableWarning("extra")]

/// A setting for work on Kerf itself. A package that depends on Kerf does not get it: that package decides how its
/// dependencies are compiled, and unsafe flags would override it.
///
/// SwiftPM keeps the sources of dependencies in a folder `checkouts` of its build folder, or `registry/downloads`. A clone
/// of Kerf in a folder so named only loses speed in debug builds, and takes longer to compile its tests.
func whenDeveloping<Setting>(_ setting: Setting) -> [Setting] {
    let folder = Context.packageDirectory
    return folder.contains("/checkouts/") || folder.contains("/registry/downloads/") ? [] : [setting]
}

/// C kernels are optimized even in a debug build: a test that runs a whole model would take minutes otherwise. The level is
/// that of a release build. Instruction sets are chosen in the source, never by -march.
let vectorized = strictC + whenDeveloping(CSetting.unsafeFlags(["-O2"], .when(configuration: .debug)))

/// As for C kernels: loops over every weight of a model, every byte of a capture or of a file of JSON, or thousands of
/// Monte Carlo samples are optimized even in a debug build.
let optimized = whenDeveloping(SwiftSetting.unsafeFlags(["-O"], .when(configuration: .debug)))

/// Test code that computes little is not optimized, which saves half of the time to compile it. What it tests is.
let notOptimized = whenDeveloping(SwiftSetting.unsafeFlags(["-Onone"], .when(configuration: .release)))

func room(
    _ name: String, _ dependencies: [Target.Dependency] = [], _ settings: [SwiftSetting] = [], exclude: [String] = []
) -> Target {
    .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict + settings)
}

func probe(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(
        name: name,
        dependencies: ["ProbeKit", "ProfileFormat", "SystemIO", "Quantities", systemPackage] + dependencies,
        path: "Probes/\(name)", swiftSettings: strict)
}

func cRoom(_ name: String, _ settings: [CSetting] = strictC, linking libraries: [String] = []) -> Target {
    .target(
        name: name, path: "Sources/C/\(name)", cSettings: settings,
        linkerSettings: libraries.map { .linkedLibrary($0) })
}

func systemLibrary(_ name: String, pkgConfig: String? = nil, apt: String? = nil) -> Target {
    .systemLibrary(
        name: name, path: "Sources/C/\(name)", pkgConfig: pkgConfig, providers: apt.map { [.apt([$0])] })
}

/// - Parameter computing: whether the tests themselves compute, such as draws and reference values.
func tests(
    _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], resources: [Resource]? = nil,
    computing: Bool = false
) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: dependencies + ["TestSupport"], path: "Tests/\(name)Tests",
        exclude: exclude, resources: resources,
        swiftSettings: strict + (computing ? [] : notOptimized))
}

let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let realModule: Target.Dependency = .product(name: "RealModule", package: "swift-numerics")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")

/// Messages and transport of split training.
let transport: [Target.Dependency] = [
    .product(name: "DequeModule", package: "swift-collections"),
    protobuf,
    .product(name: "GRPCCore", package: "grpc-swift-2"),
    .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOTLS", package: "swift-nio"),
    .product(name: "NIOSSL", package: "swift-nio-ssl"),
]
/// Keys of split training.
let certificates: [Target.Dependency] = [
    .product(name: "X509", package: "swift-certificates"),
    .product(name: "Crypto", package: "swift-crypto"),
    .product(name: "SwiftASN1", package: "swift-asn1"),
]

/// What every room may use: values, statistics and files.
let base: [Target.Dependency] = ["Quantities", "Statistics", "SystemIO", systemPackage]
let probes: [Target.Dependency] = [
    "RAPL", "CPUFreq", "LMSensors", "PowerSupply", "NVML", "PCI", "Host", "MeterProgram",
]

let package = Package(
    name: "kerf",
    products: [
        .executable(name: "kerf", targets: ["kerf"]),
        // What other programs need: the values and files, the fits, and the decision. None reads hardware.
        .library(name: "ProfileFormat", targets: ["Quantities", "SystemIO", "ProfileFormat"]),
        .library(name: "Calibration", targets: ["Calibration"]),
        .library(name: "CARD", targets: ["CARD"]),
        // Preloaded or loaded at run time by tests, so each is a library of its own.
        .library(name: "kerf-fault", type: .dynamic, targets: ["FaultInjection"]),
        .library(name: "kerf-nvml-stub", type: .dynamic, targets: ["NVMLStub"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-numerics", from: "1.1.1"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.3"),
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport", from: "2.9.2"),
    ],
    targets: [
        systemLibrary("COpenSSL", pkgConfig: "libcrypto", apt: "libssl-dev"),

        room("Quantities"),
        room("Statistics", ["Quantities", realModule], optimized),
        room("SystemIO", ["COpenSSL", systemPackage], optimized),
        room("ModelFiles", base, optimized),
        room("Workload", base + ["ModelFiles"]),
        room("ProfileFormat", base + ["ModelFiles", "Workload"]),

        // C libraries of the distribution, and Kerf's own C code.
        systemLibrary("CSensors", apt: "libsensors-dev"),
        systemLibrary("CPerf"),
        systemLibrary("CMalloc"),
        systemLibrary("CSharedMemory"),
        systemLibrary("COpenBLAS", pkgConfig: "openblas", apt: "libopenblas-dev"),
        cRoom("CPCI", linking: ["pci"]),
        cRoom("COneDNN", vectorized, linking: ["dnnl", "gomp"]),
        cRoom("CKernels", vectorized, linking: ["gomp", "m"]),
        cRoom("CNamespaces"),
        cRoom("CArguments"),
        cRoom("CExec"),
        cRoom("CWire", vectorized, linking: ["m"]),
        cRoom("CPtrace"),
        cRoom("CFleet", vectorized, linking: ["m"]),

        room(
            "TransformerKernels",
            base + ["ModelFiles", "Workload", "ProfileFormat", "CKernels", "COneDNN", "COpenBLAS"]),
        room("ProbeKit", base + ["ProfileFormat"]),

        // Probes: one Linux interface each, turned into typed readings.
        probe("RAPL", ["Statistics", "CPerf"]),
        probe("CPUFreq"),
        probe("LMSensors", ["CSensors", "Statistics"]),
        probe("PowerSupply", ["Statistics"]),
        probe("NVML", ["Statistics"]),
        probe("PCI", ["CPCI"]),
        probe("Host"),
        probe("MeterProgram"),

        room("VirtualBoard", base + ["ProfileFormat", "ProbeKit", "CPtrace"]),
        room("Estimation", base + ["Workload", "ProfileFormat"], optimized),
        room(
            "Profiling",
            base + [
                "ModelFiles", "Workload", "ProfileFormat", "TransformerKernels", "ProbeKit", "Estimation", logging,
            ],
            optimized),
        room("Markers", base + ["ModelFiles", "Workload", "ProfileFormat", "Profiling", "CSharedMemory"]),
        room(
            "Instrumentation",
            base + probes + [
                "ModelFiles", "Workload", "ProfileFormat", "TransformerKernels", "ProbeKit", "VirtualBoard",
                "Estimation", "Profiling", "Markers", logging,
            ]),
        room("Calibration", base + ["Workload", "ProfileFormat", "Estimation"], optimized),
        room(
            "SelfTest",
            base + [
                "Workload", "ProfileFormat", "TransformerKernels", "ProbeKit", "Estimation", "Profiling", "Calibration",
            ], optimized),
        room("CARD", base + ["Workload", "ProfileFormat", "Calibration"], optimized),
        room(
            "Simulation", base + ["ModelFiles", "Workload", "ProfileFormat", "Calibration", "CARD", "CFleet"], optimized
        ),
        room(
            "SplitTraining",
            base + transport + certificates + [
                "ModelFiles", "Workload", "TransformerKernels", "ProbeKit", "ProfileFormat", "Instrumentation",
                "Calibration", "CARD", "CWire", "CMalloc", logging,
            ], exclude: ["Protocol/split.proto"]),
        room("Validation", base + ["Workload", "ProfileFormat", "Calibration", "CARD"], optimized),
        room("CostComparison", base + ["Workload", "ProfileFormat", "Calibration"], optimized),
        room(
            "CollectedFiles",
            base + [
                "ProfileFormat", "Instrumentation", "Calibration", "CARD", "Simulation", "SplitTraining", "Validation",
                "CostComparison",
            ]),
        room("Capture", base + ["ProbeKit", "CNamespaces"], optimized),
        room(
            "Reporting",
            base + [
                "ModelFiles", "Workload", "ProfileFormat", "Instrumentation", "Host", "ProbeKit", "Profiling",
                "TransformerKernels", "Calibration", "SelfTest", "CARD", "Simulation", "SplitTraining", "Validation",
                "CostComparison", "CollectedFiles", protobuf, realModule,
            ], exclude: ["Trace/Protocol/perfetto.proto"]),
        room(
            "CommandSupport",
            base + [
                "CPUFreq", "ProbeKit", "ModelFiles", "Workload", "TransformerKernels", "Profiling", "Instrumentation",
                "Calibration", "ProfileFormat", "CARD", "Simulation", "SplitTraining", "Validation", "CollectedFiles",
                "CArguments", argumentParser,
            ]),
        .executableTarget(
            name: "kerf",
            dependencies: base + probes + [
                "CommandSupport",
                "ModelFiles", "Workload", "ProfileFormat", "CNamespaces", "CExec", "TransformerKernels", "ProbeKit",
                "VirtualBoard", "Estimation", "Profiling", "Instrumentation", "Calibration", "SelfTest", "CARD",
                "Simulation", "SplitTraining", "Validation", "CostComparison", "CollectedFiles", "Capture", "Reporting",
                logging,
                argumentParser,
            ],
            swiftSettings: strict),

        .executableTarget(
            name: "card-bench", dependencies: base + ["ProfileFormat", "Calibration", "Simulation", "CARD", "CFleet"],
            path: "Benchmarks/CARD", exclude: ["compare_numpy.py"], swiftSettings: strict),

        // Tests: one folder a target, and what they share.
        .target(
            name: "TestSupport",
            dependencies: base + ["ModelFiles", "Workload", "ProfileFormat", "ProbeKit", "Calibration"],
            path: "Tests/TestSupport", swiftSettings: strict),
        .executableTarget(
            name: "sensor-reader", dependencies: base + ["LMSensors", "ProbeKit"], path: "Tests/SensorReader",
            swiftSettings: strict),
        .systemLibrary(name: "CKerfClient", path: "Clients/C"),
        .executableTarget(
            name: "marked-program",
            dependencies: ["ModelFiles", "Workload", "ProfileFormat", "TransformerKernels", "CKerfClient"],
            path: "Tests/MarkedProgram", swiftSettings: strict),
        .target(name: "FaultInjection", path: "Tests/FaultInjection", cSettings: strictC),
        .target(name: "NVMLStub", path: "Tests/NVMLStub", cSettings: strictC),
        tests("Architecture", []),
        tests("ProbeKit", base + ["ProfileFormat", "ProbeKit"]),
        tests("Statistics", base + [realModule], computing: true),
        tests("RAPL", base + ["ProfileFormat", "RAPL", "ProbeKit"], exclude: ["Golden"]),
        tests("CPUFreq", base + ["CPUFreq", "Host", "ProbeKit"]),
        tests("LMSensors", base + ["ProfileFormat", "LMSensors", "Capture", "ProbeKit", "sensor-reader"]),
        tests("PowerSupply", base + ["ProfileFormat", "PowerSupply", "ProbeKit"]),
        tests("NVML", base + ["ProfileFormat", "NVML", "ProbeKit"]),
        tests("PCI", base + ["PCI", "ProbeKit"]),
        tests("Host", base + ["ProfileFormat", "Host", "ProbeKit"]),
        tests("MeterProgram", base + ["ProfileFormat", "MeterProgram", "ProbeKit"]),
        tests("VirtualBoard", base + ["ProfileFormat", "VirtualBoard", "RAPL", "CPUFreq", "ProbeKit"]),
        tests("ModelFiles", base + ["ModelFiles"], exclude: ["Golden", "Reference"], computing: true),
        tests(
            "TransformerKernels", base + ["Workload", "ProfileFormat", "TransformerKernels", "ModelFiles", "CKernels"],
            exclude: ["Golden"], computing: true),
        tests(
            "Profiling",
            base + [
                "Workload", "ProfileFormat", "Profiling", "SelfTest", "ProbeKit", "Estimation", "Calibration",
                "TransformerKernels", realModule,
            ]),
        tests("Markers", base + ["Workload", "ProfileFormat", "Profiling", "Markers"]),
        tests(
            "Calibration", base + ["ModelFiles", "Workload", "ProfileFormat", "Estimation", "Calibration", "ProbeKit"],
            computing: true),
        tests("Capture", base + ["ProfileFormat", "Capture", "Host", "LMSensors", "PCI", "ProbeKit", "RAPL"]),
        tests(
            "Fuzz", base + ["ProfileFormat", "RAPL", "ProbeKit", "Calibration", "CARD", "Reporting"], computing: true),
        tests("CARD", base + ["ModelFiles", "Workload", "ProfileFormat", "CARD", "Calibration"], computing: true),
        tests(
            "Simulation", base + ["Workload", "ProfileFormat", "Simulation", "CARD", "CFleet", "Calibration"],
            computing: true),
        tests(
            "SplitTraining",
            base + transport + certificates + [
                "ModelFiles", "Workload", "ProfileFormat", "TransformerKernels", "ProbeKit", "Instrumentation",
                "Calibration", "CARD", "SplitTraining", logging,
            ]),
        tests("Validation", base + ["ModelFiles", "Workload", "ProfileFormat", "Calibration", "CARD", "Validation"]),
        tests(
            "CostComparison",
            base + [
                "ModelFiles", "Workload", "ProfileFormat", "Profiling", "Calibration", "SelfTest", "CostComparison",
            ], computing: true),
        tests(
            "CollectedFiles",
            base + [
                "Workload", "ProfileFormat", "ProbeKit", "Instrumentation", "Calibration", "CARD", "CollectedFiles",
                "Reporting",
            ]),
        tests(
            "Reporting",
            base + [
                "Workload", "ProfileFormat", "Instrumentation", "Reporting", "Calibration", "CARD", "Simulation",
                "SplitTraining", "Validation", protobuf, realModule,
            ]),
        tests(
            "CommandLine",
            base + [
                "kerf", "marked-program", "CommandSupport", "Workload", "ProfileFormat", "Calibration", "CPUFreq",
                "ProbeKit", "VirtualBoard", "ModelFiles",
                "TransformerKernels", "Profiling", "Instrumentation", "CARD", "Reporting", "SplitTraining",
            ], exclude: ["Snapshots"]),
        tests("Documentation", ["kerf"]),
        tests(
            "Corpus",
            base + [
                "kerf", "ProfileFormat", "ProbeKit", "VirtualBoard", "Profiling", "Instrumentation", "Calibration",
                "SelfTest", "CARD", "Simulation", "Capture",
            ]),
    ]
)

// The coverage-guided fuzz target needs libFuzzer's runtime and every module instrumented, so ordinary builds leave it
// out; see Scripts/fuzz.sh.
if Context.environment["KERF_LIBFUZZER"] != nil {
    package.targets += [
        .systemLibrary(name: "CLibFuzzer", path: "Tests/CLibFuzzer"),
        .executableTarget(
            name: "kerf-fuzz",
            dependencies: base + [
                "ModelFiles", "Workload", "ProfileFormat", "RAPL", "ProbeKit", "Calibration", "Capture", "CARD",
                "Simulation", "Reporting", "TestSupport", "CLibFuzzer",
            ],
            path: "Tests/LibFuzzer", swiftSettings: strict),
    ]
}
