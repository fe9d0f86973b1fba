// swift-tools-version: 6.2
import PackageDescription

// Rooms are listed in the order of DESIGN: a target may depend on targets above it only. Tests/ArchitectureTests checks
// that, and docs/architecture.md says what each room holds and must never do.

/// Warnings are errors, and a member is visible only where its module is imported.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// C kernels are vectorised by the compiler, so they are optimised even in a debug build: a test that runs a
/// whole model would take minutes otherwise. Clones per instruction set are chosen in the source, never by -march.
let vectorised: [CSetting] = [
    .treatAllWarnings(as: .error),
    // Operands of mixed formats are copied as 32-bit elements, which strict aliasing forbids.
    .unsafeFlags(["-O3", "-Wall", "-Wextra", "-fno-math-errno", "-fno-strict-aliasing"]),
]

/// Loops over every weight of a model, every byte of a capture, or thousands of Monte Carlo samples are optimised even in
/// a debug build.
let optimised: [SwiftSetting] = [.unsafeFlags(["-O"], .when(configuration: .debug))]

let warned: [CSetting] = [.treatAllWarnings(as: .error), .unsafeFlags(["-Wall", "-Wextra"])]

func room(_ name: String, _ dependencies: [Target.Dependency] = [], _ settings: [SwiftSetting] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict + settings)
}

func probe(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(
        name: name,
        dependencies: ["ProbeKit", "ProfileFormat", "SystemIO", "Quantities", systemPackage] + dependencies,
        path: "Probes/\(name)", swiftSettings: strict)
}

func cRoom(_ name: String, _ settings: [CSetting] = warned, linking libraries: [String] = []) -> Target {
    .target(
        name: name, path: "Sources/C/\(name)", cSettings: settings,
        linkerSettings: libraries.map { .linkedLibrary($0) })
}

func systemLibrary(_ name: String, pkgConfig: String? = nil, apt: String? = nil) -> Target {
    .systemLibrary(
        name: name, path: "Sources/C/\(name)", pkgConfig: pkgConfig, providers: apt.map { [.apt([$0])] })
}

func tests(
    _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], resources: [Resource]? = nil
) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: dependencies + ["TestSupport"], path: "Tests/\(name)Tests",
        exclude: exclude, resources: resources, swiftSettings: strict)
}

let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let realModule: Target.Dependency = .product(name: "RealModule", package: "swift-numerics")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

/// What every room may use: values, statistics and files.
let base: [Target.Dependency] = ["Quantities", "Statistics", "SystemIO", systemPackage]
let probes: [Target.Dependency] = ["RAPL", "CPUFreq", "LMSensors", "PowerSupply", "NVML", "PCI", "Host"]

