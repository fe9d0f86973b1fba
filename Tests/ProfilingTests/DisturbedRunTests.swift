import ProbeKit
import ProfileFormat
import Profiling
import Statistics
import SystemIO
import Testing

/// Runs beside a program that keeps processors busy, in virtual time.
@Suite("Runs beside other programs")
struct DisturbedRunTests {
    /// Says that one program used all that other processes used, and notes when it was asked.
    private final class OneProgram: ProcessMonitor {
        let box: SimulatedBox
        private(set) var sampledSeconds: [Double] = []

        init(_ box: SimulatedBox) { self.box = box }

        func sample() { sampledSeconds.append(Double(box.now().nanoseconds) * 1e-9) }

        func largest(_ count: Int) -> [OtherProcess] {
            let seconds = box.conditions().otherLoadSeconds ?? 0
            return [OtherProcess(command: "python3 train.py", processors: 1, cpuSeconds: seconds)]
        }
    }

    private struct Outcome {
        var record: ExperimentRecord
        var disturbances: Disturbances
        var conditions: ConditionSeries?
        var sampledSeconds: [Double]
    }

    /// Runs for all of the budget.
    private func run(
        on box: SimulatedBox, seed: UInt64 = 1, budgetSeconds: Double = 30, isMetered: Bool = false
    ) throws -> Outcome {
        let program = OneProgram(box)
        let log = DisturbanceLog(processorCount: 2, processes: program)
        let record = try Experiment(
            step: SimulatedStep.typical(on: box), clock: box, meter: isMetered ? box : nil,
            updates: isMetered ? SimulatedBox.updates : nil,
            settings: ExperimentSettings(
                budgetSeconds: budgetSeconds, targetRelativeHalfWidth: 0.0001, seed: seed),
            conditions: { box.conditions() }, disturbances: log
        ).run()
        return Outcome(
            record: record, disturbances: log.disturbances(), conditions: log.conditions,
            sampledSeconds: program.sampledSeconds)
    }

    private static func stepTime(_ record: ExperimentRecord) -> Estimate? {
        TrimmedSteps(totals: record.steps.map(\.seconds), groups: record.steps.compactMap(\.pair)).total()
    }

    @Test(
        "a program that is busy on one of two processors for a third of the run is rejected and named; the rest agrees",
        arguments: [false, true])
    func busyForAThird(isMetered: Bool) throws {
        let quiet = try run(on: SimulatedBox(), isMetered: isMetered)
        let busy = try run(
            on: SimulatedBox(otherProcessors: { (10..<20).contains($0) ? 1 : 0 }), isMetered: isMetered)
        let (expected, found) = (
            try #require(Self.stepTime(quiet.record)), try #require(Self.stepTime(busy.record))
        )
        #expect(abs(found.value - expected.value) <= expected.halfWidth + found.halfWidth + 0.001 * expected.value)

        let disturbances = busy.disturbances
        #expect(disturbances.isTooMuch)
        #expect(disturbances.mainCause == .otherLoad)
        #expect(disturbances.processes?.map(\.command) == ["python3 train.py"])
        #expect(disturbances.summary.hasPrefix("other processes used 1.0 of 2 CPUs in "), "\(disturbances.summary)")
        #expect(disturbances.summary.contains("python3 train.py (1.0 CPUs)"))
        // What was rejected is listed with its time, within the disturbance.
        let rejected = try #require(disturbances.rejectedIntervals)
        #expect(rejected.count == disturbances.causes.reduce(0) { $0 + $1.count })
        #expect(rejected == rejected.sorted { $0.startSeconds < $1.startSeconds })
        for interval in rejected where interval.cause == .otherLoad {
            #expect(interval.startSeconds < 20 && interval.startSeconds + interval.seconds > 10)
        }
        // All that was kept, instrumented steps too, was taken while the box was quiet.
        for step in busy.record.steps + busy.record.instrumentedSteps {
            let start = try #require(step.startSeconds)
            #expect(!(10.1..<19.9).contains(start), "a step at \(start) s was kept")
        }
        for window in busy.record.energyWindows {
            #expect(!(10.1..<19.9).contains(window.startSeconds), "a window at \(window.startSeconds) s was kept")
        }
    }

