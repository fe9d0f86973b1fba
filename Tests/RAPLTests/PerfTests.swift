import ProbeKit
import ProfileFormat
import SystemIO
import SystemPackage
import TestSupport
import Testing

@testable import RAPL

/// The `power` PMU from a described tree. What is opened is a real counter of the running kernel: its software PMU
/// (type 1, event 0: nanoseconds of a CPU's clock) stands where the energy PMU would, since a virtual machine has none.
@Suite("perf_event")
struct PerfTests {
    private func box(mask: String = "0", type: String = "1") throws -> FixtureTree {
        let box = try FixtureTree()
        let device = PerfPowerUnit.directory
        try box.write(under: device, ["type": type, "cpumask": mask])
        for (event, code) in [
            ("energy-pkg", "0x00"), ("energy-cores", "0x00"), ("energy-ram", "0x00"), ("energy-psys", "0x00"),
        ] {
            try box.write(
                under: "\(device)/events",
                ["\(event)": "event=\(code)", "\(event).unit": "Joules", "\(event).scale": "1e-9"])
        }
        for cpu in 0..<4 {
            try box.write("sys/devices/system/cpu/cpu\(cpu)/topology/physical_package_id", "\(cpu / 2)\n")
        }
        return box
    }

    private static let mayCount: Bool =
        (try? PerfTests().box()).map { box in
            (try? RAPLProbe(root: box.root).perfMeter(of: box.root)) != nil
        } ?? false

