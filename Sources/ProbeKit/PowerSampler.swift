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

    /// Starts sampling and waits until the sensor's update interval is known.
    ///
    /// - Throws: the error of the first sample; ``KerfError/Code/notFound`` when the value does not change within the
    ///   source's timeout and has no stated interval: the resolution of a window is unknown then.
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
        work = Work(source, PowerIntegrator(domains: tree.readable.count, watched: watched))
        try work.takeSample()
        thread = try Self.start(work)
        guard waiting else { return }
        let began = MonotonicInstant.now()
        while sampling?.refreshSeconds == nil {
            _ = try read()
            guard MonotonicInstant.now().seconds(since: began) < source.refreshTimeoutSeconds else { break }
            usleep(UInt32(source.samplingSeconds * 1e6))
        }
        guard sampling?.refreshSeconds != nil else {
            throw KerfError(
                .notFound,
                "the value of \(source.name) did not change within \(source.refreshTimeoutSeconds) s, and its "
                    + "update interval is not stated: its energy cannot be resolved")
        }
    }

    deinit {
        work.state.withLock { $0.shouldEnd = true }
        if thread != 0 { pthread_join(pthread_t(thread), nil) }
    }

    package func read() throws(KerfError) -> EnergyReading {
        // The time is taken with the counters: a thread that was preempted in between would date them too late.
        let (reading, failure) = work.state.withLock {
            (EnergyReading(instant: .now(), microjoules: $0.integrator.microjoules), $0.failure)
        }
        if let failure { throw failure }
        return reading
    }

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
            /// The error that ended sampling, after which there are no readings.
            var failure: KerfError?
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
            state.withLock { $0.integrator.add(watts, at: MonotonicInstant(nanoseconds: middle)) }
        }

        func run() {
            let interval = Int64(source.samplingSeconds * 1e9)
            var due = MonotonicInstant.now().nanoseconds
            while !state.withLock({ $0.shouldEnd }) {
                due = max(due + interval, MonotonicInstant.now().nanoseconds)
                var time = timespec(tv_sec: Int(due / 1_000_000_000), tv_nsec: Int(due % 1_000_000_000))
                clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil)
                do throws(KerfError) {
                    try takeSample()
                } catch {
                    state.withLock { $0.failure = error }
                    return
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
                Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().run()
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
