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
    private func calibration(
        _ reference: Double?, upper: Double? = nil, version: String = KerfVersion.current
    ) throws -> Calibration {
        var calibration = try Calibration.planted(SyntheticProfile())
        for place in calibration.provenance.indices { calibration.provenance[place].kerfVersion = version }
        calibration.frequency.referenceSeconds = reference.map {
            Quantity(
                value: $0, lower: upper == nil ? nil : $0, upper: upper, confidence: 0.95, count: 9, origin: .measured)
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
                == "device: the processor was 30.0 % slower than when it was profiled")
        #expect(
            try rejection(profiled: (1e-3, 2e-3), now: (1.2e-3, 1.5e-3))
                == "device: the processor was 20.0 % slower than when it was profiled; "
                + "server: the processor was 25.0 % faster than when it was profiled")
    }

    @Test func whatIsNotKnownOrDoesNotMatterIsNoReason() throws {
        #expect(try rejection(profiled: (nil, 2e-3), now: (1.3e-3, 2e-3)) == nil)
        #expect(try rejection(profiled: (1e-3, 2e-3), now: (1e-3, nil)) == nil)
        #expect(try rejection(profiled: (1e-3, 2e-3), now: (1e-3, 4e-3), servesNothing: true) == nil)
    }

    /// A calibration of profiles at two speeds stands for both.
    @Test func profilesAtSeveralSpeedsAreARange() throws {
        var turn = DeviceSession.Turn()
        (turn.cut, turn.stepSeconds) = (1, [3])
        turn.measurement.device = [
            ActivityInterval(
                activity: .computing, step: 0, start: MonotonicInstant(nanoseconds: 0),
                end: MonotonicInstant(nanoseconds: 1_000_000_000), joules: nil)
        ]
        turn.measurement.deviceDisturbance = Disturbance.speed.rawValue
        func rejection(_ now: Double, version: String = KerfVersion.current) throws -> String? {
            turn.measurement.deviceReferenceSeconds = now
            let costs = try #require(SplitRun.TurnRecord(turn, isSplit: true).costs)
            return ProfiledSpeeds(
                device: try calibration(1e-3, upper: 1.3e-3, version: version), server: try calibration(nil)
            ).rejection(of: costs)
        }
        for now in [0.95e-3, 1e-3, 1.15e-3, 1.3e-3, 1.38e-3] {
            #expect(try rejection(now) == "device: another speed of the processor", "\(now)")
        }
        #expect(try rejection(1.56e-3) == "device: the processor was 20.0 % slower than when it was profiled")
        // Another version may have another loop.
        #expect(try rejection(1.56e-3, version: "0.0.1") == "device: another speed of the processor")
    }
}
