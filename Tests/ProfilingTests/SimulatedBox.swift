import ProbeKit
import ProfileFormat
import Profiling
import Quantities
import Statistics
import Synchronization
import SystemIO
import TransformerKernels
import Workload

/// A box in virtual time: a clock, a counter that updates about every millisecond, and the power drawn now.
final class SimulatedBox: ExperimentClock, EnergyMeter {
    struct State {
        var nanoseconds: Int64 = 0
        var cpuSeconds = 0.0
        var joules = 0.0
        /// What the counter shows, and when it will change next.
        var shownJoules = 0.0
        var secondJoules = 0.0
        var nextUpdate: Int64 = 0
        var generator = SeededGenerator(seed: 42)
        var reads = 0
        /// What had been drawn at each update, for a counter that trails.
        var drawn: [(nanoseconds: Int64, joules: Double)] = []
        /// All that had been drawn, at each update, for a meter that reports later.
        var history: [(nanoseconds: Int64, joules: Double)] = []
        /// What was drawn last; a reading takes a moment at that power.
        var watts = 5.0
        var threads = 0.0
        /// Processor time of other processes, and how long the measured work's threads waited for it to end.
        var otherSeconds = 0.0
        var waitedSeconds = 0.0
    }

    /// Statistics of its counter's updates.
    static let updates = CounterUpdates(intervalsSeconds: [0.0007, 0.001, 0.0013], resolutionJoules: nil)

    /// Time of a reading.
    static let readSeconds = 2e-6

    let state = Mutex(State())
    let idleWatts = 5.0
    let range: UInt64?
    /// Fails every read from this one on.
    let failsAtRead: Int?
    /// From this read on reads succeed again; `nil` for a meter that is gone.
    let recoversAtRead: Int?
    /// From this moment on the counter of a second package, which draws as much as the first one, stands still; `nil` for
    /// a box of one package.
    let secondStopsAtSeconds: Double?
    /// From this moment on the counter shows what it showed then.
    let stopsAtSeconds: Double
    /// The counter shows what had been drawn so long ago, like one that integrates an averaging sensor.
    let trailingSeconds: Double
    /// Whether what was drawn up to any moment can be asked for later.
    let keepsHistory: Bool
    /// How many of the two processors other processes keep busy, by the time.
    let otherProcessors: @Sendable (Double) -> Double
    /// How many times longer everything takes beside neighbors on the host, by the time; `nil` for a box that tells its
    /// frequency.
    let slowdown: (@Sendable (Double) -> Double)?

    init(
        range: UInt64? = 262_143_328_850, failsAtRead: Int? = nil, recoversAtRead: Int? = nil,
        stopsAtSeconds: Double = .infinity, secondStopsAtSeconds: Double? = nil, trailingSeconds: Double = 0,
        keepsHistory: Bool = false,
        otherProcessors: @escaping @Sendable (Double) -> Double = { _ in 0 },
        slowdown: (@Sendable (Double) -> Double)? = nil
    ) {
        self.recoversAtRead = recoversAtRead
        self.secondStopsAtSeconds = secondStopsAtSeconds
        self.trailingSeconds = trailingSeconds
        self.keepsHistory = keepsHistory
        self.otherProcessors = otherProcessors
        self.slowdown = slowdown
        self.range = range
        self.failsAtRead = failsAtRead
        self.stopsAtSeconds = stopsAtSeconds
    }

    // MARK: ExperimentClock

    func now() -> MonotonicInstant { MonotonicInstant(nanoseconds: state.withLock { $0.nanoseconds }) }
    func cpuSeconds() -> Double { state.withLock { $0.cpuSeconds } }
    func sleep(seconds: Double) { pass(seconds: seconds, watts: idleWatts, threads: 0) }

