import ProbeKit
import ProfileFormat
import RAPL
import SystemIO
import SystemPackage
import TestSupport
import Testing
import VirtualBoard

/// The ground truth, in simulated time.
@Suite struct BoardPowerTests {
    /// The stated function, written out once more.
    @Test func functionIsTheOneStated() {
        let power = BoardPower()
        func joules(_ domain: BoardDomain) -> Double {
            power.joules(domain: domain, seconds: 3, cpuSeconds: 2, frequencyHertz: 2e9)
        }
        #expect(abs(joules(.core) - (3 * 0.6 + 2 * 0.35 * 8)) < 1e-12)
        #expect(abs(joules(.uncore) - (3 * 0.4 + 2 * 0.6)) < 1e-12)
        #expect(abs(joules(.package) - (joules(.core) + joules(.uncore) + 3 * 1.0 + 2 * 0.75)) < 1e-12)
        #expect(abs(joules(.dram) - (3 * 0.7 + 2 * 0.9)) < 1e-12)
        #expect(abs(joules(.psys) - (joules(.package) + joules(.dram) + 3 * 3.5)) < 1e-12)
        #expect(
            power.totalJoules(seconds: 3, cpuSeconds: 2, frequencyHertz: 2e9) == joules(.package) + joules(.dram))
    }

    /// Through the tree and the meter: random steps of time, load and clock, with small ranges so that every counter
    /// wraps many times. Each window is right to the microjoules lost in rounding, and so is the sum.
    @Test func energyFollowsTheFunctionThroughWraps() throws {
        let place = try FixtureTree()
        var settings = BoardSettings()
        settings.rangeMicrojoules = 50_000_000
        settings.dramRangeMicrojoules = 20_000_000
        let board = try VirtualBoard(root: place.path, settings: settings)
        let meter = try RAPLProbe(root: board.root).meter()
        var (seconds, cpuSeconds) = (0.0, 0.0)
        var measured: [String: Double] = [:]
        var planted: [String: Double] = [:]
        var counters = try meter.read().microjoules
        var wraps = 0
        for _ in 0..<400 {
            let (step, used) = (Double.random(in: 0...0.2), Double.random(in: 0...0.3))
            let kilohertz = Int.random(in: 800_000...2_600_000)
            try place.write("sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq", "\(kilohertz)\n")
            seconds += step
            cpuSeconds += used
            try board.advance(to: seconds, processCPUSeconds: cpuSeconds)
            let now = try meter.read().microjoules
            for domain in BoardDomain.allCases {
                let joules = settings.power.joules(
                    domain: domain, seconds: step, cpuSeconds: used * 2_600_000 / Double(kilohertz),
                    frequencyHertz: Double(kilohertz) * 1000)
                planted[domain.identifier, default: 0] += joules
                let index = try #require(meter.tree.readable.firstIndex { $0.identifier == domain.identifier })
                let range = meter.tree.readable[index].wrapRangeMicrojoules
                // Simulated time: the step, not the meter's own clock.
                let (first, last) = (try #require(counters[index]), try #require(now[index]))
                let drawn = try EnergyCounter.microjoules(
                    from: first, to: last, range: range, elapsedSeconds: step, maximumWatts: 90)
                if last < first { wraps += 1 }
                #expect(abs(Double(drawn) * 1e-6 - joules) < 2e-6)
                measured[domain.identifier, default: 0] += Double(drawn) * 1e-6
            }
            counters = now
        }
        #expect(wraps > 20)
        for (identifier, joules) in planted { #expect(abs(measured[identifier, default: 0] - joules) < 2e-6) }
    }

    /// A thread that computes all the time gets `f` over the highest frequency of the processor's time. Its processor is
    /// busy all the same, at the power of that frequency; the energy of a run is the sum over its frequencies.
    @Test func busyProcessorDrawsThePowerOfItsFrequency() throws {
        let place = try FixtureTree()
        let board = try VirtualBoard(root: place.path)
        let power = board.settings.power
        var (seconds, cpuSeconds, joules) = (0.0, 0.0, 0.0)
        for kilohertz in [2_600_000, 800_000, 1_400_000, 2_600_000, 1_000_000, 800_000, 2_200_000] {
            try place.write("sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq", "\(kilohertz)\n")
            let hertz = Double(kilohertz) * 1000
            for _ in 0..<50 {
                let (busy, idle) = (Double.random(in: 0...0.01), Double.random(in: 0...0.01))
                seconds += busy + idle
                cpuSeconds += busy * hertz / 2.6e9
                joules += power.totalJoules(seconds: busy + idle, cpuSeconds: busy, frequencyHertz: hertz)
                try board.advance(to: seconds, processCPUSeconds: cpuSeconds)
            }
        }
        #expect(abs(board.joules(of: .package) + board.joules(of: .dram) - joules) < 1e-9 * joules)
    }

    @Test(arguments: [
        ("1200000\n", 1.2e9), ("  900000 ", 9e8), ("100\n", 8e8), ("9999999999\n", 2.6e9), ("", 2.6e9),
        ("fast\n", 2.6e9), ("-1\n", 2.6e9), ("1.2e6", 2.6e9),
    ])
    func clockIsTakenWithinTheLimitsAndGarbageIsIgnored(text: String, hertz: Double) throws {
        let place = try FixtureTree()
        let board = try VirtualBoard(root: place.path)
        let policy = "sys/devices/system/cpu/cpufreq/policy0"
        try place.write("\(policy)/scaling_max_freq", text)
        try board.advance(to: 1, processCPUSeconds: 1)
        let planted = board.settings.power.joules(
            domain: .core, seconds: 1, cpuSeconds: 2.6e9 / hertz, frequencyHertz: hertz)
        #expect(abs(board.joules(of: .core) - planted) < 1e-9)
        #expect(try SysfsFile.integer(at: place.file("\(policy)/scaling_cur_freq")) == Int64(hertz / 1000))
        // What the user wrote stays as it was written.
        #expect(try place.text("\(policy)/scaling_max_freq") == text)
    }

    @Test func timeThatGoesBackChangesNothing() throws {
        let place = try FixtureTree()
        let board = try VirtualBoard(root: place.path)
        try board.advance(to: 5, processCPUSeconds: 3)
        let before = BoardDomain.allCases.map(board.joules(of:))
        try board.advance(to: 4, processCPUSeconds: 9)
        try board.advance(to: 5, processCPUSeconds: 2)
        #expect(BoardDomain.allCases.map(board.joules(of:)) == before)
    }

    @Test func temperatureApproachesItsSteadyValue() throws {
        let place = try FixtureTree()
        let board = try VirtualBoard(root: place.path)
        let file = place.file("sys/class/hwmon/hwmon0/temp1_input")
        #expect(try SysfsFile.integer(at: file) == 30_000)
        var last = 30_000
        for step in 1...600 {
            let seconds = Double(step) * 0.2
            try board.advance(to: seconds, processCPUSeconds: seconds)
            let now = Int(try SysfsFile.integer(at: file))
            #expect(now >= last)
            last = now
        }
        let watts = board.settings.power.joules(domain: .package, seconds: 1, cpuSeconds: 1, frequencyHertz: 2.6e9)
        #expect(abs(Double(last) - (30 + 1.8 * watts) * 1000) < 10)
        let average = try SysfsFile.integer(at: place.file("sys/class/hwmon/hwmon0/power1_average"))
        #expect(abs(Double(average) * 1e-6 - watts) < 1e-3)
    }
}
