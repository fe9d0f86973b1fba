import ProbeKit
import ProfileFormat
import TestSupport
import Testing

@testable import RAPL

@Suite struct MirrorTests {
    @Test func memoryMappedTwinIsNeverAdded() throws {
        let box = try FixtureTree()
        try box.zone("intel-rapl:0", name: "package-0", microjoules: "100000000")
        // Its counter need not look alike: it is the same package by name.
        try box.zone("intel-rapl-mmio:0", name: "package-0", microjoules: "4000")
        #expect(
            box.domains.roles == [
                "package-0": .counted, "package-0@intel-rapl-mmio:0": .mirror(of: "package-0"),
            ])
    }

    @Test func memoryMappedTwinStandsInForAnUnreadablePackage() throws {
        let box = try FixtureTree()
        try box.zone("intel-rapl:0", name: "package-0", microjoules: "")
        try box.zone("intel-rapl-mmio:0", name: "package-0", microjoules: "4000")
        try box.zone("intel-rapl-mmio:0:0", name: "dram", microjoules: "70")
        #expect(box.domains.counted.map(\.name) == ["package-0", "dram"])
        #expect(try RAPLProbe(root: box.root).meter().read().microjoules == [4000, 70])
    }

    @Test func unlikeDiesOfOneSocketBothCount() throws {
        let box = try FixtureTree()
        for (number, name, energy) in [
            (0, "package-0-die-0", "10360237493"), (1, "package-0-die-1", "10312450001"),
            (2, "package-1-die-0", "10360237493"), (3, "package-1-die-1", "9870000000"),
        ] {
            try box.zone("intel-rapl:\(number)", name: name, microjoules: energy)
        }
        #expect(box.domains.counted.count == 4)
        #expect(box.domains.totalFormula.hasPrefix("package-0-die-0 + package-0-die-1 + package-1-die-0"))
    }

    @Test func mirroredDiesCountOnceAndTheirPartsToo() throws {
        let box = try FixtureTree()
        for die in 0...2 {
            try box.zone("intel-rapl:\(die)", name: "package-0-die-\(die)", microjoules: "1036023749\(die)")
            try box.zone("intel-rapl:\(die):0", name: "dram", microjoules: die == 2 ? "80000000" : "500000000")
        }
        #expect(
            box.domains.roles == [
                "package-0-die-0": .counted, "package-0-die-0/dram": .counted,
                "package-0-die-1": .mirror(of: "package-0-die-0"),
                "package-0-die-1/dram": .mirror(of: "package-0-die-0/dram"),
                "package-0-die-2": .mirror(of: "package-0-die-0"),
                // The third die has a memory counter of its own.
                "package-0-die-2/dram": .counted,
            ])
    }

    @Test func countersOfUnlikeRangesAreTwo() throws {
        let box = try FixtureTree()
        try box.zone("intel-rapl:0", name: "package-0-die-0", microjoules: "5000000", range: "262143328850")
        try box.zone("intel-rapl:1", name: "package-0-die-1", microjoules: "5000000", range: "65532610987")
        #expect(box.domains.counted.count == 2)
    }

    @Test func liveLookTellsOneCounterFromTwo() {
        let range: UInt64 = 65_532_610_987
        // 100 W for 12 ms. One counter, the second view half an update interval behind.
        let first = MirroredCounters.Samples(first: 10_360_237_493, second: 10_361_437_493, elapsed: 0.012)
        let behind = MirroredCounters.Samples(first: 10_360_187_493, second: 10_361_387_493, elapsed: 0.012)
        #expect(MirroredCounters.areSameCounter(first, behind, range: range))
        // 0.9 J apart: alike enough for a capture, far too much for two reads in a row at 100 W.
        let other = MirroredCounters.Samples(first: 10_361_137_493, second: 10_362_337_493, elapsed: 0.012)
        #expect(!MirroredCounters.areSameCounter(first, other, range: range))
        let still = MirroredCounters.Samples(first: other.first, second: other.first, elapsed: 0.012)
        let stillFirst = MirroredCounters.Samples(first: first.first, second: first.first, elapsed: 0.012)
        #expect(MirroredCounters.areSameCounter(stillFirst, still, range: range))
    }

    @Test func mirrorIsSeenAcrossAWrap() {
        let range: UInt64 = 65_532_610_987
        let before = MirroredCounters.Samples(first: range - 100, second: 1_199_900, elapsed: 0.012)
        let after = MirroredCounters.Samples(first: 20, second: 1_200_020, elapsed: 0.012)
        #expect(MirroredCounters.areSameCounter(before, after, range: range))
    }
}
