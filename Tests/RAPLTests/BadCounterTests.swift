import ProbeKit
import ProfileFormat
import RAPL
import SystemIO
import SystemPackage
import TestSupport
import Testing

@Suite struct BadCounterTests {
    private func box() throws -> FixtureTree {
        let box = try FixtureTree()
        try box.zone("intel-rapl:0", name: "package-0", microjoules: "100")
        try box.zone("intel-rapl:0:0", name: "dram", microjoules: "50")
        return box
    }

    private func isUnreadable(_ box: FixtureTree, _ identifier: String) -> Bool {
        box.domains.domains.contains { $0.identifier == identifier && !$0.isReadable }
    }

    @Test(arguments: ["", "\n", "garbage", "-5", "12 34", "0x10", "99999999999999999999", "1.5", "1e3"])
    func badPartIsSetAsideAndTheRestSurvives(text: String) throws {
        let box = try box()
        try box.write(box.counter("intel-rapl:0:0"), text)
        #expect(isUnreadable(box, "package-0/dram"))
        #expect(box.domains.totalFormula == "package-0")
        let meter = try RAPLProbe(root: box.root).meter()
        #expect(try meter.read().microjoules == [100])
        #expect(RAPLProbe(root: box.root).readings().failures.count == 1)
    }

    @Test func counterWithoutAFileIsUnreadable() throws {
        let box = try box()
        try box.remove(box.counter("intel-rapl:0:0"))
        #expect(isUnreadable(box, "package-0/dram"))
    }

    /// A directory opens and cannot be read (EISDIR), as an attribute whose driver fails (EIO).
    @Test func counterThatFailsToReadIsAnErrorNeverZero() throws {
        let box = try box()
        try box.remove(box.counter("intel-rapl:0:0"))
        try box.directory(box.counter("intel-rapl:0:0"))
        #expect(isUnreadable(box, "package-0/dram"))
    }

    @Test func packageThatCannotBeReadIsRefused() throws {
        let box = try box()
        try box.zone("intel-rapl:1", name: "package-1", microjoules: "nothing")
        let probe = RAPLProbe(root: box.root)
        #expect(throws: KerfError.self) { try probe.meter() }
        #expect(probe.availability().status == .broken)
        #expect(probe.availability().reason.contains("package-1"))
        // Shown all the same.
        #expect(probe.tree().totalFormula == "package-0 + package-0/dram")
    }

    /// A word of ones, as a register that cannot be read gives it: no window of it would have a solution.
    @Test(arguments: ["18446744073709551615", "262143328851"])
    func counterBeyondItsRangeIsNotBelieved(microjoules: String) throws {
        let box = try box()
        try box.write(box.counter("intel-rapl:0"), microjoules)
        let probe = RAPLProbe(root: box.root)
        let availability = probe.availability()
        #expect(availability.status == .implausible && availability.remedy != nil)
        #expect(availability.reason.contains("package-0") && availability.reason.contains("not to be believed"))
        let error = #expect(throws: KerfError.self) { try probe.meter() }
        #expect(error.map { Availability($0) } == availability, "the meter says what the doctor says")
        try box.write(box.counter("intel-rapl:0"), "262143328850")
        #expect(probe.availability().status == .present)
    }

    /// Names do not tell whether two dies share a counter, and one that cannot be read shows no mirror.
    @Test func dieThatCannotBeReadIsNotTakenForAMirror() throws {
        let box = try FixtureTree()
        try box.zone("intel-rapl:0", name: "package-0-die-0", microjoules: "5000000")
        try box.zone("intel-rapl:1", name: "package-0-die-1", microjoules: "garbage")
        let probe = RAPLProbe(root: box.root)
        let error = #expect(throws: KerfError.self) { try probe.meter() }
        #expect(error?.description.contains("package-0-die-1") == true)
        #expect(probe.availability().status == .broken)
        #expect(probe.availability().reason.contains("package-0-die-1"))
        // Memory-mapped zones are in no total beside the registers', and so no stand-in.
        try box.zone("intel-rapl-mmio:0", name: "package-0-die-0", microjoules: "4000")
        #expect(throws: KerfError.self) { try probe.meter() }
        try box.zone("intel-rapl-mmio:1", name: "package-0-die-1", microjoules: "3000")
        #expect(throws: KerfError.self) { try probe.meter() }
    }

