import Calibration
import CommandSupport
import Instrumentation
import ProfileFormat
import Quantities
import SplitTraining
import SystemIO
import TestSupport
import Testing

@Suite("Rounds at another speed than profiled") struct ProfiledSpeedsTests {
    /// - Parameter reference: time of the loop when the side was profiled; `nil` for a box that tells its frequency.
    private func calibration(_ reference: Double?) throws -> Calibration {
        var calibration = try Calibration.planted(SyntheticProfile())
        calibration.frequency.referenceSeconds = reference.map {
            Quantity(value: $0, count: 9, origin: .measured)
        }
        return calibration
    }

    private func rejection(
        profiled: (device: Double?, server: Double?), now: (device: Double?, server: Double?),
        servesNothing: Bool = false
    ) throws -> String? {
        func instant(_ seconds: Int64) -> MonotonicInstant { MonotonicInstant(nanoseconds: seconds * 1_000_000_000) }
        var turn = DeviceSession.Turn()
        (turn.cut, turn.stepSeconds) = (1, [3])
        (turn.measurement.deviceReferenceSeconds, turn.measurement.serverReferenceSeconds) = (now.device, now.server)
        turn.measurement.device = [
            ActivityInterval(activity: .computing, step: 0, start: instant(0), end: instant(1), joules: nil)
        ]
        turn.measurement.server = [
            ActivityInterval(
                activity: servesNothing ? .waiting : .computing, step: 0, start: instant(1), end: instant(3),
                joules: nil)
        ]
        let costs = try #require(SplitRun.TurnRecord(turn, isSplit: true).costs)
        return ProfiledSpeeds(
            device: try calibration(profiled.device), server: try calibration(profiled.server)
        ).rejection(of: costs)
    }

    @Test func theSpeedAsProfiledIsNoReason() throws {
        #expect(try rejection(profiled: (1e-3, 2e-3), now: (1.06e-3, 1.9e-3)) == nil)
    }

    @Test func eachSideIsNamed() throws {
        #expect(
            try rejection(profiled: (1e-3, 2e-3), now: (1.3e-3, 2e-3))
                == "device: the processor was 30 % slower than when it was profiled")
        #expect(
            try rejection(profiled: (1e-3, 2e-3), now: (1.2e-3, 1.5e-3))
                == "device: the processor was 20 % slower than when it was profiled; "
                + "server: the processor was 25 % faster than when it was profiled")
    }

    @Test func whatIsNotKnownOrDoesNotMatterIsNoReason() throws {
        #expect(try rejection(profiled: (nil, 2e-3), now: (1.3e-3, 2e-3)) == nil)
        #expect(try rejection(profiled: (1e-3, 2e-3), now: (1e-3, nil)) == nil)
        #expect(try rejection(profiled: (1e-3, 2e-3), now: (1e-3, 4e-3), servesNothing: true) == nil)
    }
}
