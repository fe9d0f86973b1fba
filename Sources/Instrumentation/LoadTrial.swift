import Estimation
import Glibc
import MeterProgram
import ProbeKit
import Statistics
import Synchronization
import SystemIO

/// A load that Kerf makes and knows, to see how late a meter shows it: all processors work, rest, work, and so on.
///
/// A turn takes one to three intervals of the meter, at random, so that no other delay fits as well, and transitions fall
/// anywhere between two samples. What the process used is recorded: a box that others keep busy gives it less.
struct LoadTrial {
    private let meter: ProgramMeter
    private static let turns = 10
    /// A turn lasts at least about so long, for a meter of many samples a second.
    private static let minimumSeconds = 0.2
    private static let recordSeconds = 0.005
    /// The least share of the power's variance that the load must explain.
    private static let minimumShare = 0.6
    private static let seed: UInt64 = 20

    init(_ meter: ProgramMeter) { self.meter = meter }

    /// How late the meter is. Takes some twenty of its intervals.
    ///
    /// - Throws: ``KerfError/Code/implausibleReading`` for a meter that does not show the load.
    func run() throws(KerfError) -> MeterDelayFit {
        var random = SeededGenerator(seed: Self.seed)
        let unit = max(meter.intervalSeconds, Self.minimumSeconds)
        let start = MonotonicInstant.now()
        var load = KnownLoad()
        try record(into: &load, from: start, seconds: 2 * unit)
        for turn in 0..<Self.turns {
            let seconds = unit * (1 + 2 * random.uniform())
            let burning = turn % 2 == 0 ? Burning(threads: processors) : nil
            defer { burning?.stop() }
            try record(into: &load, from: start, seconds: seconds)
        }
        try record(into: &load, from: start, seconds: 2 * unit + 0.5)
        return try fit(load, from: start)
    }

    private func record(
        into load: inout KnownLoad, from start: MonotonicInstant, seconds: Double
    ) throws(KerfError) {
        let began = MonotonicInstant.now()
        while true {
            let now = MonotonicInstant.now()
            load.add(seconds: now.seconds(since: start), totalProcessorSeconds: processCPUSeconds())
            if now.seconds(since: began) >= seconds { return }
            if Interruption.isRequested { throw Interruption.failure }
            if let failure = meter.failure { throw failure }
            usleep(UInt32(Self.recordSeconds * 1e6))
        }
    }

    private func fit(_ load: KnownLoad, from start: MonotonicInstant) throws(KerfError) -> MeterDelayFit {
        let series = try meter.reported()
        let samples = series.entries.compactMap { entry -> MeterDelayFit.Sample? in
            let seconds = entry.instant.seconds(since: start)
            guard seconds > 0 else { return nil }
            return .init(
                seconds: seconds, watts: entry.watts, averagingSeconds: series.kind == .joules ? entry.seconds : nil)
        }
        guard let fit = MeterDelayFit(samples, load: load, intervalSeconds: meter.intervalSeconds) else {
            throw unseen("\(samples.count) samples that do not change with it")
        }
        guard fit.explainedShare >= Self.minimumShare else {
            let share = Int((100 * max(0, fit.explainedShare)).rounded())
            throw unseen("it explains \(share) % of the changes of the power")
        }
        return fit
    }

    private func unseen(_ why: String) -> KerfError {
        KerfError(
            .implausibleReading,
            "\(meter.meterName) does not show the load that Kerf makes on this box: \(why)",
            remedy: "see whether it is this box's meter, and whether something else behind it draws more")
    }

    private var processors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}

/// Threads that compute until they are stopped.
private final class Burning {
    private final class State: Sendable {
        let shouldStop = Atomic<Bool>(false)
    }

    private let state = State()
    private var threads: [pthread_t] = []

    /// Fewer where the system gives fewer; what they use is measured.
    init(threads count: Int) {
        for _ in 0..<count {
            var thread = pthread_t()
            let held = Unmanaged.passRetained(state)
            let result = pthread_create(
                &thread, nil,
                { pointer in
                    guard let pointer else { return nil }
                    let state = Unmanaged<State>.fromOpaque(pointer).takeRetainedValue()
                    while !state.shouldStop.load(ordering: .relaxed) {}
                    return nil
                }, held.toOpaque())
            guard result == 0 else {
                held.release()
                return
            }
            threads.append(thread)
        }
    }

    func stop() {
        state.shouldStop.store(true, ordering: .relaxed)
        for thread in threads { pthread_join(thread, nil) }
        threads = []
    }
}
