import CARD
import Calibration
import SystemIO
import TestSupport
import Testing

@testable import SplitTraining

@Suite("A cut that is decided anew") struct AdaptiveCutTests {
    private static func turn(_ number: Int, bitsPerSecond: Double) -> DeviceSession.Turn {
        var turn = DeviceSession.Turn()
        turn.number = number
        let bytes = 1_000_000
        let took = Int64(8 * Double(bytes) / bitsPerSecond * 1e9)
        turn.measurement.transfers = [.up, .down].map { direction in
            ObservedTransfer(
                direction == .up ? .smashedData : .gradient, direction, step: 0, bytes: bytes,
                sent: MonotonicInstant(nanoseconds: 0), received: MonotonicInstant(nanoseconds: took))
        }
        return turn
    }

    /// As soon as a turn has shown another link, the next one is cut as a decision for that link says.
    @Test func followsTheLinkOfTheTurnBefore() async throws {
        // A device that is faster than its server runs all of it, unless its adapters take too long to travel.
        let server = try Calibration.planted(SyntheticProfile())
        var fast = SyntheticProfile()
        fast.blockSeconds /= 4
        let device = try Calibration.planted(fast)
        var decider = Decider(link: try Link(parsing: "up=1kbit,down=1kbit,rtt=0ms"), weight: 1)
        let policy = AdaptiveCut(decider: decider, device: device, server: server, setsFrequency: false)
        let first = try decider.choose(device: device, server: server).cut
        #expect(try await policy.choice(committed: 0, after: nil) == TurnChoice(cut: first))
        var chosen: Set<Int> = [first]
        for (number, rate) in [(1, 1e12), (2, 1e3), (3, 1e6)] {
            decider.link = try Link(
                uplinkBitsPerSecond: rate, downlinkBitsPerSecond: rate, roundTripSeconds: 0)
            let expected = try decider.choose(device: device, server: server).cut
            let choice = try #require(
                try await policy.choice(committed: number, after: Self.turn(number, bitsPerSecond: rate)))
            #expect(choice == TurnChoice(cut: expected), "\(rate) bit/s")
            chosen.insert(choice.cut)
            // Asked again for a turn that was lost, it answers the same.
            #expect(try await policy.choice(committed: number, after: Self.turn(number, bitsPerSecond: rate)) == choice)
        }
        #expect(chosen.count > 1, "no link changed the cut")
    }

    @Test func thePrivacyFloorHoldsForEveryTurn() async throws {
        let calibration = try Calibration.planted(SyntheticProfile())
        var decider = Decider(link: try Link(parsing: "up=1kbit,down=1kbit,rtt=0ms"), weight: 1)
        let free = AdaptiveCut(decider: decider, device: calibration, server: calibration, setsFrequency: false)
        #expect(try await free.choice(committed: 0, after: nil)?.cut == 0)
        decider.limits.minimumCut = 2
        let bound = AdaptiveCut(decider: decider, device: calibration, server: calibration, setsFrequency: false)
        for (number, rate) in [(1, 1e12), (2, 1e3), (3, 1e6)] {
            let choice = try #require(
                try await bound.choice(committed: number, after: Self.turn(number, bitsPerSecond: rate)))
            #expect(choice.cut >= 2, "\(rate) bit/s")
        }
    }

    @Test func whatIsSentDependsOnTheWire() {
        let f32 = CutExchange(wire: .f32, hiddenSize: 576)
        #expect(f32 == CutExchange(adapterTensors: 3, answersEveryStep: true))
        let int8 = CutExchange(wire: .int8, hiddenSize: 576)
        #expect(int8.gradientRatio == 0.5 && int8.activationRatio > 0.25 && int8.activationRatio < 0.26)
    }
}
