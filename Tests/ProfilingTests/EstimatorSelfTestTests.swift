import ProfileFormat
import SelfTest
import Statistics
import SystemIO
import SystemPackage
import TestSupport
import Testing

/// The estimator against known powers. Few trials here; `kerf selftest estimator` runs a thousand.
struct EstimatorSelfTestTests {
    /// About a millisecond with the jitter of Ice Lake's counters.
    static let regular: UpdateIntervalFile = {
        var generator = SeededGenerator(seed: 9)
        let rows = (0..<2000).map { _ in "\(max(0.68, 1 + 0.15 * generator.normal()))" }
        return try! UpdateIntervalFile(text: "ms\n" + rows.joined(separator: "\n"), name: "regular", column: "ms")
    }()

    private func report(
        _ truth: GroundTruth, intervals: UpdateIntervalFile = regular, budget: Double = 3, trials: Int = 60,
        seed: Int = 4
    ) throws -> EstimatorReport {
        try EstimatorSelfTest(
            intervals: intervals, truth: truth, budgetSeconds: budget, targetRelativeHalfWidth: 0.01, trials: trials,
            seed: seed
        ).run()
    }

    private func truth(_ seconds: Double) -> GroundTruth {
        GroundTruth(layerWatts: 15, idleWatts: 5, layerSeconds: seconds)
    }

    /// - Parameter refusals: runs that may end with too few windows, and say so.
    private func expectRight(_ report: EstimatorReport, within error: Double, refusals: Int = 0) {
        #expect(report.verdict == .right, "\(report.findings)")
        #expect((0...refusals).contains(report.settings.trials - report.gross.answered))
        for result in [report.gross, report.net] {
            #expect((result.medianAbsoluteError ?? 1) < error)
            // Four standard errors of a share of 0.95.
            #expect(abs((result.coverage ?? 0) - 0.95) < 4 * (0.05 * 0.95 / 60).squareRoot())
        }
    }

    @Test(arguments: [0.0003, 0.003, 0.03]) func findsThePlantedEnergy(seconds: Double) throws {
        expectRight(try report(truth(seconds)), within: seconds < 0.01 ? 0.004 : 0.015)
    }

    @Test func aCounterOfMixedIntervalsDoesNoHarm() throws {
        var generator = SeededGenerator(seed: 2)
        let rows = (0..<500).map { _ in generator.uniform() < 0.5 ? "0.005" : "3" }
        let mixed = try UpdateIntervalFile(text: "ms\n" + rows.joined(separator: "\n"), name: "mixed", column: "ms")
        expectRight(try report(truth(0.003), intervals: mixed), within: 0.006)
    }

    @Test func driftingIdlePowerIsFollowed() throws {
        var planted = truth(0.003)
        planted.idleDrift = 0.1
        expectRight(try report(planted), within: 0.005)
        // Far beyond what a straight line may explain, net is refused and says so; gross is for the middle of the run.
        planted.idleDrift = 1
        let refused = try report(planted, trials: 10)
        #expect(refused.net.answered == 0)
        #expect(refused.gross.answered == 10)
    }

    @Test func throttledWindowsAreRejectedAndCounted() throws {
        var planted = truth(0.003)
        planted.throttledShare = 1.0 / 3
        let report = try report(planted)
        // Of 3 s a third goes, and by chance more.
        expectRight(report, within: 0.006, refusals: 2)
        let rejected = report.rejections.first { $0.reason == "layer window: thermal throttling" }?.count ?? 0
        let kept = report.medianWindows * 60
        #expect(abs(Double(rejected) / (Double(rejected) + kept) - 1.0 / 3) < 0.06)
    }

    /// Windows are kept shorter than the counter can take to go round twice; what takes longer is refused.
    @Test func aCounterThatWrapsOftenIsRightOrRefusedWithTheReason() throws {
        var planted = truth(0.003)
        planted.wrapSeconds = 0.2
        expectRight(try report(planted), within: 0.006)
        for (seconds, maximumWatts) in [(0.003, 2000), (0.3, planted.maximumWatts)] {
            (planted.layerSeconds, planted.maximumWatts) = (seconds, maximumWatts)
            let refused = try report(planted, trials: 10)
            #expect(refused.verdict == .refused)
            #expect(refused.findings.contains { $0.contains("wrapped more than once") })
        }
    }

    @Test func aCoarseCounterIsRightOrRefusedWithTheReason() throws {
        var planted = truth(0.003)
        planted.resolutionJoules = 1
        let short = try report(planted, trials: 10)
        #expect(short.verdict == .refused)
        #expect(short.findings.allSatisfy { $0.contains("not resolved") } && !short.findings.isEmpty)
        let long = try report(planted, budget: 40, trials: 20)
        #expect(long.gross.answered == 20)
        #expect((long.gross.medianAbsoluteError ?? 1) < 0.01)
    }

