import ProbeKit
import ProfileFormat
import RAPL
import SystemIO
import SystemPackage
import TestSupport
import Testing

/// Zones of which it is not known whether they are packages: a total that may lack one is not formed.
@Suite("Zones that are hidden or have no name")
struct HiddenZoneTests {
    private func box() throws -> FixtureTree {
        let box = try FixtureTree()
        try box.zone("intel-rapl:0", name: "package-0", microjoules: "5")
        try box.zone("intel-rapl:0:0", name: "dram", microjoules: "7")
        return box
    }

    /// A container's mask, or a tree without the device tree. A missing driver has no links.
    @Test(arguments: [false, true]) func linksThatLeadNowhereAreMasked(isMounted: Bool) throws {
        let box = try FixtureTree()
        try box.write("proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu avx2\n")
        for zone in ["intel-rapl", "intel-rapl:0", "intel-rapl:0:0"] {
            let place = zone.split(separator: ":").count == 1 ? "" : "/intel-rapl:0"
            try box.link("sys/class/powercap/\(zone)", "../../devices/virtual/powercap/intel-rapl\(place)")
        }
        if isMounted { try box.directory("sys/devices/virtual/powercap") }
        let probe = RAPLProbe(root: box.root)
        let availability = probe.availability()
        #expect(availability.status == .masked)
        #expect(availability.reason.contains("/sys/devices") && !availability.reason.contains("driver"))
        let remedy = try #require(availability.remedy?.description)
        #expect(remedy.contains(isMounted ? "/sys/devices/virtual/powercap" : "/sys/devices"))
        #expect(!remedy.contains("modprobe"))
        let error = #expect(throws: KerfError.self) { try probe.meter() }
        #expect(error.map { Availability($0) } == availability, "the meter says what the doctor says")
    }

    /// One of two sockets is hidden: the other one is not the box.
    @Test func aHiddenSocketIsNotLeftOutOfTheTotal() throws {
        let box = try box()
        try box.link("sys/class/powercap/intel-rapl:1", "../../devices/virtual/powercap/intel-rapl/intel-rapl:1")
        #expect(RAPLProbe(root: box.root).availability().status == .masked)
        #expect(throws: KerfError.self) { try RAPLProbe(root: box.root).meter() }
    }

    /// The memory-mapped view of a package is in no total beside the registers'.
    @Test func aHiddenTwinCostsNothing() throws {
        let box = try box()
        try box.link("sys/class/powercap/intel-rapl-mmio:0", "../../devices/virtual/powercap/intel-rapl-mmio/x")
        #expect(RAPLProbe(root: box.root).availability().status == .present)
    }

    /// It may be memory, which would count; the package's own counter is whole without it.
    @Test func aHiddenPartIsShownWithItsPackage() throws {
        let box = try FixtureTree()
        try box.zone("intel-rapl:0", name: "package-0", microjoules: "5")
        try box.link("sys/class/powercap/intel-rapl:0:0", "../../devices/virtual/powercap/intel-rapl/x")
        let probe = RAPLProbe(root: box.root)
        #expect(probe.availability().status == .present && probe.tree().totalFormula == "package-0")
        let part = try #require(probe.tree().domains.last)
        #expect(part.identifier == "package-0/intel-rapl:0:0" && !part.isReadable)
        #expect(probe.availability().reason.contains("masked"))
        #expect(try probe.meter().read().microjoules == [5])
    }

    /// A directory stands for a name whose read fails (EISDIR, as EIO); a link to itself cannot be opened (ELOOP).
    @Test(arguments: ["directory", "loop", "missing"]) func aPackageWithoutANameIsNotLeftOut(kind: String) throws {
        let box = try box()
        try takeName(of: "intel-rapl:0", kind, box)
        let probe = RAPLProbe(root: box.root)
        let availability = probe.availability()
        #expect(availability.status != .present)
        #expect(availability.reason.contains("the zone's name cannot be read"))
        #expect(throws: KerfError.self) { try probe.meter() }
        #expect(!probe.tree().counted.contains { $0.name == "intel-rapl:0" })
    }

    @Test func theOtherSocketWithoutANameIsNotLeftOut() throws {
        let box = try box()
        try box.zone("intel-rapl:1", name: "package-1", microjoules: "9")
        try takeName(of: "intel-rapl:1", "directory", box)
        let probe = RAPLProbe(root: box.root)
        #expect(probe.availability().status == .broken)
        #expect(probe.availability().reason.contains("intel-rapl:1/name"))
        #expect(throws: KerfError.self) { try probe.meter() }
    }

    /// It may be memory, which would count; the package's own counter is whole without it.
    @Test func aPartWithoutANameIsLeftOutByName() throws {
        let box = try box()
        try takeName(of: "intel-rapl:0:0", "directory", box)
        let probe = RAPLProbe(root: box.root)
        #expect(probe.tree().totalFormula == "package-0")
        #expect(probe.availability().status == .present)
        #expect(probe.availability().reason.contains("intel-rapl:0:0 the zone's name cannot be read"))
    }

    private func takeName(of zone: String, _ kind: String, _ box: FixtureTree) throws {
        let name = "sys/class/powercap/\(zone)/name"
        try box.remove(name)
        switch kind {
        case "directory": try box.directory(name)
        case "loop": try box.link(name, "name")
        default: break
        }
    }
}
