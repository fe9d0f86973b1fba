// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target: strict memory of what a warning means (it is an error), nothing imported by accident.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// Every C target.
let strictC: [CSetting] = [.treatAllWarnings(as: .error), .enableWarning("all"), .enableWarning("extra")]

/// A setting for work on Kerf itself. A package that depends on Kerf does not get it: that package decides how its
/// dependencies are compiled, and unsafe flags would override it.
///
/// SwiftPM keeps the sources of dependencies in a folder `checkouts` of its build folder, or `registry/downloads`. A clone
/// of Kerf in a folder so named only loses speed in debug builds.
func whenDeveloping<Setting>(_ setting: Setting) -> [Setting] {
    let folder = Context.packageDirectory
    return folder.contains("/checkouts/") || folder.contains("/registry/downloads/") ? [] : [setting]
}

/// C kernels are optimized even in a debug build: a test that runs a whole model would take minutes otherwise. The level is
/// that of a release build. Instruction sets are chosen in the source, never by -march.
let vectorised = strictC + whenDeveloping(CSetting.unsafeFlags(["-O2"], .when(configuration: .debug)))

func room(_ name: String, _ dependencies: [Target.Dependency] = [], _ settings: [SwiftSetting] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict + settings)
}

/// As for C kernels: loops over every weight of a model, every byte of a capture, or thousands of Monte Carlo samples are
/// optimized even in a debug build.
let optimised = whenDeveloping(SwiftSetting.unsafeFlags(["-O"], .when(configuration: .debug)))

