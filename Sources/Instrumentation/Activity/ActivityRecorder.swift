import ProbeKit
import Synchronization
import SystemIO

/// Divides the time of a process into computing, sending and waiting, and reads the energy meter at each border.
///
/// Calls may come from any thread. An activity may be begun several times; it ends with its last end.
///
/// A counter shows its last update, for RAPL up to about 1 ms ago, so that a part of an interval's energy is read with the
/// next one. ``ActivityRecorder/finish()`` gives it back; see ``[ActivityInterval]/correctingStaleness(updateSeconds:)``.
package final class ActivityRecorder: Sendable {
    private let meter: (any EnergyMeter)?
    private let updateSeconds: Double
    private let now: @Sendable () -> MonotonicInstant
    private let state: Mutex<State>

    private struct State {
        var computing = 0
        var sending = 0
        var step: Int?
        var border: Border?
        var intervals: [ActivityInterval] = []
        var meterFailure: String?
        /// Energy of each domain in all intervals.
        var joules: [String: Double] = [:]

        var activity: Activity { computing > 0 ? .computing : sending > 0 ? .sending : .waiting }
    }

    private struct Border {
        var instant: MonotonicInstant
        /// `nil` without a meter, and where it could not be read.
        var reading: EnergyReading?
    }

    /// - Parameters:
    ///   - meter: `nil` to record times only.
    ///   - updateSeconds: time between two updates of the meter's counters; 0 where it is not known.
    ///   - now: `CLOCK_MONOTONIC`, or a simulated clock in tests.
    package init(
        meter: (any EnergyMeter)?, updateSeconds: Double = 0,
        now: @escaping @Sendable () -> MonotonicInstant = { .now() }
    ) {
        self.meter = meter
        self.updateSeconds = updateSeconds
        self.now = now
        state = Mutex(State())
    }

    /// What was recorded.
    package struct Record: Sendable, Hashable {
        /// In order and without gaps.
        package var intervals: [ActivityInterval]
        /// Why intervals have no energy although there is a meter.
        package var meterFailure: String?
    }

    /// Begins a record; the process waits.
    package func start() {
        state.withLock { state in
            state = State()
            state.border = border(&state)
        }
    }

    /// Ends the record.
    package func finish() -> Record {
        state.withLock { state in
            close(&state)
            checkStoppedDomains(&state)
            defer { state = State() }
            return Record(
                intervals: state.intervals.correctingStaleness(updateSeconds: updateSeconds),
                meterFailure: state.meterFailure)
        }
    }

    /// What follows belongs to a step, or to none.
    package func enter(step: Int?) {
        change { $0.step = step }
    }

    package func during<Value>(_ activity: Activity, _ body: () throws -> Value) rethrows -> Value {
        begin(activity)
        defer { end(activity) }
        return try body()
    }

    package func begin(_ activity: Activity) { count(activity, 1) }
    package func end(_ activity: Activity) { count(activity, -1) }

    private func count(_ activity: Activity, _ difference: Int) {
        change { state in
            switch activity {
            case .computing: state.computing += difference
            case .sending: state.sending += difference
            case .waiting: break
            }
        }
    }

    private func change(_ body: (inout State) -> Void) {
        state.withLock { state in
            var changed = state
            body(&changed)
            if changed.activity != state.activity || changed.step != state.step { close(&state) }
            (state.computing, state.sending, state.step) = (changed.computing, changed.sending, changed.step)
        }
    }

    /// Ends the present interval and begins the next. Nothing is recorded outside of ``start()`` and ``finish()``.
    private func close(_ state: inout State) {
        guard let first = state.border else { return }
        let last = border(&state)
        state.border = last
        guard first.instant < last.instant else { return }
        var interval = ActivityInterval(
            activity: state.activity, step: state.step, start: first.instant, end: last.instant, joules: nil)
        if let meter, let before = first.reading, let after = last.reading {
            do throws(KerfError) {
                let joules = try meter.joules(from: before, to: after)
                interval.joules = meter.total(of: joules)
                state.joules.merge(joules, uniquingKeysWith: +)
            } catch {
                state.meterFailure = state.meterFailure ?? "\(error)"
            }
        }
        state.intervals.append(interval)
    }

    private func border(_ state: inout State) -> Border {
        guard let meter else { return Border(instant: now()) }
        if meter.countsProcessorTime { ThreadCPUClocks().flush() }
        do throws(KerfError) {
            let reading = try meter.read()
            return Border(instant: reading.instant, reading: reading)
        } catch {
            // The two intervals at this border have no energy; the next border may be read.
            state.meterFailure = state.meterFailure ?? "\(error)"
            return Border(instant: now())
        }
    }

    /// Drops the energy where a counter of the total stood still while others moved, in a record of many updates.
    private func checkStoppedDomains(_ state: inout State) {
        let seconds = state.intervals.reduce(0) { $0 + ($1.joules == nil ? 0 : $1.seconds) }
        guard let meter, seconds > 50 * max(updateSeconds, 0.001) else { return }
        let stopped = meter.stoppedDomains(in: state.joules)
        guard !stopped.isEmpty else { return }
        state.meterFailure =
            "the counter of \(stopped.joined(separator: ", ")) stood still while others of the total moved"
        for index in state.intervals.indices { state.intervals[index].joules = nil }
    }
}
