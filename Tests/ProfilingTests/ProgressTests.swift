import ProbeKit
import ProfileFormat
import Profiling
import Quantities
import Statistics
import SystemIO
import Testing
import Workload

/// The progress that a run reports, in virtual time.
@Suite("Progress of a run")
struct ProgressTests {
    private final class OneProgram: ProcessMonitor {
        func sample() {}
        func largest(_ count: Int) -> [OtherProcess] {
            [OtherProcess(command: "python3 train.py", processors: 1, cpuSeconds: 1)]
        }
    }

    private static let meter = MeterDescription(
        name: "planted", origin: .simulated, domains: [], totalOf: [], updateIntervalSeconds: .unavailable("planted"))

    /// - Parameter watched: takes the progress; `nil` for a run that nobody watches.
    private func run(
        on box: SimulatedBox, budgetSeconds: Double = 20, target: Double = 0.0001, isMetered: Bool = true,
        watched: ((Progress) -> Void)? = nil
    ) throws -> ExperimentRecord {
        try Experiment(
            step: SimulatedStep.typical(on: box), clock: box, meter: isMetered ? box : nil,
            updates: isMetered ? SimulatedBox.updates : nil, description: isMetered ? Self.meter : nil,
            settings: ExperimentSettings(budgetSeconds: budgetSeconds, targetRelativeHalfWidth: target),
            conditions: { box.conditions() }, disturbances: DisturbanceLog(processorCount: 2, processes: OneProgram()),
            progress: watched
        ).run()
    }

    @Test("the widest intervals, of times and powers, come first and narrow as the run goes on")
    func widest() throws {
        var reports: [Progress] = []
        let record = try run(on: SimulatedBox()) { reports.append($0) }
        #expect(reports.count > 20 && reports[0].intervals.isEmpty && reports[0].activity == "idle")
        #expect(zip(reports, reports.dropFirst()).allSatisfy { $0.elapsedSeconds <= $1.elapsedSeconds })
        for report in reports {
            let widths = report.intervals.map(\.relativeHalfWidth)
            #expect(widths.count <= Progress.maximumIntervals && widths == widths.sorted(by: >))
            #expect(widths.allSatisfy { $0 > 0 && $0.isFinite })
            #expect(Set(report.intervals.map { "\($0.value) \($0.pass)" }).count == widths.count)
            #expect(report.meter?.state == .reading && report.meter?.origin == .simulated)
        }
        let last = try #require(reports.last)
        #expect(last.steps >= record.steps.count && last.energyWindows > 0)
        // By another way: the spread of each pass's own samples, without trimming, bounds what is widest.
        let means = record.layerTimes.compactMap { Estimate.mean(of: $0.seconds) }.map(\.relativeHalfWidth)
        let timed = last.intervals.filter { $0.value == .time }
        #expect(timed.allSatisfy { $0.relativeHalfWidth < 4 * (means.max() ?? 0) })
        #expect(reports.contains { $0.intervals.contains { $0.value == .power } })
        let early = try #require(reports.first { $0.intervals.count == 3 }).intervals[0]
        #expect((last.intervals.first?.relativeHalfWidth ?? .infinity) < early.relativeHalfWidth)
    }

    @Test("a run that is watched finds what it finds without")
    func unchanged() throws {
        var count = 0
        let watched = try run(on: SimulatedBox(), budgetSeconds: 5) { _ in count += 1 }
        let alone = try run(on: SimulatedBox(), budgetSeconds: 5)
        #expect(count > 5)
        #expect(watched.steps == alone.steps && watched.energyWindows == alone.energyWindows)
        #expect(watched.layerTimes == alone.layerTimes)
    }

    @Test("what disturbs is named while it disturbs")
    func disturbed() throws {
        var reports: [Progress] = []
        _ = try run(on: SimulatedBox(otherProcessors: { (5..<12).contains($0) ? 1 : 0 }), isMetered: false) {
            reports.append($0)
        }
        let before = reports.filter { $0.elapsedSeconds < 4.9 }
        #expect(before.allSatisfy { $0.disturbances?.causes.isEmpty == true && $0.disturbances?.processes == nil })
        let during = try #require(reports.last { $0.elapsedSeconds < 11.9 })
        #expect(during.disturbances?.mainCause == .otherLoad)
        #expect(during.disturbances?.processes?.map(\.command) == ["python3 train.py"])
        let seconds = during.disturbances?.causes.reduce(0) { $0 + $1.seconds } ?? 0
        #expect(abs(seconds - (during.elapsedSeconds - 5)) < 1)
        #expect(reports.allSatisfy { $0.meter == nil }, "there is none")
    }

    @Test("a meter that fails is reported, with the reason")
    func failedMeter() throws {
        var reports: [Progress] = []
        let record = try run(on: SimulatedBox(failsAtRead: 20_000), budgetSeconds: 10) { reports.append($0) }
        let reason = try #require(record.meterFailure)
        #expect(reports.first?.meter?.state == .reading)
        let last = try #require(reports.last)
        #expect(last.meter?.state == .failed && last.meter?.reason == reason && last.energyWindows == 0)
        #expect(last.intervals.allSatisfy { $0.value == .time })
    }

    @Test("a record says whether its intervals or the budget ended the run")
    func ends() throws {
        #expect(try run(on: SimulatedBox(), budgetSeconds: 600, target: 0.05, isMetered: false).isSettled)
        #expect(try !run(on: SimulatedBox(), budgetSeconds: 5, target: 0.0001, isMetered: false).isSettled)
    }

    @Test("a description without a meter, with one, and with one that failed")
    func meterStates() {
        var description = Self.meter
        description.reason = "declared"
        #expect(MeterState(description).state == .reading && MeterState(description).reason == "declared")
        #expect(MeterState(description, failure: "gone").state == .failed)
        #expect(MeterState(description, failure: "gone").reason == "gone")
        (description.origin, description.name, description.reason) = (.unavailable, nil, "no interface")
        #expect(MeterState(description).state == .unavailable && MeterState(description).reason == "no interface")
    }
}