func probe(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(
        name: name,
        dependencies: ["ProbeKit", .product(name: "SystemPackage", package: "swift-system")] + dependencies,
        path: "Probes/\(name)",
        swiftSettings: strict)
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

let package = Package(
    name: "kerf",
    products: [
        .executable(name: "kerf", targets: ["kerf"]),
        .library(name: "Calibration", targets: ["Calibration"]),
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
        // C libraries of the distribution, and our own C kernels.
        .systemLibrary(name: "CSensors", path: "Probes/CSensors", providers: [.apt(["libsensors-dev"])]),
        .systemLibrary(name: "CPerf", path: "Probes/CPerf"),
        .systemLibrary(
            name: "CPCI", path: "Probes/CPCI", pkgConfig: "libpci", providers: [.apt(["libpci-dev"])]),
        .target(
            name: "CPCIGuard", dependencies: ["CPCI"], path: "Probes/CPCIGuard",
            cSettings: strictC),
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(
            name: "COneDNN", cSettings: vectorised,
            linkerSettings: [.linkedLibrary("dnnl"), .linkedLibrary("gomp")]),
        .target(
            name: "CKernels", cSettings: vectorised,
            linkerSettings: [.linkedLibrary("gomp"), .linkedLibrary("m")]),

        .target(
            name: "CNamespaces",
            cSettings: strictC),
        .target(name: "CFleet", cSettings: vectorised, linkerSettings: [.linkedLibrary("m")]),

        // Probes: one Linux interface each, turned into typed readings.
        probe("RAPL", ["Statistics", "CPerf"]),
        probe("CPUFreq"),
        probe("LMSensors", ["CSensors", "Statistics"]),
        probe("PowerSupply", ["Statistics"]),
        probe("NVML", ["Statistics"]),
        probe("PCI", ["CPCIGuard"]),
        probe("Host"),
        probe("VirtualBoard", ["Statistics"]),

        // Rooms, in the order of the data's way through them.
        room("Statistics", [realModule], optimised),
        room("ProbeKit", ["Statistics", systemPackage]),
        room("ModelFiles", ["Statistics", systemPackage], optimised),
        room("TransformerKernels", ["ModelFiles", "Statistics", "CKernels", "COneDNN", "COpenBLAS"]),
        room("Calibration", ["ProbeKit", "Statistics", "COpenSSL", systemPackage]),
        room("Profiling", ["ProbeKit", "Statistics", "TransformerKernels", "Calibration", logging], optimised),
        room("Capture", ["ProbeKit", systemPackage], optimised),
        room("CARD", ["Calibration", "Statistics"], optimised),
        room("Simulation", ["CARD", "Calibration", "Statistics", "CFleet"], optimised),
        room("Reporting", ["ProbeKit", "Statistics", "Calibration", "CARD", "Simulation"]),
        .executableTarget(
            name: "kerf",
            dependencies: [
                "RAPL", "CPUFreq", "LMSensors", "PowerSupply", "NVML", "PCI", "Host", "VirtualBoard",
                "ProbeKit", "Statistics", "ModelFiles", "TransformerKernels", "Profiling", "Calibration", "Capture",
                "CARD", "Simulation", "CNamespaces", "Reporting", logging, systemPackage,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),

        .executableTarget(
            name: "card-bench", dependencies: ["Simulation", "CARD", "CFleet", "Statistics"], path: "Benchmarks/CARD",
            exclude: ["compare_numpy.py"], swiftSettings: strict),

        // Tests: one folder a target, and what they share.
        .target(
            name: "TestSupport", dependencies: ["ProbeKit", "Calibration", "Statistics", systemPackage],
            path: "Tests/TestSupport", swiftSettings: strict),
        .executableTarget(
            name: "sensor-reader", dependencies: ["LMSensors"], path: "Tests/SensorReader", swiftSettings: strict),
        .target(
            name: "FaultInjection", path: "Tests/FaultInjection",
            cSettings: strictC),
        .target(
            name: "NVMLStub", path: "Tests/NVMLStub",
            cSettings: strictC),
        tests("ProbeKit", ["ProbeKit", "Statistics", systemPackage]),
        tests("Statistics", ["Statistics", realModule]),
        tests("RAPL", ["RAPL", "ProbeKit", "Statistics", systemPackage], exclude: ["Golden"]),
        tests("CPUFreq", ["CPUFreq", "Host", "ProbeKit", systemPackage]),
        tests("LMSensors", ["LMSensors", "Capture", "ProbeKit", "Statistics", "sensor-reader", systemPackage]),
        tests("PowerSupply", ["PowerSupply", "ProbeKit", "Statistics", systemPackage]),
        tests("NVML", ["NVML", "ProbeKit", "Statistics", systemPackage]),
        tests("PCI", ["PCI", "ProbeKit", systemPackage]),
        tests("Host", ["Host", "ProbeKit"]),
        tests("VirtualBoard", ["VirtualBoard", "RAPL", "CPUFreq", "ProbeKit", "Statistics", systemPackage]),
        tests("ModelFiles", ["ModelFiles", "Statistics", systemPackage], exclude: ["Reference"]),
        tests(
            "TransformerKernels", ["TransformerKernels", "ModelFiles", "Statistics", "CKernels", systemPackage],
            exclude: ["Golden"]),
        tests(
            "Profiling",
            ["Profiling", "ProbeKit", "Calibration", "TransformerKernels", "Statistics", realModule, systemPackage]),
        tests("Calibration", ["Calibration", "ProbeKit", "Statistics", systemPackage]),
        tests("Capture", ["Capture", "Host", "LMSensors", "PCI", "ProbeKit", "RAPL", "Statistics", systemPackage]),
        tests("Fuzz", ["RAPL", "ProbeKit", "Calibration", "CARD", "Reporting", "Statistics", systemPackage]),
        tests("CARD", ["CARD", "Calibration", "Statistics"]),
        tests("Simulation", ["Simulation", "CARD", "CFleet", "Calibration", "Statistics"]),
        tests("Reporting", ["Reporting", "Calibration", "CARD", "Statistics"]),
        tests("CommandLine", ["kerf", "Calibration", "CPUFreq", "ProbeKit", "Statistics", "VirtualBoard"]),
    ]
)

// The coverage-guided fuzz target needs libFuzzer's runtime and every module instrumented, so ordinary builds leave it
// out; see Scripts/fuzz.sh.
if Context.environment["KERF_LIBFUZZER"] != nil {
    package.targets += [
        .systemLibrary(name: "CLibFuzzer", path: "Tests/CLibFuzzer"),
        .executableTarget(
            name: "kerf-fuzz",
            dependencies: [
                "RAPL", "ProbeKit", "Calibration", "Capture", "CARD", "Reporting", "Statistics", "TestSupport",
                "CLibFuzzer", systemPackage,
            ],
            path: "Tests/LibFuzzer", swiftSettings: strict),
    ]
}
