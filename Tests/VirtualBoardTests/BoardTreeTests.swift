import CPUFreq
import ProbeKit
import ProfileFormat
import Quantities
import RAPL
import SystemIO
import SystemPackage
import TestSupport
import Testing
import VirtualBoard

/// The tree as the probes see it.
@Suite struct BoardTreeTests {
    @Test func domainsAreThoseOfAClient() throws {
        let place = try FixtureTree()
        let board = try VirtualBoard(root: place.path)
        let probe = RAPLProbe(root: board.root)
        let tree = probe.tree()
        #expect(Set(tree.domains.map(\.identifier)) == Set(BoardDomain.allCases.map(\.identifier)))
        #expect(tree.totalFormula == "package-0 + package-0/dram")
        #expect(tree.domains.first { $0.identifier == "psys" }?.role == .platform)
        #expect(tree.domains.filter { $0.role == .nested }.map(\.name) == ["core", "uncore"])
        #expect(tree.domains.first { $0.name == "dram" }?.wrapRangeMicrojoules == 65_712_999_613)
        #expect(probe.ratedPowerWatts() == 28)
        #expect(try probe.meter().origin == .simulated)
        #expect(probe.availability().reason.hasPrefix("simulated by a virtual board"))
    }

    @Test func policyOffersTheBoardsClocks() throws {
        let place = try FixtureTree()
        var settings = BoardSettings()
        settings.processors = 4
        let board = try VirtualBoard(root: place.path, settings: settings)
        let policies = CPUFreqProbe(root: board.root).policies()
        let policy = try #require(policies.first)
        #expect(policies.count == 1)
        #expect(policy.cpus == [0, 1, 2, 3])
        #expect(policy.hardwareMinimumHertz == 8e8)
        #expect(policy.hardwareMaximumHertz == 2.6e9)
        #expect(policy.currentHertz == 2.6e9)
        #expect(policy.availableHertz == settings.frequenciesHertz)
        #expect(policy.isSettable)
    }

    @Test func filesNeverChangeTheirLength() throws {
        let place = try FixtureTree()
        var settings = BoardSettings()
        settings.initialMicrojoules = settings.rangeMicrojoules - 500_000
        let board = try VirtualBoard(root: place.path, settings: settings)
        let files = [
            "sys/class/powercap/intel-rapl:0/energy_uj", "sys/class/powercap/intel-rapl:0:0/energy_uj",
            "sys/class/powercap/intel-rapl:0:1/energy_uj", "sys/class/powercap/intel-rapl:0:2/energy_uj",
            "sys/class/powercap/intel-rapl:1/energy_uj", "sys/class/hwmon/hwmon0/temp1_input",
            "sys/class/hwmon/hwmon0/power1_average", "sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq",
        ]
        let before = try files.map { try place.text($0) }
        try board.advance(to: 30, processCPUSeconds: 10)
        let after = try files.map { try place.text($0) }
        #expect(before.allSatisfy { $0.count == 21 && $0.last == "\n" })
        #expect(after.map(\.count) == before.map(\.count))
        // All but the clock have moved.
        #expect(zip(before, after).filter { $0 != $1 }.count == 7)
    }

    @Test func heldMeterSeesUpdates() throws {
        let place = try FixtureTree()
        let board = try VirtualBoard(root: place.path)
        let meter = try RAPLProbe(root: board.root).meter()
        let start = try meter.read()
        try board.advance(to: 2, processCPUSeconds: 1)
        let joules = try meter.joules(from: start, to: try meter.read())
        let planted = board.settings.power.totalJoules(seconds: 2, cpuSeconds: 1, frequencyHertz: 2.6e9)
        #expect(abs(meter.total(of: joules) - planted) < 3e-6)
    }

    @Test func foreignDirectoryIsNeverTouched() throws {
        let place = try FixtureTree()
        try place.write("sys/class/powercap/intel-rapl:0/energy_uj", "5\n")
        let error = #expect(throws: KerfError.self) { try VirtualBoard(root: place.path) }
        #expect(error?.code == .inUse)
        #expect(place.root.names(in: place.path) == ["sys"])
        #expect(try place.text("sys/class/powercap/intel-rapl:0/energy_uj") == "5\n")

        // A marker of something else is no board's.
        try place.write("kerf/board.json", #"{"schema":"kerf.board","schema_version":99}"#)
        #expect(throws: KerfError.self) { try VirtualBoard(root: place.path) }
        #expect(throws: KerfError.self) { try VirtualBoard(root: "/") }
    }

    @Test func linkInAnEarlierTreeIsNotFollowed() throws {
        let place = try FixtureTree()
        try place.write("victim", "mine\n")
        do { _ = try VirtualBoard(root: place.file("board")) }
        let counter = "board/sys/devices/virtual/powercap/intel-rapl/intel-rapl:0/energy_uj"
        try place.remove(counter)
        try place.link(counter, place.file("victim").string)
        #expect(throws: KerfError.self) { try VirtualBoard(root: place.file("board")) }
        #expect(try place.text("victim") == "mine\n")
    }

    @Test func secondBoardInOneTreeIsRefused() throws {
        let place = try FixtureTree()
        do {
            let board = try VirtualBoard(root: place.path)
            let error = #expect(throws: KerfError.self) { try VirtualBoard(root: place.path) }
            #expect(error?.code == .inUse)
            try board.advance(to: 100, processCPUSeconds: 0)
        }
        // The first has gone: its tree is stale, and another may take it over, from time zero.
        let next = try VirtualBoard(root: place.path)
        #expect(next.joules(of: .package) == 0)
        #expect(try RAPLProbe(root: next.root).meter().read().microjoules.allSatisfy { $0 == 10_000_000 })
    }
}
