import Glibc
import ProbeKit
import ProfileFormat
import Quantities
import Synchronization
import SystemIO
import SystemPackage

/// A meter that another program reads: a wall plug, a laboratory meter, a management controller.
///
/// The program writes lines of JSON; see docs/meters.md. A thread takes them as they come. How late they are is not known
/// at first: ``use(_:)`` says so, from a trial with a known load, and windows have energies from then on.
package final class ProgramMeter: EnergyMeter, ReportedPower, Sendable {
    /// The hidden command of `kerf` that becomes the program.
    package static let launchCommand = "meter-program"
    /// Longest time between two samples.
    package static let maximumIntervalSeconds = 10.0
    /// The domain of a meter that names none.
    package static let defaultDomain = "wall"
    /// Without a sample for so long, or for five intervals, the program is given up.
    private static let silenceSeconds = 15.0
    /// Samples from which the interval is known.
    private static let firstSamples = 4
    /// The value of a working meter changes within this time while the box does both, working and resting; see ``PowerSampler``.
    private static let frozenSeconds = 60.0

    package let name = "program"
    package let origin: Origin
    /// What the program says of its meter, or the program's own name.
    package let meterName: String
    package let domain: String
    package let tree: EnergyDomainTree
    /// Time between two samples, as seen.
    package let intervalSeconds: Double
    private let lag = Mutex<MeterLag?>(nil)
    private let work: MeterWork

    /// Starts the program and waits until it is known how often it writes samples.
    ///
    /// - Parameters:
    ///   - command: the program, which is looked up in `PATH`, and its arguments; not empty.
    ///   - launcher: the `kerf` program, which becomes the meter's so that it ends with this process for whatever reason; `nil`
    ///     to start it as it is. The thread that calls this must last as long as the meter.
    /// - Throws: ``KerfError``: a program that cannot be run, ends, says nothing, or something else than samples.
    package init(_ command: [String], origin: Origin, launcher: FilePath?) throws(KerfError) {
        let program = PlainText.name(FilePath(command[0]).lastComponent?.string ?? command[0])
        let work = try MeterWork(command, named: program, launcher: launcher)
        do throws(KerfError) {
            let (header, series) = try Self.start(work, program)
            intervalSeconds = try Self.interval(series, program)
            meterName = header?.name ?? program
            domain = header?.domain ?? Self.defaultDomain
        } catch {
            work.stop()
            throw error
        }
        self.origin = origin
        self.work = work
        tree = EnergyDomainTree([
            EnergyDomain(identifier: domain, name: domain, role: .counted, maximumWatts: PowerSeries.maximumWatts)
        ])
    }

    deinit { work.stop() }

    /// Ends the program.
    package func stop() { work.stop() }

    private static func start(
        _ work: MeterWork, _ program: String
    ) throws(KerfError) -> (MeterLine.Header?, PowerSeries) {
        while true {
            let lines = work.lines
            if let series = lines.series, series.sampleCount >= firstSamples { return (lines.header, series) }
            if let failure = lines.failure { throw failure }
            if Interruption.isRequested { throw Interruption.failure }
            let silent = MonotonicInstant.now().seconds(since: lines.heard)
            guard silent < max(silenceSeconds, 3 * (lines.header?.intervalSeconds ?? 0)) else {
                throw KerfError(
                    .unavailable, "\(program) wrote no sample within \(silent.rounded()) s\(work.said)",
                    remedy: "let it write a line a sample, and flush its output after each")
            }
            usleep(10_000)
        }
    }

    private static func interval(_ series: PowerSeries, _ program: String) throws(KerfError) -> Double {
        let seconds = series.intervalSeconds ?? .infinity
        guard seconds <= maximumIntervalSeconds else {
            throw KerfError(
                .unavailable,
                "\(program) writes a sample every \(seconds.rounded()) s; \(maximumIntervalSeconds) s is the limit")
        }
        return seconds
    }

    /// From now on samples are taken for so late.
    package func use(_ lag: MeterLag) { self.lag.withLock { $0 = lag } }

    /// All that was reported so far.
    ///
    /// - Throws: why nothing is reported any more.
    package func reported() throws(KerfError) -> PowerSeries { try current().series }

    /// How many lines were refused.
    package var refusedCount: Int { work.lines.refusedCount }
    /// What was reported, also by a program that has ended.
    package var series: PowerSeries? { work.lines.series }
    /// Why the program reports nothing any more; `nil` while it does.
    package var failure: KerfError? { work.lines.failure }

    private func current() throws(KerfError) -> (series: PowerSeries, lag: MeterLag) {
        let lines = work.lines
        if let failure = lines.failure { throw failure }
        guard let series = lines.series else { throw KerfError(.meterEnded, "\(meterName) has reported nothing") }
        let now = MonotonicInstant.now()
        let silent = now.seconds(since: lines.heard)
        guard silent < 2 * max(Self.silenceSeconds, 5 * intervalSeconds) else {
            throw KerfError(.meterEnded, "\(meterName) has reported nothing for \(silent.rounded()) s\(work.said)")
        }
        let frozen = series.changed.map { now.seconds(since: $0) } ?? 0
        guard frozen < max(Self.frozenSeconds, 30 * intervalSeconds) else {
            throw KerfError(
                .staleReading, "\(meterName) has shown the same value for \(frozen.rounded()) s",
                remedy: "see whether the meter still measures")
        }
        let unknown = MeterLag(shortestSeconds: 0, longestSeconds: intervalSeconds)
        return (series, lag.withLock { $0 } ?? unknown)
    }

    // MARK: - Windows

    package var reportedPower: (any ReportedPower)? { self }

    package var minimumWindowSeconds: Double {
        let lag = lag.withLock { $0 } ?? MeterLag(shortestSeconds: 0, longestSeconds: intervalSeconds)
        return work.lines.series?.minimumWindowSeconds(lag) ?? .infinity
    }

    package var longestWaitSeconds: Double {
        (lag.withLock { $0 }?.longestSeconds ?? 0) + 4 * intervalSeconds + 1
    }

    package func hasReported(until instant: MonotonicInstant) throws(KerfError) -> Bool {
        let (series, lag) = try current()
        return series.hasReported(until: instant, lag: lag)
    }

    package func energy(
        from start: MonotonicInstant, to end: MonotonicInstant
    ) throws(KerfError) -> ReportedEnergy {
        let (series, lag) = try current()
        return series.reported(of: domain, from: start, to: end, lag: lag)
    }

    /// The energy up to the last sample.
    package func read() throws(KerfError) -> EnergyReading {
        let series = try current().series
        let joules = series.entries.reduce(0) { $0 + $1.watts * $1.seconds }
        return EnergyReading(
            instant: series.entries.last?.instant ?? .now(), microjoules: [UInt64(min(1e12, joules) * 1e6)],
            gaps: series.missingCount)
    }
}
