import CARD
import Instrumentation
import Quantities
import SystemIO
import Testing

@testable import Reporting
@testable import SplitTraining

@Suite("Trace of a split training")
struct RunTraceTests {
    private func instant(_ milliseconds: Int64) -> MonotonicInstant { .init(nanoseconds: milliseconds * 1_000_000) }

    /// The server's clock is 1000 ms ahead. One step: the device computes 0...20, sends until 50, the server computes
    /// 50...130, its gradient arrives at 150, the device computes until 190.
    private func turn(_ number: Int) -> DeviceSession.Turn {
        var turn = DeviceSession.Turn()
        turn.number = number
        turn.cut = 2
        turn.firstStep = 7
        turn.stepSeconds = [0.190]
        turn.measurement.serverHertz = 8e8
        turn.measurement.offset = ClockOffset(nanoseconds: 1_000_000_000, errorNanoseconds: 1_000_000)
        turn.measurement.device = [
            ActivityInterval(activity: .computing, step: 7, start: instant(0), end: instant(20), joules: 2),
            ActivityInterval(activity: .waiting, step: 7, start: instant(20), end: instant(150), joules: 1.3),
            ActivityInterval(activity: .computing, step: 7, start: instant(150), end: instant(190), joules: 4),
            ActivityInterval(activity: .waiting, step: nil, start: instant(190), end: instant(200), joules: nil),
        ]
        turn.measurement.server = [
            ActivityInterval(activity: .waiting, step: nil, start: instant(900), end: instant(1050), joules: 1),
            ActivityInterval(activity: .computing, step: 7, start: instant(1050), end: instant(1130), joules: 16),
            ActivityInterval(activity: .waiting, step: 7, start: instant(1130), end: instant(1300), joules: 1.7),
        ]
        turn.measurement.transfers = [
            ObservedTransfer(.adapters, .down, bytes: 100, sent: instant(960), received: instant(-10)),
            ObservedTransfer(.smashedData, .up, step: 7, bytes: 300_000, sent: instant(20), received: instant(1050)),
            ObservedTransfer(.gradient, .down, step: 7, bytes: 200_000, sent: instant(1130), received: instant(150)),
        ]
        return turn
    }

    private func run(_ turns: [DeviceSession.Turn]) -> SplitRun {
        var meter = SideMeter(.none)
        (meter.name, meter.origin) = ("planted", .simulated)
        return SplitRun(
            model: "tiny\u{202E}", weights: "random:1",
            data: TrainingDataSource(name: "data.ids", sha256: String(repeating: "0", count: 64), tokens: 100),
            settings: TrainingSettings(), cut: 2, linkShape: nil, deviceMeter: meter,
            serverMeter: meter, losses: [1], turns: turns, reconnections: 0)
    }

    private func entries(_ turns: [DeviceSession.Turn]) throws -> [TimelineEntry] {
        let lines = [Timeline.header] + turns.flatMap { Timeline.lines(of: $0, since: instant(-50)) }
        return try Timeline.entries(Array(lines.joined(separator: "\n").utf8), named: "timeline.csv")
    }

    private func decoded() throws -> DecodedTrace {
        try Trace(run([turn(4)]), timeline: entries([turn(4)]), named: "timeline.csv").decoded()
    }

    /// The server's first interval begins 50 ms before the device's process, so that all times are later by that.
    @Test func bothSidesAreOnTheDevicesClock() throws {
        let trace = try decoded()
        #expect(trace.faults == [] && trace.nestingFaults == [])
        func times(_ category: String, _ name: String, _ group: String) -> [[UInt64]] {
            trace.slices(category, inGroup: group).filter { $0.name == name }.map {
                [$0.start / 1_000_000, $0.end / 1_000_000]
            }
        }
        #expect(times("activity", "computing", "device of") == [[100, 120], [250, 290]])
        #expect(times("activity", "computing", "server of") == [[150, 230]])
        #expect(times("transfer", "smashed data", "link of") == [[120, 150]])
        #expect(times("transfer", "gradient", "link of") == [[230, 250]])
        // What was sent counts as sending until it had arrived.
        #expect(times("activity", "sending", "device of") == [[120, 150]])
        #expect(
            times("turn", "turn 4", "device of") == [[100, 300]] && times("turn", "turn 4", "server of") == [[0, 400]])
        #expect(times("step", "step", "device of") == [[100, 290]])
        let group = try #require(trace.tracks.values.map(\.group).first { $0.hasPrefix("server") })
        #expect(group == "server of tiny?, cut 2, on the device's clock ± 1.00 ms")
    }

    @Test func eachSideHasItsPowerAndTheServerItsFrequency() throws {
        let trace = try decoded()
        let device = try #require(trace.counter("power", inGroup: "device of"))
        #expect(device.unit == "W" && device.values.map(\.time).first == 100_000_000)
        #expect(zip(device.values, [100, 10, 10, 100]).allSatisfy { abs($0.value - $1) < 1e-6 })
        let server = try #require(trace.counter("power", inGroup: "server of"))
        #expect(server.values.contains { abs($0.value - 200) < 1e-6 && $0.time == 150_000_000 })
        let hertz = try #require(trace.counter("set frequency", inGroup: "server of"))
        #expect(hertz.unit == "Hz" && hertz.values.map(\.value) == [8e8])
    }

    /// Shorter times than a counter's update show nothing of the power.
    @Test func powerIsAMeanOverTenMilliseconds() {
        let entries = (0..<8).map { (place: Int) -> TimelineEntry in
            let start = 0.003 * Double(place)
            return TimelineEntry(
                subject: .device(.computing), turn: 1, startSeconds: start, endSeconds: start + 0.003,
                joules: place % 2 == 0 ? 0.06 : 0)
        }
        let watts = TimelineSlices(entries).watts(.device)
        #expect(watts.map(\.time) == [0, 12_000_000])
        #expect(watts.allSatisfy { abs($0.value - 10) < 1e-9 })
    }

    @Test func turnsWithoutATimelineAreCountedAndStrangersRefused() throws {
        let trace = try Trace(run([turn(3), turn(4)]), timeline: entries([turn(4)]), named: "timeline.csv")
        #expect(trace.leftOut.map(\.count) == [1] && trace.leftOut.first?.what == "turns")
        let failure = #expect(throws: KerfError.self) {
            try Trace(run([turn(3)]), timeline: entries([turn(4)]), named: "timeline.csv")
        }
        #expect(failure?.code == .unusableData && failure?.message.contains("turn 4 is not in the run") == true)
    }

    @Test func withoutATimelineStepsAreLaidEndToEnd() throws {
        let trace = try Trace(run([turn(3), turn(4)]), timeline: nil, named: "run.json")
        let decoded = try trace.decoded()
        #expect(decoded.faults == [] && decoded.nestingFaults == [])
        #expect(TraceSummary(trace).tracks.allSatisfy { $0.placement == .laidOut })
        let steps = decoded.slices("step")
        #expect(steps.map(\.nanoseconds) == [190_000_000, 190_000_000])
        let computing = decoded.slices("activity", inGroup: "server of").filter { $0.name == "computing" }
        #expect(computing.map(\.nanoseconds) == [80_000_000, 80_000_000])
        #expect(computing[0].start == steps[0].start)
        // The server waits longer than the device's step takes.
        #expect(steps[1].start == 250_000_000)
        #expect(abs((computing[0].annotations["joules"]?.doubleValue ?? 0) - 16) < 1e-9)
    }
}