    /// Lets time pass at constant power; the counter is brought up to date at each of its own update times.
    func pass(seconds: Double, watts: Double, threads: Double) {
        state.withLock { state in
            let end = state.nanoseconds + Int64(seconds * 1e9)
            (state.watts, state.threads) = (watts, threads)
            let others = otherProcessors(Double(state.nanoseconds) * 1e-9)
            state.otherSeconds += others * seconds
            // A processor that is shared is had for half the time.
            if threads > 0 { state.waitedSeconds += min(threads, others) * seconds / 2 }
            state.cpuSeconds += seconds * threads
            while state.nextUpdate <= end {
                state.joules += watts * Double(state.nextUpdate - state.nanoseconds) * 1e-9
                state.nanoseconds = state.nextUpdate
                if keepsHistory { state.history.append((state.nanoseconds, state.joules)) }
                let seconds = Double(state.nanoseconds) * 1e-9
                if seconds < stopsAtSeconds { state.shownJoules = shown(&state) }
                if seconds < secondStopsAtSeconds ?? 0 { state.secondJoules = state.shownJoules }
                // Ice Lake's counters: 0.68 to 1.65 ms.
                state.nextUpdate += Int64.random(in: 700_000...1_300_000, using: &state.generator)
            }
            state.joules += watts * Double(end - state.nanoseconds) * 1e-9
            state.nanoseconds = end
        }
    }

    /// Processor time as the kernel counts it, in ticks of 10 ms; waits in nanoseconds.
    func conditions() -> BoxConditions {
        state.withLock { state in
            BoxConditions(
                otherProcessSeconds: (state.otherSeconds * 100).rounded(.down) / 100,
                waitSeconds: ["1": state.waitedSeconds],
                referenceSeconds: slowdown.map { slowdown in
                    // The loop's times scatter.
                    slowdown(Double(state.nanoseconds) * 1e-9)
                        * Double.random(in: 0.98e-3...1.02e-3, using: &state.generator)
                })
        }
    }

    /// What was drawn up to a moment that is over by an update at least; needs ``keepsHistory``.
    func joules(at seconds: Double) -> Double {
        state.withLock { state in
            let nanoseconds = Int64(seconds * 1e9)
            var (low, high) = (0, state.history.count - 1)
            while high - low > 1 {
                let middle = (low + high) / 2
                if state.history[middle].nanoseconds <= nanoseconds { low = middle } else { high = middle }
            }
            let (before, after) = (state.history[low], state.history[high])
            let share = Double(nanoseconds - before.nanoseconds) / Double(after.nanoseconds - before.nanoseconds)
            return before.joules + share * (after.joules - before.joules)
        }
    }

    private func shown(_ state: inout State) -> Double {
        guard trailingSeconds > 0 else { return state.joules }
        state.drawn.append((state.nanoseconds, state.joules))
        let then = state.nanoseconds - Int64(trailingSeconds * 1e9)
        let later = state.drawn.firstIndex { $0.nanoseconds > then } ?? 0
        state.drawn.removeFirst(max(0, later - 1))
        return later == 0 ? 0 : state.drawn[0].joules
    }

    // MARK: EnergyMeter

    let name = "simulated"
    let origin = Origin.simulated

    var sampling: PowerSampling? {
        guard trailingSeconds > 0 else { return nil }
        return PowerSampling(
            intervalSeconds: 0.001, longestGapSeconds: 0.001, samples: 1, processorShare: 0,
            refreshSeconds: trailingSeconds)
    }

    var tree: EnergyDomainTree {
        EnergyDomainTree(
            (secondStopsAtSeconds == nil ? ["package-0"] : ["package-0", "package-1"]).map {
                EnergyDomain(identifier: $0, name: $0, role: .counted, wrapRangeMicrojoules: range)
            })
    }

