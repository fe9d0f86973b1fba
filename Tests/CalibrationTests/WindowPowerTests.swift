import Estimation
import ProfileFormat
import Statistics
import Testing
import Workload

/// Power from windows whose ends were waited for.
struct WindowPowerTests {
    /// Work at `watts` for 50 ms, a wait at 8 W, and the polling after it, with a little noise.
    private func window(
        _ subject: EnergyWindow.Subject, watts: Double, at start: Double, _ generator: inout SeededGenerator
    ) -> EnergyWindow {
        let wait = 0.001 * generator.uniform()
        let polling = 0.001 + 0.0001 * generator.uniform()
        return EnergyWindow(
            subject: subject, layer: subject == .layer ? 1 : nil, direction: subject == .layer ? .forward : nil,
            iterations: 1, seconds: 0.05 + wait, workSeconds: 0.05, edgeSeconds: 2e-5, pollingSeconds: polling,
            pollingJoules: ["p": 8 * polling], cpuSeconds: 0.05,
            joules: ["p": watts * 0.05 + 8 * wait + 1e-5 * generator.normal(), "other": 99], startSeconds: start)
    }

    private func powers(_ idle: [EnergyWindow]) -> WindowPower {
        WindowPower(idleWindows: idle, totalOf: ["p"], confidence: 0.95)
    }

    @Test func waitingIsNoWork() throws {
        var generator = SeededGenerator(seed: 1)
        let idle = (0..<8).map { window(.idle, watts: 5, at: Double($0), &generator) }
        let layer = (0..<8).map { window(.layer, watts: 15, at: Double($0), &generator) }
        let gross = try #require(powers(idle).gross(layer))
        let net = try #require(powers(idle).net(layer))
        // Counted in, the waits would pull 15 W down by half a percent on average, as they would idle power up.
        #expect(abs(gross.value - 15) < 0.001 && gross.halfWidth < 0.001)
        #expect(abs(net.value - 10) < 0.001 && net.halfWidth < 0.001)
        #expect(try #require(powers(idle).idle).level.value < 5.001)
    }

    @Test func driftIsTakenOffEachWindowAtItsMoment() throws {
        var generator = SeededGenerator(seed: 2)
        let idle = (0..<11).map { window(.idle, watts: 5 + 0.05 * Double($0), at: Double($0), &generator) }
        // All taken late, when the box draws 0.2 W more than in the middle.
        let layer = (0..<8).map { _ in window(.layer, watts: 15.2, at: 9, &generator) }
        let powers = powers(idle)
        #expect(abs(try #require(powers.gross(layer)).value - 15) < 0.005)
        #expect(abs(try #require(powers.net(layer)).value - 9.75) < 0.005)
        #expect(abs(try #require(powers.idle).drift.value - 0.5 / 5.25) < 0.001)
    }

    @Test func windowsThatAgreeAreNoSurerThanTheCounter() throws {
        let same = (0..<4).map {
            EnergyWindow(
                subject: .layer, layer: 1, direction: .forward, iterations: 1, seconds: 0.1, cpuSeconds: 0.1,
                joules: ["p": 1], startSeconds: Double($0))
        }
        let fine = WindowPower(idleWindows: [], totalOf: ["p"], resolutionJoules: 1e-6, confidence: 0.95)
        let coarse = WindowPower(idleWindows: [], totalOf: ["p"], resolutionJoules: 1, confidence: 0.95)
        #expect(try #require(fine.gross(same)).relativeHalfWidth < 1e-5)
        #expect(try #require(coarse.gross(same)).relativeHalfWidth > 0.3)
        #expect(fine.net(same) == nil)
    }
}
