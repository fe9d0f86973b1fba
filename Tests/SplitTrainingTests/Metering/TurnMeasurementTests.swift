import CARD
import Instrumentation
import SystemIO
import Testing

@testable import SplitTraining

@Suite("What a turn took") struct TurnMeasurementTests {
    private func instant(_ milliseconds: Int64) -> MonotonicInstant { .init(nanoseconds: milliseconds * 1_000_000) }

    /// The server's clock is 1000 ms ahead. One step: the device computes 0...20, sends until 50, the server computes
    /// 50...130, its gradient arrives at 150, the device computes until 190.
    var turn: DeviceSession.Turn {
        var turn = DeviceSession.Turn()
        turn.number = 4
        turn.cut = 2
        turn.firstStep = 7
        turn.stepSeconds = [0.190]
        turn.measurement.offset = ClockOffset(nanoseconds: 1_000_000_000, errorNanoseconds: 1_000_000)
        turn.measurement.device = [
            ActivityInterval(activity: .computing, step: 7, start: instant(0), end: instant(20), joules: 2),
            ActivityInterval(activity: .waiting, step: 7, start: instant(20), end: instant(150), joules: 1.3),
            ActivityInterval(activity: .computing, step: 7, start: instant(150), end: instant(190), joules: 4),
            ActivityInterval(activity: .waiting, step: nil, start: instant(190), end: instant(200), joules: 0.1),
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
            ObservedTransfer(.adapters, .up, bytes: 100, sent: instant(190), received: instant(1200)),
        ]
        return turn
    }

    @Test func itsPartsAddUpToItsDelay() {
        let costs = TurnCosts(turn)
        for (value, expected) in [
            (costs.deviceSeconds, 0.060), (costs.uplinkSeconds, 0.030), (costs.serverSeconds, 0.080),
            (costs.downlinkSeconds, 0.020), (costs.adapterSeconds, 0.040), (costs.delaySeconds, 0.230),
            (costs.overheadSeconds, 0), (costs.clockErrorSeconds, 0.001),
        ] {
            #expect(abs(value - expected) < 1e-9, "\(value), \(expected)")
        }
        #expect(abs((costs.device.computingJoules ?? 0) - 6) < 1e-9)
        #expect(abs((costs.server.computingJoules ?? 0) - 16) < 1e-9)
        // 30 of 130 ms of waiting are sending.
        #expect(abs((costs.device.steps[0].sending.joules ?? 0) - 0.3) < 1e-9)
        #expect(abs(costs.server.steps[0].sending.seconds - 0.020) < 1e-9)
    }

    /// Two micro-batches that are sent at once: the second occupies the link only after the first.
    @Test func aQueueIsNotOnTheLink() {
        var measurement = TurnMeasurement()
        measurement.transfers = [
            ObservedTransfer(.smashedData, .up, step: 0, bytes: 10, sent: instant(0), received: instant(100)),
            ObservedTransfer(.smashedData, .up, step: 0, bytes: 10, sent: instant(1), received: instant(200)),
        ]
        #expect(measurement.passages(.up).map { ($0.seconds * 1000).rounded() } == [100, 100])
    }

    @Test func theTimelineIsOnTheDevicesClock() {
        let lines = Timeline.lines(of: turn, since: instant(-100))
        #expect(lines.count == 4 + 2 + 5 + 4)
        #expect(lines.contains("server,4,8,computing,0.150000,0.230000,16.000000,"))
        #expect(lines.contains("link,4,8,up smashed_data,0.120000,0.150000,,300000"))
        #expect(lines.allSatisfy { $0.count { $0 == "," } == Timeline.header.count { $0 == "," } })
    }

    @Test func theServersRecordSurvivesTheWire() throws {
        let intervals =
            turn.measurement.server + [
                ActivityInterval(activity: .sending, step: 8, start: instant(1300), end: instant(1300), joules: nil)
            ]
        #expect(try IntervalBytes.intervals(IntervalBytes.bytes(of: intervals)) == intervals)
        var disordered = intervals
        disordered.swapAt(0, 2)
        #expect(throws: KerfError.self) { try IntervalBytes.intervals(IntervalBytes.bytes(of: disordered)) }
        var bytes = IntervalBytes.bytes(of: intervals)
        bytes[0] = 9
        #expect(throws: KerfError.self) { try IntervalBytes.intervals(bytes) }
    }

    @Test func theLinkIsObserved() throws {
        let link = ObservedLink(turn.measurement)
        // 300 kB in 30 ms less 1 ms of latency.
        #expect(abs((link.uplinkBitsPerSecond ?? 0) / (2.4e6 / 0.029) - 1) < 1e-9)
        #expect(abs((link.downlinkBitsPerSecond ?? 0) / (1.6e6 / 0.019) - 1) < 1e-9)
        var small = turn.measurement
        small.transfers.removeAll { $0.bytes > 1000 }
        let before = try Link(parsing: "up=1mbit,down=2mbit,rtt=5ms")
        let after = try ObservedLink(small).updating(before)
        #expect(after.uplinkBitsPerSecond == 1e6 && after.downlinkBitsPerSecond == 2e6)
        #expect(after.roundTripSeconds == 0.002)
    }
}
