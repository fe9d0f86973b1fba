import Glibc
import ProbeKit
import ProfileFormat
import Quantities
import SystemIO
import SystemPackage
import TestSupport
import Testing

@testable import NVML

/// NVML against a library of our own that implements the same calls: no GPU is needed, and none is measured.
@Suite("NVML, stubbed", .serialized)
struct NVMLProbeTests {
    /// The stub, beside the test bundle. It has state, so that tests run in turn and each sets what it needs.
    private final class Stub {
        static let path = FilePath("/proc/self/exe").resolvedFolder.appending("libkerf-nvml-stub.so").string
        private let handle: UnsafeMutableRawPointer

        init() throws {
            handle = try #require(dlopen(Self.path, RTLD_NOW | RTLD_LOCAL), "the stub library was not built")
            for (name, value) in [
                ("gpus", 1), ("millijoules", 5000), ("init", 0), ("energy", 0), ("draw", 71500),
            ] { set(name, value) }
        }

        deinit { dlclose(handle) }

        func set(_ name: String, _ value: Int) {
            typealias Call = @convention(c) (UnsafePointer<CChar>, Int64) -> Void
            unsafeBitCast(dlsym(handle, "kerf_stub_set"), to: Call.self)(name, Int64(value))
        }

        var started: Int32 {
            typealias Call = @convention(c) () -> Int32
            return unsafeBitCast(dlsym(handle, "kerf_stub_started"), to: Call.self)()
        }

        var probe: NVMLProbe { NVMLProbe(root: SystemRoot(), library: Self.path) }
    }

    @Test func counterDifferencesAreTheEnergy() throws {
        let stub = try Stub()
        stub.set("gpus", 2)
        let meter = try stub.probe.meter()
        #expect(meter.origin == .measured && meter.tree.totalFormula == "gpu-0 + gpu-1")
        let start = try meter.read()
        #expect(start.microjoules == [5_000_000, 6_000_000])
        stub.set("millijoules", 5250)
        let joules = try meter.joules(from: start, to: try meter.read())
        #expect(joules == ["gpu-0": 0.25, "gpu-1": 0.25])
    }

    /// UUIDs as PyTorch writes them and as the driver does; an unknown one, such as that of a part of a GPU, counts all.
    @Test(
        arguments: [
            (["00000000-0000-0000-0000-000000000001"], [false, true, false], true),
            (
                ["GPU-00000000-0000-0000-0000-000000000002", "00000000-0000-0000-0000-000000000000"],
                [true, false, true], true
            ),
            ([], [true, true, true], false),
            (["00000000-0000-0000-0000-000000000001", "MIG-1"], [true, true, true], false),
        ])
    func usedGPUsAreTheTotal(uuids: [String], isCounted: [Bool], isFound: Bool) throws {
        let stub = try Stub()
        stub.set("gpus", 3)
        let meters = try stub.probe.meters(of: uuids)
        #expect(meters.isFound == isFound)
        let names = (0..<3).map { "gpu-\($0)" }
        #expect(meters.used.tree.counted.map(\.identifier) == zip(names, isCounted).filter(\.1).map(\.0))
        let others = zip(names, isCounted).filter { !$0.1 }.map(\.0)
        #expect((meters.unused?.tree.counted ?? []).map(\.identifier) == others)
        let microjoules = zip([5_000_000, 6_000_000, 7_000_000] as [UInt64], isCounted).filter(\.1).map(\.0)
        #expect(try meters.used.read().microjoules == microjoules)
    }

    @Test func anUnusedGPUThatIsLostDoesNotMatter() throws {
        let stub = try Stub()
        stub.set("gpus", 2)
        do {
            let meters = try stub.probe.meters(of: ["00000000-0000-0000-0000-000000000000"])
            #expect(stub.started == 2)
            stub.set("gpus", 1)
            #expect(try meters.used.read().microjoules == [5_000_000])
            #expect(throws: KerfError.self) { try meters.unused?.read() }
        }
        #expect(stub.started == 0)
        stub.set("energy", 3)
        #expect(throws: KerfError.self) { try stub.probe.meters(of: []) }
        #expect(stub.started == 0)
    }

    @Test func readingsAreInUnitsWithoutPrefix() throws {
        let stub = try Stub()
        let readings = stub.probe.readings()
        #expect(readings.failures.isEmpty)
        #expect(readings.readings.map(\.value) == [5, 71.5, 41, 1.98e9])
        #expect(readings.readings.map(\.unit) == [.joules, .watts, .celsius, .hertz])
        // A name from a driver reaches no terminal as it is.
        #expect(readings.readings.allSatisfy { $0.sensor.hasPrefix("gpu-0 Stub?G/") })
        #expect(stub.probe.availability().status == .present)
    }

