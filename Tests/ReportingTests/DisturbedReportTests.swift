import Calibration
import ProfileFormat
import Reporting
import SystemIO
import TestSupport
import Testing

@Suite("Reports of disturbed runs")
struct DisturbedReportTests {
    private static let processes = [
        OtherProcess(command: "python3 train.py", processors: 1.1, cpuSeconds: 40),
        OtherProcess(command: "cc1plus", processors: 0.31, cpuSeconds: 9),
        OtherProcess(command: "[kswapd0]", processors: 0.01, cpuSeconds: 1),
    ]

    private static let load = DisturbanceCause(cause: .otherLoad, count: 60, seconds: 30, otherProcessors: 1.5)
    private static let waits = DisturbanceCause(cause: .waiting, count: 3, seconds: 10, otherProcessors: 1.1)

    private func report(_ disturbances: Disturbances) throws -> String {
        var profile = SyntheticProfile().make()
        profile.disturbances = disturbances
        let bytes = try KerfJSON.encode(profile)
        return profile.report(try Calibrator.calibrate([.init(name: "p.json", bytes: bytes)]))
    }

    @Test("the first line names what was rejected, by whom, and what that means")
    func firstLine() throws {
        let text = try report(
            Disturbances(
                measurementCount: 100, measuredSeconds: 64,
                causes: [
                    Self.load, Self.waits, DisturbanceCause(cause: .quota, count: 12, seconds: 4),
                    DisturbanceCause(cause: .steal, count: 2, seconds: 1, stealProcessors: 0.5),
                ], processorCount: 2, processes: Self.processes))
        let first = try #require(text.split(separator: "\n").first)
        #expect(
            first.hasSuffix(
                "DISTURBED: other processes used 1.4 of 2 CPUs in 63 % of the time: "
                    + "python3 train.py (1.1 CPUs), cc1plus (0.3 CPUs), [kswapd0] (less than 0.1 CPUs); "
                    + "the CPU quota of the control group stopped the run in 6 %; "
                    + "the hypervisor took 0.5 of 2 CPUs in 2 %; what remains may be too long"), "\(first)")
        #expect(text.contains("Disturbed: other processes used"), "the calibration warns too")
    }

    @Test(
        "a fifth of the time is too much, less is named below",
        arguments: [(19, 100, false), (20, 100, true), (2, 2, false), (3, 3, true), (0, 0, false)])
    func threshold(rejected: Int, taken: Int, isTooMuch: Bool) throws {
        let disturbances = Disturbances(
            measurementCount: taken, measuredSeconds: Double(taken),
            causes: rejected == 0
                ? [] : [DisturbanceCause(cause: .waiting, count: rejected, seconds: Double(rejected))],
            processorCount: 2, processes: rejected == 0 ? nil : Self.processes)
        #expect(disturbances.isTooMuch == isTooMuch)
        let text = try report(disturbances)
        #expect(text.contains("DISTURBED: ") == isTooMuch)
        #expect(text.contains("\nother processes: python3 train.py (1.1 CPUs), ") == (!isTooMuch && rejected > 0))
    }

    /// The warnings of a calibration of several profiles, one for each.
    private func warnings(_ runs: [Disturbances?]) throws -> [String] {
        var planted = SyntheticProfile()
        let inputs = try runs.enumerated().map { number, disturbances in
            planted.seed = UInt64(number + 1)
            var profile = planted.make()
            profile.disturbances = disturbances
            return Calibrator.Input(name: "\(number).json", bytes: try KerfJSON.encode(profile))
        }
        let calibration = try Calibrator.calibrate(inputs)
        #expect(try calibration.warnings == Calibrator.calibrate(inputs.reversed()).warnings)
        return calibration.warnings.filter { $0.hasPrefix("Disturbed") }
    }

    @Test("a calibration of several profiles warns of what disturbed them together")
    func pooled() throws {
        let first = Disturbances(
            measurementCount: 100, measuredSeconds: 64, causes: [Self.load, Self.waits], processorCount: 2,
            processes: Self.processes)
        let second = Disturbances(
            measurementCount: 50, measuredSeconds: 36,
            causes: [
                DisturbanceCause(cause: .quota, count: 12, seconds: 6),
                DisturbanceCause(cause: .otherLoad, count: 20, seconds: 10, otherProcessors: 0.5),
            ], processorCount: 2,
            processes: [OtherProcess(command: "cc1plus", processors: 0.9, cpuSeconds: 63)])
        let whole = try #require(Disturbances(joining: [first, second]))
        #expect(whole.measurementCount == 150 && whole.measuredSeconds == 100)
        #expect(
            whole.causes == [
                DisturbanceCause(cause: .otherLoad, count: 80, seconds: 40, otherProcessors: 1.25),
                DisturbanceCause(cause: .waiting, count: 3, seconds: 10, otherProcessors: 1.1),
                DisturbanceCause(cause: .quota, count: 12, seconds: 6),
            ])
        let says =
            "other processes used 1.2 of 2 CPUs in 50 % of the time: cc1plus (0.7 CPUs), python3 train.py (1.1 CPUs), "
            + "[kswapd0] (less than 0.1 CPUs); the CPU quota of the control group stopped the run in 6 %"
        #expect(whole.summary == says)
        #expect(try warnings([first, second]) == ["Disturbed: \(says). What remains may be too long."])
        #expect(try warnings([first, nil]).count == 1, "of those that say it")
    }

    @Test("quiet profiles do not hide a disturbed one, and are not blamed for it")
    func pooledWithQuiet() throws {
        let quiet = Disturbances(measurementCount: 100, measuredSeconds: 64, causes: [])
        let disturbed = Disturbances(
            measurementCount: 100, measuredSeconds: 64,
            causes: [DisturbanceCause(cause: .quota, count: 30, seconds: 16)])
        #expect(
            try warnings([quiet, disturbed, quiet]) == [
                "Disturbed in 1 of 3 profiles: the CPU quota of the control group stopped the run in 25 % of the time. "
                    + "What remains may be too long."
            ])
        #expect(try warnings([quiet, quiet]).isEmpty)
    }

    @Test("threads that waited for each other are not blamed on other processes")
    func ownThreads() {
        let waits = DisturbanceCause(cause: .waiting, count: 50, seconds: 10, otherProcessors: 0.02)
        let disturbances = Disturbances(
            measurementCount: 100, measuredSeconds: 20, causes: [waits], processorCount: 2, processes: Self.processes)
        #expect(disturbances.summary == "threads of the run waited for a processor in 50 % of the time")
    }

    @Test("what a file claims cannot break a line or a sum")
    func hostile() throws {
        var disturbances = Disturbances(
            measurementCount: .max, measuredSeconds: 9, causes: [],
            processes: [
                OtherProcess(
                    command: "a\nb\u{1B}[2J" + String(repeating: "x", count: 900), processors: 1, cpuSeconds: 1)
            ])
        disturbances.causes = Disturbance.allCases.map { DisturbanceCause(cause: $0, count: .max, seconds: 1) }
        #expect(!disturbances.summary.contains { $0 == "\n" || $0 == "\u{1B}" })
        #expect(disturbances.summary.count < 900)
        #expect(throws: KerfError.self) { try report(disturbances) }
    }
}