let package = Package(
    name: "kerf",
    products: [
        .executable(name: "kerf", targets: ["kerf"]),
        // Preloaded or loaded at run time by tests, so each is a library of its own.
        .library(name: "kerf-fault", type: .dynamic, targets: ["FaultInjection"]),
        .library(name: "kerf-nvml-stub", type: .dynamic, targets: ["NVMLStub"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-numerics", from: "1.1.1"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    ],
    targets: [
        systemLibrary("COpenSSL", pkgConfig: "libcrypto", apt: "libssl-dev"),

        room("Quantities"),
        room("Statistics", ["Quantities", realModule], optimised),
        room("SystemIO", ["COpenSSL", systemPackage]),
        room("ModelFiles", base, optimised),
        room("Workload", base + ["ModelFiles"]),
        room("ProfileFormat", base + ["Workload"]),

        // C libraries of the distribution, and Kerf's own C code.
        systemLibrary("CSensors", apt: "libsensors-dev"),
        systemLibrary("CPerf"),
        systemLibrary("COpenBLAS", pkgConfig: "openblas", apt: "libopenblas-dev"),
        cRoom("CPCI", linking: ["pci"]),
        cRoom("COneDNN", vectorised, linking: ["dnnl", "gomp"]),
        cRoom("CKernels", vectorised, linking: ["gomp", "m"]),
        cRoom("CNamespaces"),
        // Whole registers of AVX-512: the loops are long, and there is no other work beside them to slow down.
        cRoom("CFleet", vectorised + [.unsafeFlags(["-mprefer-vector-width=512"])], linking: ["m"]),

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

        room("VirtualBoard", base + ["ProfileFormat", "ProbeKit"]),
        room("Estimation", base + ["Workload", "ProfileFormat"], optimised),
        room(
            "Profiling",
            base + [
                "ModelFiles", "Workload", "ProfileFormat", "TransformerKernels", "ProbeKit", "Estimation", logging,
            ],
            optimised),
        room(
            "Instrumentation",
            base + probes + [
                "ModelFiles", "Workload", "ProfileFormat", "TransformerKernels", "ProbeKit", "VirtualBoard",
                "Profiling",
                logging,
            ]),
        room("Calibration", base + ["Workload", "ProfileFormat", "Estimation"], optimised),
        room(
            "SelfTest",
            base + [
                "Workload", "ProfileFormat", "TransformerKernels", "ProbeKit", "Estimation", "Profiling", "Calibration",
            ], optimised),
        room("CARD", base + ["Workload", "ProfileFormat", "Calibration"], optimised),
        room(
            "Simulation", base + ["ModelFiles", "Workload", "ProfileFormat", "Calibration", "CARD", "CFleet"], optimised
        ),
        room("Capture", base + ["ProbeKit", "CNamespaces"], optimised),
        room(
            "Reporting",
            base + [
                "Workload", "ProfileFormat", "Instrumentation", "Host", "ProbeKit", "Profiling", "TransformerKernels",
                "Calibration", "SelfTest", "CARD", "Simulation",
            ]),
        .executableTarget(
            name: "kerf",
            dependencies: base + probes + [
                "ModelFiles", "Workload", "ProfileFormat", "TransformerKernels", "ProbeKit", "VirtualBoard",
                "Estimation",
                "Profiling", "Instrumentation", "Calibration", "SelfTest", "CARD", "Simulation", "Capture", "Reporting",
                logging, argumentParser,
            ],
            swiftSettings: strict),

        .executableTarget(
            name: "card-bench", dependencies: base + ["ProfileFormat", "Calibration", "Simulation", "CARD", "CFleet"],
            path: "Benchmarks/CARD", exclude: ["compare_numpy.py"], swiftSettings: strict),

        // Tests: one folder a target, and what they share.
        .target(
            name: "TestSupport", dependencies: base + ["Workload", "ProfileFormat", "ProbeKit", "Calibration"],
            path: "Tests/TestSupport", swiftSettings: strict),
        .executableTarget(
            name: "sensor-reader", dependencies: base + ["LMSensors", "ProbeKit"], path: "Tests/SensorReader",
            swiftSettings: strict),
        .target(name: "FaultInjection", path: "Tests/FaultInjection", cSettings: warned),
        .target(name: "NVMLStub", path: "Tests/NVMLStub", cSettings: warned),
        tests("ProbeKit", base + ["ProfileFormat", "ProbeKit"]),
        tests("Statistics", base + [realModule]),
        tests("RAPL", base + ["ProfileFormat", "RAPL", "ProbeKit"], exclude: ["Golden"]),
        tests("CPUFreq", base + ["CPUFreq", "Host", "ProbeKit"]),
        tests("LMSensors", base + ["ProfileFormat", "LMSensors", "Capture", "ProbeKit", "sensor-reader"]),
        tests("PowerSupply", base + ["ProfileFormat", "PowerSupply", "ProbeKit"]),
        tests("NVML", base + ["ProfileFormat", "NVML", "ProbeKit"]),
        tests("PCI", base + ["PCI", "ProbeKit"]),
        tests("Host", base + ["Host", "ProbeKit"]),
        tests("VirtualBoard", base + ["ProfileFormat", "VirtualBoard", "RAPL", "CPUFreq", "ProbeKit"]),
        tests("ModelFiles", base + ["ModelFiles"], exclude: ["Reference"]),
        tests(
            "TransformerKernels", base + ["Workload", "ProfileFormat", "TransformerKernels", "ModelFiles", "CKernels"],
            exclude: ["Golden"]),
        tests(
            "Profiling",
            base + [
                "Workload", "ProfileFormat", "Profiling", "SelfTest", "ProbeKit", "Estimation", "Calibration",
                "TransformerKernels", realModule,
            ]),
        tests("Calibration", base + ["Workload", "ProfileFormat", "Estimation", "Calibration", "ProbeKit"]),
        tests("Capture", base + ["ProfileFormat", "Capture", "Host", "LMSensors", "PCI", "ProbeKit", "RAPL"]),
        tests("Fuzz", base + ["ProfileFormat", "RAPL", "ProbeKit", "Calibration", "CARD", "Reporting"]),
        tests("CARD", base + ["Workload", "ProfileFormat", "CARD", "Calibration"]),
        tests("Simulation", base + ["ProfileFormat", "Simulation", "CARD", "CFleet", "Calibration"]),
        tests("Reporting", base + ["ProfileFormat", "Reporting", "Calibration", "CARD"]),
        tests(
            "CommandLine",
            base + ["kerf", "Workload", "ProfileFormat", "Calibration", "CPUFreq", "ProbeKit", "VirtualBoard", "Instrumentation", "Reporting"]),
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
                "ProfileFormat", "RAPL", "ProbeKit", "Calibration", "Capture", "CARD", "Reporting", "TestSupport",
                "CLibFuzzer",
            ],
            path: "Tests/LibFuzzer", swiftSettings: strict),
    ]
}