    @Test func everyStartIsShutDownAgain() throws {
        let stub = try Stub()
        _ = stub.probe.availability()
        _ = stub.probe.readings()
        #expect(stub.started == 0)
        do {
            let meter = try stub.probe.meter()
            #expect(stub.started == 1)
            _ = try meter.read()
        }
        #expect(stub.started == 0)
        stub.set("energy", 3)
        #expect(throws: KerfError.self) { try stub.probe.meter() }
        #expect(stub.started == 0)
    }

    @Test(arguments: [(3, KerfError.Code.notFound), (4, .permissionDenied), (15, .ioError), (999, .ioError)])
    func failuresAreErrorsNeverZero(result: Int, code: KerfError.Code) throws {
        let stub = try Stub()
        let meter = try stub.probe.meter()
        stub.set("energy", result)
        let error = #expect(throws: KerfError.self) { try meter.read() }
        #expect(error?.code == code)
        #expect(error?.description.contains("\n") == false)
        #expect(stub.probe.readings().failures.count == 1)
        #expect(stub.probe.readings().readings.count == 3)
    }

    @Test func gpuThatIsLostMidwayIsAnError() throws {
        let stub = try Stub()
        stub.set("gpus", 2)
        let meter = try stub.probe.meter()
        stub.set("gpus", 1)
        #expect(throws: KerfError.self) { try meter.read() }
    }

    @Test func impossibleValuesAreNotBelieved() throws {
        let stub = try Stub()
        let meter = try stub.probe.meter()
        stub.set("millijoules", -1)
        let error = #expect(throws: KerfError.self) { try meter.read() }
        #expect(error?.code == .implausibleReading)
        #expect(stub.probe.readings().failures.map(\.code) == [.implausibleReading])
        stub.set("millijoules", 5000)
        stub.set("draw", 0xFFFF_FFFF)
        let readings = stub.probe.readings()
        #expect(readings.failures.map(\.code) == [.implausibleReading] && readings.readings.count == 3)
    }

    @Test func absenceNamesItsRemedy() throws {
        let stub = try Stub()
        stub.set("gpus", 0)
        #expect(stub.probe.availability().status == .absent)
        stub.set("init", 4)
        #expect(stub.probe.availability().status == .forbidden)
        let missing = NVMLProbe(root: SystemRoot(), library: "libkerf-no-such-library.so.1").availability()
        #expect(missing.status == .absent && missing.remedy?.description.contains("driver") == true)
        // A library of the same name that is something else.
        let other = NVMLProbe(root: SystemRoot(), library: "libc.so.6").availability()
        #expect(other.status == .broken && other.reason.contains("lacks nvmlInit_v2"))
        #expect(NVMLProbe(root: SystemRoot("/nowhere"), library: Stub.path).availability().status == .absent)
    }

    /// No driver and no GPU are absent; one that is there and fails is not.
    @Test(
        arguments: [
            (4, .forbidden), (17, .forbidden), (3, .absent), (6, .absent), (9, .absent), (12, .absent), (10, .broken),
            (15, .broken), (18, .broken), (999, .broken),
        ] as [(Int, Availability.Status)])
    func aStartThatFailsSaysWhy(result: Int, status: Availability.Status) throws {
        let stub = try Stub()
        stub.set("init", result)
        let availability = stub.probe.availability()
        #expect(availability.status == status && availability.remedy != nil)
    }

    @Test func aLibraryThatIsThereAndCannotBeLoadedIsBroken() throws {
        let tree = try FixtureTree()
        let path = tree.file("libnvidia-ml.so.1").string
        #expect(NVMLProbe(root: SystemRoot(), library: path).availability().status == .absent)
        try tree.write("libnvidia-ml.so.1", "no library")
        let broken = NVMLProbe(root: SystemRoot(), library: path).availability()
        #expect(broken.status == .broken && broken.reason.contains(path))
        let missing = "cannot open shared object file: No such file or directory"
        #expect(NVMLLibrary.loadingFailure(of: "libnvidia-ml.so.1", "libnvidia-ml.so.1: \(missing)").code == .notFound)
        #expect(NVMLLibrary.loadingFailure(of: "libnvidia-ml.so.1", "libpart.so.1: \(missing)").code == .ioError)
        let denied = "\(path): cannot open shared object file: Permission denied"
        #expect(NVMLLibrary.loadingFailure(of: path, denied).code == .permissionDenied)
    }
}

extension FilePath {
    /// The folder of the file behind a link.
    fileprivate var resolvedFolder: FilePath {
        guard let real = realpath(string, nil) else { return removingLastComponent() }
        defer { free(real) }
        return FilePath(String(cString: real)).removingLastComponent()
    }
}