    func read() throws(KerfError) -> EnergyReading {
        let (watts, threads) = state.withLock { ($0.watts, $0.threads) }
        pass(seconds: Self.readSeconds, watts: watts, threads: threads)
        let (reads, nanoseconds, joules) = state.withLock { state in
            state.reads += 1
            return (state.reads, state.nanoseconds, [state.shownJoules, state.secondJoules])
        }
        if let failsAtRead, reads >= failsAtRead, reads < recoversAtRead ?? .max { throw KerfError(.notFound, "gone") }
        let microjoules = joules.prefix(secondStopsAtSeconds == nil ? 1 : 2).map { joules -> UInt64? in
            range.map { UInt64(joules * 1e6) % ($0 + 1) } ?? UInt64(joules * 1e6)
        }
        return EnergyReading(instant: MonotonicInstant(nanoseconds: nanoseconds), microjoules: microjoules)
    }
}

/// A step whose passes take known times at known powers on a simulated box.
final class SimulatedStep: LayeredStep {
    struct Plan {
        var seconds: Double
        var watts: Double
    }

    let box: SimulatedBox
    let plans: [LayerPass: Plan]
    let layerCount: Int
    let timeline = KernelTimeline()
    /// Relative spread of the durations.
    let noise: Double
    /// Whether each layer has to be loaded before it runs, and how long that takes.
    let loadSeconds: Double?
    private var loaded: Int?
    private var generator = SeededGenerator(seed: 7)
    private(set) var runs: [LayerPass: Int] = [:]

    init(
        box: SimulatedBox, plans: [LayerPass: Plan], layerCount: Int, noise: Double = 0.02, loadSeconds: Double? = nil
    ) {
        self.box = box
        self.plans = plans
        self.layerCount = layerCount
        self.noise = noise
        self.loadSeconds = loadSeconds
    }

    /// Embedding, `blocks` blocks of different cost, head.
    ///
    /// - Parameter scale: of all times but the embedding's.
    static func typical(
        on box: SimulatedBox, blocks: Int = 3, noise: Double = 0.02, scale: Double = 1, loadSeconds: Double? = nil
    ) -> SimulatedStep {
        var plans: [LayerPass: Plan] = [LayerPass(layer: 0, direction: .forward): Plan(seconds: 20e-6, watts: 12)]
        for block in 1...blocks {
            plans[LayerPass(layer: block, direction: .forward)] = Plan(
                seconds: scale * (0.004 + 0.0005 * Double(block)), watts: 20 + Double(block))
            plans[LayerPass(layer: block, direction: .backward)] = Plan(
                seconds: scale * (0.006 + 0.0005 * Double(block)), watts: 22 + Double(block))
        }
        plans[LayerPass(layer: blocks + 1, direction: .forward)] = Plan(seconds: scale * 0.012, watts: 26)
        plans[LayerPass(layer: blocks + 1, direction: .backward)] = Plan(seconds: scale * 0.013, watts: 27)
        return SimulatedStep(
            box: box, plans: plans, layerCount: blocks + 2, noise: noise, loadSeconds: loadSeconds)
    }

    var stepSeconds: Double { plans.values.reduce(0) { $0 + $1.seconds } }
    var stepJoules: Double { plans.values.reduce(0) { $0 + $1.seconds * $1.watts } }

    func needsPreparation(layer: Int) -> Bool { loadSeconds != nil && loaded != layer }

    func prepare(layer: Int) {
        guard let loadSeconds else { return }
        box.pass(seconds: loadSeconds, watts: 50, threads: 1)
        loaded = layer
    }

    func run(layer: Int, _ direction: Direction) throws {
        let pass = LayerPass(layer: layer, direction: direction)
        runs[pass, default: 0] += 1
        guard let plan = plans[pass] else { return }
        // Both threads wait for the one whose processor is shared: with one of two processors busy it takes twice as long.
        let now = Double(box.now().nanoseconds) * 1e-9
        let slowdown = (1 + box.otherProcessors(now)) * (box.slowdown?(now) ?? 1)
        let seconds = plan.seconds * (1 + noise * Double.random(in: -1...1, using: &generator)) * slowdown
        box.pass(seconds: seconds, watts: plan.watts, threads: 2)
    }
}
