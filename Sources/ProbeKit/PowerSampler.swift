import Glibc
import ProfileFormat
import Quantities
import Synchronization
import SystemIO

/// A meter on a power source: a thread samples the power and integrates it, and the integral is the counter.
///
/// The counter changes at every sample. Sampling uses processor time of the measured box, which ``sampling`` states. The
/// thread starts and ends with the sampler.
package final class PowerSampler: EnergyMeter, Sendable {
    package let name: String
    package let origin: Origin
    package let tree: EnergyDomainTree
    private let work: Work
    private let thread: UInt

    /// Starts sampling and waits until the sensor was seen to change, and its update interval is known.
    ///
    /// A stated interval does not replace the change: a suspended chip, and a recording, state one too.
    ///
    /// - Throws: the error of the first sample; ``KerfError/Code/staleReading`` when the value does not change within the
    ///   source's timeout.
    package convenience init(_ source: some PowerSource) throws(KerfError) {
        try self.init(source, waiting: true)
    }

    init(_ source: some PowerSource, waiting: Bool) throws(KerfError) {
        name = source.name
        origin = source.origin
        tree = source.tree
        let counted = tree.counted.first ?? tree.readable.first
        guard let watched = tree.readable.firstIndex(where: { $0.identifier == counted?.identifier }) else {
            throw KerfError(.notFound, "\(source.name) has no power to sample")
        }
        let readable = tree.readable
        work = Work(
            source,
            PowerIntegrator(
                domains: readable.count, watched: watched,
                counted: readable.indices.filter { readable[$0].role == .counted }))
        try work.takeSample()
        thread = try Self.start(work)
        guard waiting else { return }
        let timeout = Self.freshnessTimeout(of: source)
        let began = MonotonicInstant.now()
        while !isFresh {
            _ = try read()
            let seconds = MonotonicInstant.now().seconds(since: began)
            guard seconds < timeout else { throw stale(since: seconds) }
            // Power that did not change on an idle box changes when the box works.
            if seconds < timeout / 2 { usleep(UInt32(source.samplingSeconds * 1e6)) }
        }
    }

    /// Time within which a working sensor changes: the source's, or a few of the intervals that it states.
    private static func freshnessTimeout(of source: any PowerSource) -> Double {
        max(source.refreshTimeoutSeconds, 3 * (source.statedRefreshSeconds ?? 0))
    }

    /// Whether the value was seen to change, and the update interval is known.
    private var isFresh: Bool {
        work.state.withLock { state in
            state.integrator.hasChanged
                && (work.source.statedRefreshSeconds ?? state.integrator.refreshSeconds) != nil
        }
    }

    private func stale(since seconds: Double) -> KerfError {
        let domains = tree.counted.map(\.identifier).joined(separator: ", ")
        return KerfError(
            .staleReading,
            "the power of \(domains) did not change within \(seconds.rounded()) s, as that of a working sensor does, so "
                + "that its energy is not known",
            remedy: "see whether the chip is suspended, and what its file shows while the box works")
    }

    deinit {
        work.state.withLock { $0.shouldEnd = true }
        if thread != 0 { pthread_join(pthread_t(thread), nil) }
    }

    package func read() throws(KerfError) -> EnergyReading {
        // The time is taken with the counters: a thread that was preempted in between would date them too late.
        let (reading, failure, fresh) = work.state.withLock { state in
            let reading = EnergyReading(
                instant: .now(), microjoules: state.integrator.microjoules, gaps: state.gaps)
            return (reading, state.failure, state.integrator.hasChanged ? state.integrator.freshInstant : nil)
        }
        if let failure { throw failure }
        if let fresh {
            let seconds = reading.instant.seconds(since: fresh)
            guard seconds < Self.suspensionTimeouts * Self.freshnessTimeout(of: work.source) else {
                throw stale(since: seconds)
            }
        }
        return reading
    }

    /// Timeouts after which a sensor that did change is taken for suspended. A box that waits may draw the same power for a
    /// while, in the steps of a coarse sensor; a run makes it change.
    private static let suspensionTimeouts = 12.0

    package var sampling: PowerSampling? {
        work.state.withLock { state in
            PowerSampling(
                intervalSeconds: work.source.samplingSeconds, longestGapSeconds: state.integrator.longestGapSeconds,
                samples: state.integrator.samples,
                processorShare: state.integrator.seconds > 0 ? state.cpuSeconds / state.integrator.seconds : 0,
                refreshSeconds: work.source.statedRefreshSeconds ?? state.integrator.refreshSeconds)
        }
    }

    /// The state that the thread holds. It does not hold the sampler, which could not end then.
    private final class Work: Sendable {
        struct State {
            var integrator: PowerIntegrator
            /// The error of the last sample; `nil` after a sample that succeeded.
            var failure: KerfError?
            /// Failed samples after one that succeeded: the power in between is not known.
            var gaps = 0
            var cpuSeconds = 0.0
            var shouldEnd = false
        }

        let source: any PowerSource
        let state: Mutex<State>

        init(_ source: any PowerSource, _ integrator: PowerIntegrator) {
            self.source = source
            state = Mutex(State(integrator: integrator))
        }

        func takeSample() throws(KerfError) {
            let before = MonotonicInstant.now()
            let watts = try source.watts()
            // The sensors were read between the two times.
            let middle = (before.nanoseconds + MonotonicInstant.now().nanoseconds) / 2
            state.withLock { state in
                state.integrator.add(watts, at: MonotonicInstant(nanoseconds: middle))
                state.failure = nil
            }
        }

        func measure() { MeasuringThreads.run(sample) }

        private func sample() {
            let interval = Int64(source.samplingSeconds * 1e9)
            var due = MonotonicInstant.now().nanoseconds
            while !state.withLock({ $0.shouldEnd }) {
                due = max(due + interval, MonotonicInstant.now().nanoseconds)
                var time = timespec(tv_sec: Int(due / 1_000_000_000), tv_nsec: Int(due % 1_000_000_000))
                clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil)
                do throws(KerfError) {
                    try takeSample()
                } catch {
                    // The next sample may succeed; windows with this gap are refused.
                    state.withLock { state in
                        if state.failure == nil { state.gaps += 1 }
                        state.failure = error
                    }
                }
                let used = threadCPUSeconds()
                state.withLock { $0.cpuSeconds = used }
            }
        }
    }

    private static func start(_ work: Work) throws(KerfError) -> UInt {
        var thread = pthread_t()
        let held = Unmanaged.passRetained(work)
        let result = pthread_create(
            &thread, nil,
            { pointer in
                guard let pointer else { return nil }
                Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().measure()
                return nil
            }, held.toOpaque())
        guard result == 0 else {
            held.release()
            throw KerfError(.ioError, "cannot create the sampling thread: error \(result)")
        }
        return UInt(thread)
    }
}

/// A source of power without an energy counter: a power sensor, voltage times current, a battery.
package protocol PowerSource: Sendable {
    /// The name of the backend: `hwmon`, `battery`.
    var name: String { get }
    var origin: Origin { get }
    var tree: EnergyDomainTree { get }
    /// Sampling interval that suits the interface.
    var samplingSeconds: Double { get }
    /// The update interval that the interface states; `nil` where it states none.
    var statedRefreshSeconds: Double? { get }
    /// Maximum time to wait for the value to change.
    var refreshTimeoutSeconds: Double { get }

    /// Power of every readable domain in watts, in the tree's order; `nil` for a domain outside the total that cannot be read.
    ///
    /// - Throws: the error of a counted domain, also when its power is not the box's (a battery that is being charged).
    func watts() throws(KerfError) -> [Double?]
}
