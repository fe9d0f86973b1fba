import Glibc
import ProfileFormat
import Quantities
import Synchronization
import SystemIO

/// A meter on something that tells power: a thread samples it and adds it up, and what it has added up is the counter.
///
/// The counter steps at every sample. It costs processor time on the box that is measured, which ``sampling`` states.
/// The thread starts with the sampler and ends with it.
package final class PowerSampler: EnergyMeter, Sendable {
    package let name: String
    package let origin: Origin
    package let tree: EnergyDomainTree
    private let work: Work
    private let thread: UInt

    /// Starts sampling and waits until the sensor's own interval is known.
    ///
    /// - Throws: the error of the first sample; ``KerfError/Code/notFound`` when the value neither changes within the
    ///   source's patience nor has a stated interval: nothing then tells what a window can resolve.
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
                "the value of \(source.name) did not change within \(source.refreshTimeoutSeconds) s, and nothing states how "
                    + "often it is renewed: its energy cannot be resolved")
        }
    }

    deinit {
        work.state.withLock { $0.shouldEnd = true }
        if thread != 0 { pthread_join(pthread_t(thread), nil) }
    }

    package func read() throws(KerfError) -> EnergyReading {
        // The moment is taken with the counters: whoever lost the processor in between would date them too late.
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

    /// What the thread holds; not the sampler itself, which would never end then.
    private final class Work: Sendable {
        struct State {
            var integrator: PowerIntegrator
            /// The error that ended sampling. What was added up before is no reading of now.
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
            // The sensors were read between the two looks at the clock.
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
            throw KerfError(.ioError, "no thread to sample power with: error \(result)")
        }
        return UInt(thread)
    }
}
