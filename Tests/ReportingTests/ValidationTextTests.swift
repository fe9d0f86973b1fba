import CARD
import Calibration
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import TestSupport
import Testing
import Validation

@testable import Reporting

@Suite("Report of a validation")
struct ValidationTextTests {
    /// Rounds of a decision that comes true, but for the device's time and a little noise.
    func report(
        blocks: Int = 8, deviceFactor: Double = 1, shape: String? = nil, repetitions: Int = 4
    ) throws -> ValidationReport {
        var planted = SyntheticProfile()
        (planted.blocks, planted.noise, planted.origin) = (blocks, 0.002, .measured)
        let calibration = try Calibration.planted(planted)
        let side = Decider.Side(calibration: calibration, sha256: String(repeating: "0", count: 64))
        let decider = Decider(link: try Link(parsing: "up=50mbit,down=50mbit,rtt=0us"), weight: 0.5)
        var generator = SeededGenerator(seed: 1)
        let cuts = try decider.decide(device: side, server: side).cuts
        var rounds: [MeasuredRound] = []
        for repetition in 0..<repetitions {
            for cut in cuts {
                let (parts, noise) = (cut.delayParts, 1 + 0.002 * generator.normal())
                let device = parts.deviceSeconds * deviceFactor * noise
                rounds.append(
                    MeasuredRound(
                        cut: cut.cut, order: rounds.count, repetition: repetition, steps: decider.steps,
                        delaySeconds: (parts.total - parts.deviceSeconds) * noise + device, deviceSeconds: device,
                        uplinkSeconds: parts.uplinkSeconds * noise, serverSeconds: parts.serverSeconds * noise,
                        downlinkSeconds: parts.downlinkSeconds * noise, adapterSeconds: parts.adapterSeconds * noise,
                        serverJoules: (cut.serverEnergyJoules.value ?? 0) * noise, serverIdleWatts: 0))
            }
        }
        let metered = RoundConditions.MeteredSide(energyOrigin: .measured)
        let conditions = RoundConditions(linkShape: shape, device: metered, server: metered)
        return try Validator(decider: decider, conditions: conditions).validate(
            device: side, server: side, rounds: rounds, created: "2026-01-01T00:00:00Z")
    }

    @Test("a prediction that holds: errors and both regrets in the first line")
    func holds() throws {
        let report = try report()
        let first = try #require(report.report.split(separator: "\n").first)
        #expect(first == report.headline)
        #expect(first.hasPrefix("the prediction holds: delay is off by 0.") && first.contains("regret of level E "))
        #expect(first.contains("of level A"))
        #expect(report.report.contains("<- chosen") && report.report.contains("measured best: cut "))
    }

    @Test("a prediction that does not hold says so and why; a shaped link comes before it")
    func fails() throws {
        let report = try report(deviceFactor: 2, shape: "up=50mbit,down=50mbit,rtt=0us")
        #expect(report.headline.hasPrefix("SIMULATED (shaped link): THE PREDICTION DOES NOT HOLD: "))
        #expect(report.report.contains("The median error of delay is "))
        #expect(report.report.contains("outside the intervals"))
        #expect(report.report.contains("warning: The link was shaped"))
    }

    @Test("a report fits a screen however many cuts were run, without control characters or trailing blanks")
    func screen() throws {
        let text = try report(blocks: 40, repetitions: 2).report
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count < 50, "\(lines.count)")
        #expect(text.contains("29 more points"))
        #expect(lines.allSatisfy { !$0.hasSuffix(" ") })
        #expect(text.unicodeScalars.allSatisfy { $0.value >= 32 || $0 == "\n" })
    }

    @Test("a single repetition gives regrets that are not corrected, and says so")
    func single() throws { #expect(try report(repetitions: 1).report.contains("(not corrected)")) }
}
