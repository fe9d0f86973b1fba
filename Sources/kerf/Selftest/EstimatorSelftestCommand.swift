import ArgumentParser
import CommandSupport
import Reporting
import SelfTest
import SystemIO

/// `kerf selftest estimator`: the energy estimator against a known ground truth.
struct EstimatorSelftestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "estimator",
        abstract: "Run the energy estimator on layers of known power, in virtual time.",
        discussion: """
            Replays measured update intervals of an energy counter (any CSV file with one interval in milliseconds \
            per row) for a layer and an idle box of known power, and repeats the experiment of kerf profile on them. \
            Reports the error, the coverage of the 95 % intervals, and the time needed. All of it is simulated.

            The counter is polled every 10 µs. A polling thread draws 40 % of what the layer draws above idle. \
            Exits with 0 if the estimator was right or refused with a reason, and with 1 if it was wrong.

            EXAMPLE
              kerf selftest estimator --update-intervals intervals.csv \\
                --column package_ms --power 15 --idle 5 --layer-ms 3
            """)

    @Option(
        help: ArgumentHelp("Measured update intervals, one in milliseconds per row.", valueName: "file.csv"),
        completion: .file())
    var updateIntervals: String

    @Option(help: "Column with the update intervals.")
    var column = "package_ms"

    @Option(help: ArgumentHelp("Power while the layer runs, idle power included.", valueName: "watts"))
    var power = 15.0

    @Option(help: ArgumentHelp("Idle power.", valueName: "watts"))
    var idle = 5.0

    @Option(help: ArgumentHelp("Mean duration of one pass of the layer.", valueName: "milliseconds"))
    var layerMs = 3.0

    @Option(
        help: ArgumentHelp(
            "Relative standard deviation of the duration of a pass, and of its power.",
            valueName: "0.02|2%"))
    var jitter = Share(value: 0.02)

    @Option(
        help: ArgumentHelp("Rise of the idle power over the run, as from warming up.", valueName: "0.1|10%"))
    var drift = Share(value: 0)

    @Option(help: ArgumentHelp("Share of the windows in which the box is throttled.", valueName: "0.33|33%"))
    var throttled = Share(value: 0)

    @Option(
        help: ArgumentHelp(
            "Wrap the counter whenever the layer has run for this long.", valueName: "milliseconds"))
    var wrapMs: Double?

    @Option(
        help: ArgumentHelp(
            "Maximum power of the counter's domain, which bounds the number of wraps. (default: four times --power)",
            valueName: "watts"))
    var maxPower: Double?

    @Option(help: ArgumentHelp("Unit of the counter: 61 µJ.", valueName: "joules"))
    var resolution = GroundTruth.usualResolutionJoules

    @Option(help: ArgumentHelp("Virtual time of one run.", valueName: "seconds"))
    var budgetS = 5.0

    @Option(
        help: ArgumentHelp("Half width of the 95 % interval at which a run ends early.", valueName: "percent"))
    var targetCi = 1.0

    @Option(help: ArgumentHelp("Number of runs.", valueName: "number"))
    var trials = 1000

    @Option(help: ArgumentHelp("Seed of all random numbers.", valueName: "number"))
    var seed = 1

    @Option(help: ArgumentHelp("Report to write.", valueName: "report.json"), completion: .file())
    var out: String?

    @Flag(help: "Print the report as JSON instead of a summary.")
    var json = false

    func validate() throws {
        try require(power > 0 && power <= 1e5, "--power must be above 0 and at most 100000 W, not \(power)")
        try require(idle > 0 && idle < power, "--idle must be above 0 and below --power, not \(idle)")
        try require(layerMs >= 0.001 && layerMs <= 1e5, "--layer-ms must be 0.001 to 100000, not \(layerMs)")
        try require(jitter.value <= 0.25, "--jitter must be at most 0.25, not \(jitter.value)")
        try require(drift.value <= 2, "--drift must be at most 2, not \(drift.value)")
        try require(throttled.value < 1, "--throttled must be below 1, not \(throttled.value)")
        if let wrapMs {
            try require(wrapMs > 0 && wrapMs <= 1e9, "--wrap-ms must be above 0 and at most 1e9, not \(wrapMs)")
        }
        if let maxPower {
            try require(maxPower >= power && maxPower <= 1e6, "--max-power must be --power to 1e6 W, not \(maxPower)")
        }
        try require(
            resolution >= 1e-6 && resolution <= 1e4, "--resolution must be 0.000001 to 10000 J, not \(resolution)")
        try require(budgetS > 0 && budgetS <= 3600, "--budget-s must be above 0 and at most 3600, not \(budgetS)")
        try require(targetCi > 0 && targetCi <= 100, "--target-ci must be above 0 and at most 100, not \(targetCi)")
        try require((1...1_000_000).contains(trials), "--trials must be 1 to 1000000, not \(trials)")
        try require(seed >= 0, "--seed must not be negative")
    }

    private func require(_ condition: Bool, _ message: String) throws {
        guard condition else { throw ValidationError(message) }
    }

    func run() throws {
        try ErrorReport.reportingInterruptibly {
            if let out {
                try OutputFile.checkPlace(out)
                try OutputGuard.check(out, isNoneOf: [updateIntervals])
            }
            let report = try selfTest().run(shouldStop: { Interruption.isRequested })
            let bytes = try KerfJSON.encode(report)
            if let out { try AtomicFile.write(bytes, to: out) }
            Printed.print(asJSON: json, bytes, or: report.text, written: out)
            if report.verdict == .wrong { throw ExitCode(ExitStatus.failure.rawValue) }
        }
    }

    private func selfTest() throws -> EstimatorSelfTest {
        EstimatorSelfTest(
            intervals: try UpdateIntervalFile(path: updateIntervals, column: column),
            truth: GroundTruth(
                layerWatts: power, idleWatts: idle, layerSeconds: layerMs * 1e-3, jitter: jitter.value,
                idleDrift: drift.value, throttledShare: throttled.value, wrapSeconds: wrapMs.map { $0 * 1e-3 },
                resolutionJoules: resolution, maximumWatts: maxPower),
            budgetSeconds: budgetS, targetRelativeHalfWidth: targetCi / 100, trials: trials, seed: seed)
    }
}