    /// Times at which everything takes a third longer beside a neighbor on the host, which nothing but the processor's speed
    /// shows.
    struct Neighbor: Sendable, CustomTestStringConvertible {
        let slow: Range<Double>

        var testDescription: String { "\(slow)" }
        func slowdown(_ seconds: Double) -> Double { slow.contains(seconds) ? 1.33 : 1 }
    }

    @Test(
        "what a neighbor on the host slowed is rejected, also where the slow part came first and was kept at first",
        arguments: [Neighbor(slow: 0..<10), Neighbor(slow: 10..<20), Neighbor(slow: 12..<30)], [false, true])
    func slowProcessor(neighbor: Neighbor, isMetered: Bool) throws {
        let quiet = try run(on: SimulatedBox(slowdown: { _ in 1 }), isMetered: isMetered)
        #expect(quiet.record.rejections.isEmpty && !quiet.disturbances.isTooMuch)
        let slow = try run(on: SimulatedBox(slowdown: neighbor.slowdown), isMetered: isMetered)
        let (expected, found) = (
            try #require(Self.stepTime(quiet.record)), try #require(Self.stepTime(slow.record))
        )
        #expect(abs(found.value - expected.value) <= expected.halfWidth + found.halfWidth + 0.002 * expected.value)
        for step in slow.record.steps + slow.record.instrumentedSteps {
            let start = try #require(step.startSeconds)
            // A step that the change came into is as it was at its begin.
            #expect(!neighbor.slow.contains(start), "a step at \(start) s was kept")
        }
        for window in slow.record.energyWindows where window.subject != .idle {
            #expect(!neighbor.slow.contains(window.startSeconds), "a window at \(window.startSeconds) s was kept")
        }
        let references = slow.record.referenceSeconds
        #expect(!references.isEmpty && references.allSatisfy { $0 < 1.1e-3 }, "\(references.max() ?? 0)")
        let cause = try #require(slow.disturbances.causes.first { $0.cause == .speed })
        let intervals = (slow.disturbances.rejectedIntervals ?? []).filter { $0.cause == .speed }
        #expect(intervals.count == cause.count)
        #expect(abs(intervals.reduce(0) { $0 + $1.seconds } - cause.seconds) < 1e-6)
        let share = (neighbor.slow.upperBound - neighbor.slow.lowerBound) / 30
        #expect(abs(cause.seconds / slow.disturbances.measuredSeconds - share) < 0.1)
        #expect(slow.disturbances.summary.contains("the processor had another speed"), "\(slow.disturbances.summary)")
        #expect(slow.record.rejections.contains { $0.reason.hasSuffix("another speed of the processor") })
        let series = (slow.conditions?.referenceSeconds ?? []).compactMap { $0 }
        #expect((series.max() ?? 0) > 1.25e-3 && (series.min() ?? 1) < 1.05e-3)
    }

    @Test("the processor's speed is timed before and after each step and window, and not around the idle box")
    func idleBoxIsLeftAlone() throws {
        let box = SimulatedBox()
        var count = 0
        let log = DisturbanceLog()
        let record = try Experiment(
            step: SimulatedStep.typical(on: box), clock: box, meter: box, updates: SimulatedBox.updates,
            settings: ExperimentSettings(budgetSeconds: 5),
            reference: {
                count += 1
                return 1e-3
            }, disturbances: log
        ).run()
        #expect(record.idleWindows.count >= 2 && record.rejections.isEmpty)
        #expect(count == 2 * (log.disturbances().measurementCount - record.idleWindows.count))
        #expect(record.referenceSeconds.allSatisfy { $0 == 1e-3 } && !record.referenceSeconds.isEmpty)
    }

