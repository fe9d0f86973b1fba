import ProbeKit
import ProfileFormat
import RAPL
import SystemPackage
import TestSupport
import Testing

@Suite struct DomainTreeTests {
    @Test func socketIsTakenFromTheNameNotTheNumber() throws {
        let box = try FixtureTree()
        try box.zone("intel-rapl:0", name: "package-1", microjoules: "5000")
        try box.zone("intel-rapl:0:0", name: "dram", microjoules: "600")
        try box.zone("intel-rapl:1", name: "package-0", microjoules: "7000")
        #expect(box.domains.identifiers == ["package-0", "package-1", "package-1/dram"])
        #expect(box.domains.totalFormula == "package-0 + package-1 + package-1/dram")
        #expect(try RAPLProbe(root: box.root).meter().read().microjoules == [7000, 5000, 600])
    }

    @Test func tenthSocketComesAfterTheSecond() throws {
        let box = try FixtureTree()
        for socket in [10, 2, 0] {
            try box.zone("intel-rapl:\(socket)", name: "package-\(socket)", microjoules: "\(socket)")
        }
        #expect(box.domains.identifiers == ["package-0", "package-2", "package-10"])
    }

    /// The kernel's own layout: zones nested in the device tree, links to all of them in the class directory.
    @Test(arguments: [false, true]) func zoneReachableTwiceIsOneZone(flattened: Bool) throws {
        let box = try FixtureTree()
        let devices = "sys/devices/virtual/powercap/intel-rapl"
        try box.zone("", name: "package-0", microjoules: "100", at: "\(devices)/intel-rapl:0")
        try box.zone("", name: "core", microjoules: "40", at: "\(devices)/intel-rapl:0/intel-rapl:0:0")
        let places = [
            "intel-rapl": "", "intel-rapl:0": "/intel-rapl:0", "intel-rapl:0:0": "/intel-rapl:0/intel-rapl:0:0",
        ]
        for (name, place) in places {
            let target = "../../devices/virtual/powercap/intel-rapl\(place)"
            if flattened {
                try box.write("sys/class/powercap/\(name)", target)
            } else {
                try box.link("sys/class/powercap/\(name)", target)
            }
        }
        #expect(box.domains.roles == ["package-0": .counted, "package-0/core": .nested])
        #expect(box.domains.domains.count == 2)
        #expect(try RAPLProbe(root: box.root).meter().read().microjoules == [100, 40])
    }

    @Test func treeThatLinksBackToItselfEnds() throws {
        let box = try FixtureTree()
        try box.zone("intel-rapl:0", name: "package-0", microjoules: "100")
        try box.link("sys/class/powercap/intel-rapl:0/intel-rapl:0:0", "../intel-rapl:0")
        try box.link("sys/class/powercap/intel-rapl:0/intel-rapl:0:1", "intel-rapl:0:1")
        #expect(box.domains.identifiers == ["package-0", "package-0/package-0"])
        #expect(box.domains.totalFormula == "package-0")
    }

    @Test func platformIsTheTotalOnlyWhereItIsAlone() throws {
        let alone = try FixtureTree()
        try alone.zone("intel-rapl:0", name: "psys", microjoules: "100")
        #expect(alone.domains.roles == ["psys": .counted])
        let broken = try FixtureTree()
        try broken.zone("intel-rapl:0", name: "psys", microjoules: "100")
        try broken.zone("intel-rapl:1", name: "package-0", microjoules: "garbage")
        #expect(broken.domains.roles["psys"] == .platform)
        #expect(broken.domains.counted.isEmpty)
        let several = try FixtureTree()
        try several.zone("intel-rapl:0", name: "package-0", microjoules: "100")
        try several.zone("intel-rapl:1", name: "psys-1", microjoules: "100")
        #expect(several.domains.roles["psys-1"] == .platform)
    }

    @Test func unknownNamesSurviveAndAreNotAdded() throws {
        let box = try FixtureTree()
        try box.zone("intel-rapl:0", name: "package-0", microjoules: "100")
        try box.zone("intel-rapl:0:0", name: "npu", microjoules: "10")
        try box.zone("intel-rapl:1", name: "package-x", microjoules: "30")
        try box.zone("intel-rapl:2", name: "a/b\u{1B}[31m", microjoules: "30")
        try box.zone("intel-rapl:3", name: "", microjoules: "30")
        #expect(
            box.domains.roles == [
                "package-0": .counted, "package-0/npu": .nested, "package-x": .platform, "a?b?[31m": .platform,
                "intel-rapl:3": .platform,
            ])
    }

    /// A name may read as the identifier that a later zone would be given.
    @Test func identifiersAreUniqueWhateverTheNames() throws {
        let box = try FixtureTree()
        try box.zone("intel-rapl:0", name: "package-0", microjoules: "100")
        for (number, name) in ["core@intel-rapl:0:2", "core", "core"].enumerated() {
            try box.zone("intel-rapl:0:\(number)", name: name, microjoules: "\(number + 1)")
        }
        let identifiers = box.domains.identifiers
        try #require(Set(identifiers).count == 4, "\(identifiers)")
        #expect(Set(identifiers).isSuperset(of: ["package-0", "package-0/core", "package-0/core@intel-rapl:0:2"]))
        // Each identifier has its own zone's counter.
        #expect(try RAPLProbe(root: box.root).meter().read().microjoules == [100, 1, 2, 3])
    }

    @Test func zonesOfAnotherMachineAreNotCounted() throws {
        let box = try FixtureTree()
        try box.zone("intel-rapl:0", name: "package-0", microjoules: "100")
        let other = try FixtureTree()
        try other.zone("intel-rapl:1", name: "package-1", microjoules: "100")
        try box.link(
            "sys/class/powercap/intel-rapl:1",
            other.file("sys/class/powercap/intel-rapl:1").string)
        #expect(box.domains.totalFormula == "package-0")
    }

    @Test func everyZoneHasItsOwnRange() throws {
        let box = try FixtureTree()
        try box.zone("intel-rapl:0", name: "package-0", microjoules: "262143000000", range: "262143328850")
        try box.zone("intel-rapl:0:0", name: "dram", microjoules: "65712000000", range: "65712999613")
        try box.zone("intel-rapl:0:1", name: "core", microjoules: "5", range: nil)
        try box.zone("intel-rapl:0:2", name: "uncore", microjoules: "5", range: "lots")
        let ranges = box.domains.domains.map(\.wrapRangeMicrojoules)
        #expect(ranges == [262_143_328_850, 65_712_999_613, nil, nil])

        let meter = try RAPLProbe(root: box.root).meter()
        let start = try meter.read()
        try box.write(box.counter("intel-rapl:0"), "1000\n")
        try box.write(box.counter("intel-rapl:0:0"), "387\n")
        let joules = try meter.joules(from: start, to: try meter.read())
        #expect(abs((joules["package-0"] ?? 0) - 0.329850) < 1e-9)
        #expect(abs((joules["package-0/dram"] ?? 0) - 1.0) < 1e-9)
        #expect(joules["package-0/core"] == 0)
        #expect(abs(meter.total(of: joules) - 1.329850) < 1e-9)
    }

    @Test func otherControlTypesAreNoMeters() throws {
        let box = try FixtureTree()
        try box.zone("dtpm:0", name: "package-0", microjoules: "100")
        #expect(box.domains.domains.isEmpty)
        let availability = RAPLProbe(root: box.root).availability()
        #expect(availability.status == .absent)
        #expect(availability.reason.contains("only dtpm"))
    }
}