    @Test func eventsBecomeDomainsByName() throws {
        let box = try box(mask: "0,2")
        let unit = try PerfPowerUnit(root: box.root)
        #expect(
            unit.tree.identifiers == [
                "package-0", "package-0/core", "package-0/dram", "psys", "package-1", "package-1/core",
                "package-1/dram",
            ])
        #expect(unit.tree.totalFormula == "package-0 + package-0/dram + package-1 + package-1/dram")
        #expect(unit.counters.map(\.cpu) == [0, 0, 0, 0, 2, 2, 2])
    }

    @Test func diesOfOnePackageAreLeftToPowercap() throws {
        let box = try box(mask: "0-1")
        let error = #expect(throws: KerfError.self) { try PerfPowerUnit(root: box.root) }
        #expect(error?.code == .ambiguousReading && error?.remedy == "use powercap")
    }

    @Test(arguments: ["", "x", "3-1", "0-99999999", "-1"])
    func badMasksAreErrors(mask: String) throws {
        let box = try box(mask: mask)
        #expect(throws: KerfError.self) { try PerfPowerUnit(root: box.root) }
    }

    @Test(arguments: [
        ("energy-pkg", "umask=0x02"), ("energy-pkg.unit", "Watts"), ("energy-pkg.scale", "-1"),
        ("energy-pkg.scale", "nan"), ("energy-pkg", ""),
    ])
    func eventsThatAreNoEnergiesAreErrors(file: String, text: String) throws {
        let box = try box()
        try box.write("\(PerfPowerUnit.directory)/events/\(file)", text)
        #expect(throws: KerfError.self) { try PerfPowerUnit(root: box.root) }
    }

    /// Memory, like a part, is left out and named; the package's energy is measured without it.
    @Test(arguments: [("energy-ram", ""), ("energy-psys.unit", "Watts"), ("energy-cores.scale", "x")])
    func aPartWhoseEventIsBadHidesNothing(file: String, text: String) throws {
        let box = try box(mask: "0,2")
        try box.write("\(PerfPowerUnit.directory)/events/\(file)", text)
        let unit = try PerfPowerUnit(root: box.root)
        let parts = unit.tree.domains.filter { !$0.isReadable }
        #expect(parts.count == 2 && parts.allSatisfy { $0.parent?.hasPrefix("package-") == true })
        #expect(unit.tree.counted.contains { $0.identifier == "package-1" })
        #expect(unit.tree.domains.count - parts.count == unit.counters.count)
    }

    @Test func aPartMayBeLeftOutOfTheTotalAndAPackageMayNot() throws {
        let box = try box(mask: "0,2")
        let whole = try PerfPowerUnit(root: box.root)
        var unit = whole
        let stale = CounterFreshness.error(at: "energy-ram")
        let memory = try #require(unit.counters.firstIndex { $0.domain.identifier == "package-0/dram" })
        try unit.leaveOut(memory, because: stale)
        #expect(unit.tree.totalFormula == "package-0 + package-1 + package-1/dram")
        #expect(unit.tree.roles["package-0/dram"] == .unreadable(stale.message))
        #expect(Set(unit.tree.identifiers) == Set(whole.tree.identifiers))
        let package = try #require(unit.counters.firstIndex { $0.domain.identifier == "package-1" })
        let error = #expect(throws: KerfError.self) { try unit.leaveOut(package, because: stale) }
        #expect(error?.code == .staleReading && error?.message.hasPrefix("package-1: ") == true)
        #expect(unit.tree.totalFormula == "package-0 + package-1 + package-1/dram")
    }

    /// The kernel's dummy event (9) is opened as any other and never counts.
    @Test(
        "memory that stands still is left out, a package that does is refused",
        .enabled(if: mayCount, "needs the right to count for a CPU"))
    func stoppedCounters() throws {
        let dummy = "event=0x09"
        let memory = try box()
        try memory.write("\(PerfPowerUnit.directory)/events/energy-ram", dummy)
        let meter = try RAPLProbe(root: memory.root).perfMeter(of: memory.root)
        #expect(meter.tree.totalFormula == "package-0")
        guard case .unreadable(let reason) = meter.tree.roles["package-0/dram"] else {
            Issue.record("counted, though it stands still")
            return
        }
        #expect(reason.contains("stands still"))
        let reading = try meter.read()
        #expect(reading.microjoules.count == 3 && reading.microjoules.allSatisfy { $0 != nil })

        let package = try box()
        try package.write("\(PerfPowerUnit.directory)/events/energy-pkg", dummy)
        let error = #expect(throws: KerfError.self) { try RAPLProbe(root: package.root).perfMeter(of: package.root) }
        #expect(error?.code == .staleReading && error?.message.hasPrefix("package-0: ") == true)
    }

    /// The real system call, the real counter.
    @Test("held counters of the running kernel grow", .enabled(if: mayCount, "needs the right to count for a CPU"))
    func realCounters() throws {
        let box = try box()
        let meter = try RAPLProbe(root: box.root).perfMeter(of: box.root)
        let before = MonotonicInstant.now()
        let start = try meter.read()
        let started = MonotonicInstant.now()
        #expect(start.microjoules.count == 4)
        var end = try meter.read()
        while end.instant.seconds(since: start.instant) < 0.01 { end = try meter.read() }
        let ended = MonotonicInstant.now()
        let joules = try meter.joules(from: start, to: end)["package-0"] ?? 0
        // A nanojoule a nanosecond: the "energy" is the time, as far as the kernel counted it.
        #expect(joules > end.instant.seconds(since: started) - 0.002)
        #expect(joules < ended.seconds(since: before) + 0.002)
    }

    @Test func unknownPMUIsAnErrorWithItsPlace() throws {
        let box = try box(type: "4000000")
        let error = #expect(throws: KerfError.self) { try RAPLProbe(root: box.root).perfMeter(of: box.root) }
        #expect(error?.location?.contains("energy-pkg") == true)
    }

    @Test func remediesNameTheCapabilityAndTheModule() throws {
        let empty = try FixtureTree()
        let absent = #expect(throws: KerfError.self) { try RAPLProbe(root: empty.root).perfMeter(of: empty.root) }
        #expect(absent?.remedy?.description.contains("modprobe rapl") == true)
        // A tree is never counted on the running kernel.
        let tree = try box()
        #expect(RAPLProbe(root: tree.root).perfAvailability().status == .absent)
    }
}