    @Test("a processor that has one speed is believed, however slow; a short fast while is none")
    func onlySpeed() throws {
        let slow = try run(on: SimulatedBox(slowdown: { _ in 1.33 }))
        #expect(slow.record.rejections.isEmpty)
        let hasty = try run(on: SimulatedBox(slowdown: { (5..<7).contains($0) ? 1 : 1.33 }))
        let (expected, found) = (
            try #require(Self.stepTime(slow.record)), try #require(Self.stepTime(hasty.record))
        )
        #expect(abs(found.value - expected.value) <= expected.halfWidth + found.halfWidth + 0.002 * expected.value)
        #expect(!hasty.disturbances.isTooMuch)
    }

    @Test("the load is seen at its place in the series")
    func series() throws {
        let busy = try run(on: SimulatedBox(otherProcessors: { (10..<20).contains($0) ? 1 : 0 }))
        let series = try #require(busy.conditions)
        let others = try #require(series.otherProcessors)
        #expect(others.count == series.seconds.count && others.count > 100)
        for (end, load) in zip(series.seconds, others) {
            let load = try #require(load)
            // Entries are a tenth of a second and a step long at most; ticks are 10 ms.
            if end < 10 || end > 20.5 { #expect(load < 0.11, "\(load) at \(end) s") }
            if (10.5..<20).contains(end) { #expect(load > 0.85 && load < 1.15, "\(load) at \(end) s") }
        }
        #expect(series.stealProcessors == nil && series.celsius == nil)
    }

    @Test("all processes are sampled at the begin and the end, and while they disturb at most once a second")
    func sampling() throws {
        let quiet = try run(on: SimulatedBox())
        #expect(quiet.sampledSeconds == [0])
        #expect(quiet.disturbances.processes == nil)
        let busy = try run(on: SimulatedBox(otherProcessors: { (10..<20).contains($0) ? 1 : 0 }))
        let during = busy.sampledSeconds.dropFirst().dropLast()
        #expect((8...12).contains(during.count), "\(during)")
        #expect(during.allSatisfy { (10...22).contains($0) })
        #expect(zip(during, during.dropFirst()).allSatisfy { $1 - $0 > 0.999 * DisturbanceLog.sampleIntervalSeconds })
        #expect((busy.disturbances.processSamplingSeconds ?? -1) >= 0)
    }

    /// Timers and the kernel's own threads, as on every box: some percent of a processor.
    @Test("ten quiet runs give no alarm", arguments: 1...10)
    func quiet(seed: Int) throws {
        let box = SimulatedBox(otherProcessors: { Int($0) % 2 == 0 ? 0.02 : 0.06 })
        let quiet = try run(on: box, seed: UInt64(seed), budgetSeconds: 10)
        #expect(!quiet.disturbances.isTooMuch, "\(quiet.disturbances.summary)")
        #expect(quiet.record.rejections.isEmpty, "\(quiet.record.rejections)")
    }

    @Test("where everything is disturbed the refusal names the cause and the program")
    func refused() throws {
        let box = SimulatedBox(otherProcessors: { _ in 1.4 })
        let error = #expect(throws: KerfError.self) { try run(on: box, budgetSeconds: 2) }
        #expect(error?.code == .disturbed && error?.code.category == .unavailable)
        #expect(
            error?.message.contains(
                "other processes used 1.4 of 2 CPUs in 100 % of the time: python3 train.py (1.0 CPUs)")
                == true, "\(error?.message ?? "")")
    }

    @Test("a quota that stops everything is named, with a remedy of its own")
    func quota() throws {
        let box = SimulatedBox()
        let error = #expect(throws: KerfError.self) {
            try Experiment(
                step: SimulatedStep.typical(on: box), clock: box, settings: ExperimentSettings(budgetSeconds: 1),
                conditions: { BoxConditions(quotaSeconds: 0.4 * Double(box.now().nanoseconds) * 1e-9) }
            ).run()
        }
        #expect(error?.code == .disturbed && error?.remedy == .largerQuotaOrFewerThreads)
        #expect(error?.message.contains("the CPU quota of the control group stopped the run in 100 %") == true)
    }
}