    /// What the registers show is not missing where only the memory-mapped view of it fails.
    @Test(arguments: ["package-0", "package-0-die-1"]) func memoryMappedTwinMayFail(name: String) throws {
        let box = try FixtureTree()
        try box.zone("intel-rapl:0", name: "package-0-die-0", microjoules: "5000000")
        try box.zone("intel-rapl:1", name: "package-0-die-1", microjoules: "5000000")
        try box.zone("intel-rapl-mmio:0", name: name, microjoules: "garbage")
        // The second die mirrors the first, and so counts with it.
        #expect(box.domains.totalFormula == "package-0-die-0")
        #expect(try RAPLProbe(root: box.root).meter().read().microjoules.count == 2)
    }

    @Test func counterThatVanishesOrTurnsBadWhileHeldIsAnError() throws {
        let box = try box()
        let meter = try RAPLProbe(root: box.root).meter()
        let start = try meter.read()
        try box.write(box.counter("intel-rapl:0"), "")
        #expect(throws: KerfError.self) { try meter.read() }
        try box.write(box.counter("intel-rapl:0"), "350\n")
        #expect(try meter.joules(from: start, to: try meter.read())["package-0"] == 250e-6)
    }

    /// A zero in its place would be believed: at the first reading by all, later where the counter may have wrapped.
    @Test func failedReadIsNoZeroWhereZeroWouldBeBelieved() throws {
        let box = try FixtureTree()
        try box.zone("intel-rapl:0", name: "package-0", microjoules: "1000000", range: "2000000")
        for readsBefore in 0...1 {
            try box.write(box.counter("intel-rapl:0"), "1000000\n")
            let meter = try RAPLProbe(root: box.root).meter()
            for _ in 0..<readsBefore { _ = try meter.read() }
            try box.write(box.counter("intel-rapl:0"), "")
            let error = #expect(throws: KerfError.self) { try meter.read() }
            #expect(error?.code == .invalidReading && error?.location?.hasSuffix("energy_uj") == true)
        }
    }

    @Test func equalReadingsAreZeroEnergy() throws {
        let box = try box()
        let meter = try RAPLProbe(root: box.root).meter()
        let joules = try meter.joules(from: try meter.read(), to: try meter.read())
        #expect(joules == ["package-0": 0, "package-0/dram": 0])
    }

    @Test func fallWithoutARangeIsRefusedNotNegative() throws {
        let box = try FixtureTree()
        try box.zone("intel-rapl:0", name: "package-0", microjoules: "5000", range: nil)
        let meter = try RAPLProbe(root: box.root).meter()
        let start = try meter.read()
        try box.write(box.counter("intel-rapl:0"), "4000\n")
        let end = try meter.read()
        #expect(throws: KerfError.self) { try meter.joules(from: start, to: end) }
    }

    /// A counter text of which only the start arrives is a number all the same; and it may be the same number again at
    /// the end of the window, so that the window alone looks sound.
    @Test func readingCutShortDoesNotFollowFromTheOneBefore() throws {
        let box = try FixtureTree()
        try box.zone("intel-rapl:0", name: "package-0", microjoules: "26716954797")
        try box.zone("intel-rapl:1", name: "psys", microjoules: "36716954797")
        let meter = try RAPLProbe(root: box.root).meter()
        _ = try meter.read()
        try box.write(box.counter("intel-rapl:1"), "367")
        #expect(try meter.read().microjoules == [26_716_954_797, nil])
        try box.write(box.counter("intel-rapl:0"), "267")
        let error = #expect(throws: KerfError.self) { try meter.read() }
        #expect(error?.code == .invalidReading)
        #expect(error?.location?.hasSuffix("intel-rapl:0/energy_uj") == true)
    }
}
