import Instrumentation
import SystemIO
import Testing

@testable import SplitTraining

@Suite("Activities of a process") struct ActivityRecorderTests {
    private let meter = PlantedMeter()
    private var recorder: ActivityRecorder { ActivityRecorder(meter: meter, now: { [meter] in meter.now() }) }

    @Test func computingComesBeforeSendingAndSendingBeforeWaiting() {
        let recorder = recorder
        recorder.start()
        meter.pass(milliseconds: 10, watts: 1)
        recorder.enter(step: 0)
        recorder.begin(.sending)
        meter.pass(milliseconds: 5, watts: 2)
        recorder.begin(.computing)
        meter.pass(milliseconds: 20, watts: 10)
        // The sending ends while the process computes.
        recorder.end(.sending)
        meter.pass(milliseconds: 20, watts: 10)
        recorder.end(.computing)
        meter.pass(milliseconds: 7, watts: 1)
        let record = recorder.finish()
        #expect(record.meterFailure == nil)
        #expect(record.intervals.map(\.activity) == [.waiting, .sending, .computing, .waiting])
        #expect(record.intervals.map(\.step) == [nil, 0, 0, 0])
        #expect(record.intervals.map(\.seconds) == [0.010, 0.005, 0.040, 0.007])
        for (interval, joules) in zip(record.intervals, [0.010, 0.010, 0.400, 0.007]) {
            #expect(abs((interval.joules ?? 0) - joules) < 2e-6)
        }
        // Without gaps.
        #expect(zip(record.intervals, record.intervals.dropFirst()).allSatisfy { $0.end == $1.start })
        #expect(recorder.finish().intervals.isEmpty)
    }

    @Test func aCounterMayWrapBetweenIntervals() {
        let recorder = recorder
        recorder.start()
        for _ in 0..<6 {
            recorder.during(.computing) { meter.pass(milliseconds: 1000, watts: 15) }
        }
        let totals = ActivityTotals(recorder.finish().intervals)
        #expect(abs((totals.computing.joules ?? 0) - 90) < 1e-4)
        #expect(totals.computing.seconds == 6 && totals.waiting.seconds == 0)
    }

    /// Times go on; energy that was measured before is kept.
    @Test func aMeterThatFailsCostsTheEnergyOnly() {
        let recorder = recorder
        recorder.start()
        recorder.during(.computing) { meter.pass(milliseconds: 10, watts: 5) }
        meter.fail()
        recorder.during(.computing) { meter.pass(milliseconds: 10, watts: 5) }
        let record = recorder.finish()
        #expect(record.meterFailure?.contains("the meter is gone") == true)
        let computing = record.intervals.filter { $0.activity == .computing }
        #expect(computing.map(\.seconds) == [0.010, 0.010])
        #expect(computing[0].joules != nil && computing[1].joules == nil)
        #expect(ActivityTotals(record.intervals).computing.joules == nil, "a part of the energy is not the energy")
    }

    /// A read that fails once costs the two intervals that it is between.
    @Test func aMeterThatRecoversIsReadAgain() {
        let recorder = recorder
        recorder.start()
        recorder.during(.computing) { meter.pass(milliseconds: 10, watts: 5) }
        meter.fail()
        recorder.during(.sending) { meter.pass(milliseconds: 10, watts: 5) }
        meter.recover()
        recorder.during(.computing) { meter.pass(milliseconds: 10, watts: 5) }
        recorder.during(.sending) { meter.pass(milliseconds: 10, watts: 5) }
        let record = recorder.finish()
        #expect(record.meterFailure?.contains("the meter is gone") == true)
        let measured = record.intervals.filter { $0.seconds > 0 }.map { $0.joules != nil }
        #expect(measured.first == true && measured.last == true && measured.contains(false))
    }

    /// The total still moves, and is that of half the box.
    @Test(arguments: [false, true]) func aCounterThatStopsCostsTheEnergy(stops: Bool) {
        let meter = PlantedMeter(packages: 2)
        let recorder = ActivityRecorder(meter: meter, now: { meter.now() })
        if stops { meter.stopSecondCounter() }
        recorder.start()
        for _ in 0..<10 { recorder.during(.computing) { meter.pass(milliseconds: 100, watts: 5) } }
        let record = recorder.finish()
        #expect((record.meterFailure?.contains("package-1") == true) == stops)
        #expect(record.intervals.allSatisfy { ($0.joules == nil) == stops })
    }

    @Test func withoutAMeterThereAreTimesAndNoZeros() {
        let recorder = ActivityRecorder(meter: nil, now: { [meter] in meter.now() })
        recorder.start()
        recorder.during(.computing) { meter.pass(milliseconds: 10, watts: 5) }
        let totals = ActivityTotals(recorder.finish().intervals)
        #expect(totals.computing.seconds == 0.010)
        #expect(Activity.allCases.allSatisfy { totals[$0].joules == nil })
    }

    @Test func whatIsOnItsWayWhileAProcessWaitsIsSending() {
        func instant(_ milliseconds: Int64) -> MonotonicInstant { .init(nanoseconds: milliseconds * 1_000_000) }
        let waiting = ActivityInterval(activity: .waiting, step: 3, start: instant(0), end: instant(100), joules: 10)
        let computing = ActivityInterval(
            activity: .computing, step: 3, start: instant(100), end: instant(150), joules: 50)
        let marked = [waiting, computing].marking(transfers: [
            (instant(10), instant(30)), (instant(60), instant(120)),
        ])
        #expect(marked.map(\.activity) == [.waiting, .sending, .waiting, .sending, .computing])
        #expect(marked.map { ($0.seconds * 1000).rounded() } == [10, 20, 30, 40, 50])
        #expect(abs(marked.compactMap(\.joules).reduce(0, +) - 60) < 1e-9)
        #expect(abs((marked[3].joules ?? 0) - 4) < 1e-9)
    }
}
