import ProbeKit
import TestSupport
import Testing

@testable import RAPL

/// The made-up boxes that every clone has, with values from their files.
@Suite("RAPL of the fixture boxes")
struct FixtureBoxTests {
    private static let withPowercap = [
        "desktop-odd-sensors", "epyc-multi-die", "hybrid-laptop-battery", "thinkpad-partial-capture",
        "threadripper-mirrored-dies", "xeon-two-socket-dram",
    ]

    /// Whole domain trees against texts written by hand.
    @Test("golden domain trees", arguments: withPowercap)
    func golden(name: String) throws {
        let golden = try GoldenTreeTests.golden("box-\(name)")
        try FixtureBoxes.eachWay(name) { root in
            #expect(GoldenTreeTests.text(RAPLProbe(root: root)) == golden)
            #expect(RAPLProbe(root: root).tree().brokenRule == nil)
        }
    }

    @Test("every other box has no RAPL", arguments: FixtureBoxes.names)
    func absent(name: String) throws {
        try FixtureBoxes.eachWay(name) { root in
            let availability = RAPLProbe(root: root).availability()
            #expect((availability.status == .present) == Self.withPowercap.contains(name), "\(availability)")
            #expect(availability.reason.contains("virtual machine") == (name == "kvm-guest"))
        }
    }

    /// Zones are numbered against the sockets' names, and memory has a range of its own.
    @Test func socketsAreNamedAndNotNumbered() throws {
        try FixtureBoxes.eachWay("xeon-two-socket-dram") { (root) throws in
            let probe = RAPLProbe(root: root)
            #expect(
                try probe.meter().read().microjoules == [
                    123_456_789_012, 11_223_344_556, 81_234_567_890, 9_876_543_210,
                ]
            )
            #expect(probe.ratedPowerWatts() == 300)
            #expect(probe.readings().failures.isEmpty)
        }
    }

    @Test func diesWithCountersOfTheirOwnAllCount() throws {
        try FixtureBoxes.eachWay("epyc-multi-die") { (root) throws in
            let probe = RAPLProbe(root: root)
            // The first die of the second socket shows the same number as that of the first one.
            #expect(probe.tree().counted.count == 4)
            #expect(try probe.meter().read().microjoules.count == 8)
            #expect(probe.ratedPowerWatts() == nil)
        }
    }

    @Test func mirroredDiesCountOnce() throws {
        try FixtureBoxes.eachWay("threadripper-mirrored-dies") { (root) throws in
            let probe = RAPLProbe(root: root)
            #expect(
                probe.tree().roles == ["package-0-die-0": .counted, "package-0-die-1": .mirror(of: "package-0-die-0")])
            #expect(try probe.meter().read().microjoules == [20_750_123_456, 20_749_806_543])
            #expect(probe.ratedPowerWatts() == nil)
        }
    }

    /// Zones nested in the directory of the control type, without links to them and without ranges.
    @Test func nestedZonesWithoutRangesAreRead() throws {
        let probe = RAPLProbe(root: try FixtureBoxes.root("thinkpad-partial-capture"))
        #expect(probe.tree().domains.allSatisfy { $0.wrapRangeMicrojoules == nil })
        #expect(
            try probe.meter().read().microjoules == [
                31_847_120_945, 14_920_337_718, 3_105_664_027, 8_216_950_043, 1_290_775_314,
            ])
        #expect(probe.availability().status == .present && probe.ratedPowerWatts() == nil)
    }

    /// The memory-mapped view of the package, and the platform, are in no total and in no rating.
    @Test func laptopCountsItsPackageAlone() throws {
        try FixtureBoxes.eachWay("hybrid-laptop-battery") { root in
            let probe = RAPLProbe(root: root)
            #expect(probe.tree().counted.map(\.identifier) == ["package-0"])
            #expect(probe.tree().roles["psys"] == .platform)
            #expect(probe.tree().roles["package-0@intel-rapl-mmio:0"] == .mirror(of: "package-0"))
            #expect(probe.ratedPowerWatts() == 28)
        }
    }

    /// Flat zones, and a limit of kilowatts by which the firmware means none.
    @Test func flatZonesAreRead() throws {
        try FixtureBoxes.eachWay("desktop-odd-sensors") { root in
            let probe = RAPLProbe(root: root)
            let readings = probe.readings()
            #expect(readings.readings.first == Reading(sensor: "package-0", value: 190_337.001122, unit: .joules))
            #expect(readings.failures.isEmpty)
            #expect(probe.ratedPowerWatts() == 65)
        }
    }

    @Test func powerPMUOfTwoSockets() throws {
        let unit = try PerfPowerUnit(root: try FixtureBoxes.root("xeon-two-socket-dram"))
        #expect(unit.type == 24 && unit.counters.map(\.cpu) == [0, 0, 2, 2])
        #expect(unit.tree.identifiers == ["package-0", "package-0/dram", "package-1", "package-1/dram"])
        #expect(unit.counters.map(\.event.config) == [2, 3, 2, 3])
        #expect(unit.counters.allSatisfy { $0.event.joulesPerCount == 0x1p-32 })
    }

    @Test func powerPMUOfALaptop() throws {
        let unit = try PerfPowerUnit(root: try FixtureBoxes.root("hybrid-laptop-battery"))
        #expect(
            unit.tree.roles == [
                "package-0": .counted, "package-0/core": .nested, "package-0/uncore": .nested, "psys": .platform,
            ])
        #expect(unit.tree.totalFormula == "package-0")
    }

    /// Which dies share a counter is seen in powercap alone.
    @Test func powerPMUOfSeveralDiesIsRefused() throws {
        let root = try FixtureBoxes.root("epyc-multi-die")
        #expect { try PerfPowerUnit(root: root) } throws: { "\($0)".contains("use powercap") }
    }
}