    /// More than the idle power may change for a net value.
    @Test func netRefusedInEveryTrialIsReportedWithTheReason() throws {
        var planted = truth(0.003)
        planted.idleDrift = 0.8
        let refused = try report(planted, trials: 10)
        #expect(refused.gross.answered == 10 && refused.net.answered == 0 && refused.verdict == .refused)
        #expect(refused.findings.contains { $0.contains("net: not resolved: the idle power changed") })
    }

    @Test func oneMissInOneTrialIsNotAFinding() throws {
        for seed in 1...40 {
            #expect(try report(truth(0.003), trials: 1, seed: seed).verdict == .right)
        }
    }

    /// The idle window at the end included, and without a layer going unresolved for it.
    @Test(arguments: [0.0003, 0.003, 0.02, 0.03, 0.035, 0.045, 0.3]) func aRunKeepsToItsBudget(seconds: Double) throws {
        let report = try report(truth(seconds), budget: 5, trials: 20)
        #expect(report.gross.answered == 20)
        #expect(report.medianSecondsNeeded > 0.9 * 5)
        #expect(report.percentile95SecondsNeeded < 1.03 * 5)
    }

    @Test func theSameSeedGivesTheSameReport() throws {
        let reports = try (0..<2).map { _ in try KerfJSON.encode(try report(truth(0.01), budget: 1, trials: 6)) }
        #expect(reports[0] == reports[1])
    }

    /// A table of measured intervals of two counters, about a millisecond with jitter. The second counter skips an update
    /// now and then, and its last interval is missing.
    private static let twoCounters: String = {
        var generator = SeededGenerator(seed: 12)
        var text = "\u{FEFF}index,package_ms,dram_ms\r\n"
        for row in 1...3000 {
            let package = max(0.8, 1 + 0.042 * generator.normal())
            let updates = generator.uniform() < 0.01 ? 2.0 : 1
            let memory = max(0.8, 1 + 0.05 * generator.normal()) * updates
            text += "\(row),\(package),\(row == 3000 ? "0" : "\(memory)")\r\n"
        }
        return text
    }()

    @Test(arguments: [("package_ms", 0), ("dram_ms", 1)])
    func onATableOfTwoCounters(column: String, skipped: Int) throws {
        let tree = try FixtureTree()
        try tree.write("intervals.csv", Self.twoCounters)
        let file = try UpdateIntervalFile(path: tree.file("intervals.csv").string, column: column)
        #expect(file.intervalsSeconds.count == 3000 - skipped && file.skippedRows == skipped)
        expectRight(try report(truth(0.003), intervals: file, trials: 60), within: 0.01)
    }

    @Test(.enabled(if: SharedBoxes.arePresent, "\(SharedBoxes.reason)"), arguments: ["package_ms", "dram_ms"])
    func onMeasuredIntervals(column: String) throws {
        let folder = try SharedBoxes.folder("rapl-update-intervals")
        let file = try UpdateIntervalFile(
            path: folder.appending("RAPL_Update_Interval_Broadwell.csv").string, column: column)
        #expect(file.intervalsSeconds.count + file.skippedRows == 9997)
        #expect(file.skippedRows == (column == "dram_ms" ? 1 : 0))
        expectRight(try report(truth(0.003), intervals: file, trials: 60), within: 0.01)
    }
}

struct UpdateIntervalFileTests {
    private func read(_ text: String, column: String = "b") throws -> UpdateIntervalFile {
        try UpdateIntervalFile(text: text, name: "file.csv", column: column)
    }

    @Test(arguments: [
        "a,b\n1,2\n3,4\n", "\u{FEFF}b,a\r\n2,1\r\n4,3\r\n", "\"a\", \"b\" \n\"1,5\",2\n3,4", "a;b\n1;2\n\n3;4\n;0\n5\n",
        "a\tb\n1,5\t2\n1,5\t4\n", "a,b\n1,2,\n3,4,\n",
    ])
    func anyTableWithTheColumn(text: String) throws {
        #expect(try read(text).intervalsSeconds == [0.002, 0.004])
    }

    @Test(arguments: [
        ("a,c\n1,2\n", "its first line has: a, c"), ("b\nx\n1\n", "line 2"), ("b\n1\n-1\n", "line 3"),
        ("b\n1\nnan\n", "line 3"),
        ("b\n1\ninf\n", "line 3"), ("b\n1\n", "two are needed"), ("", "is empty"), ("b\n0\n0\n", "two are needed"),
        ("b;c\n1,02;0,99\n", "\"1,02\" is not an interval"), ("b,c\n1,02,0,99\n", "line 2: 4 fields"),
        ("b\n1e-6\n1e-6\n", "give them in milliseconds"),
    ])
    func refusals(text: String, reason: String) {
        #expect { try read(text) } throws: { "\($0)".contains(reason) }
    }
}
