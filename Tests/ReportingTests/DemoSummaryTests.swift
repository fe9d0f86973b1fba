import CARD
import Calibration
import Foundation
import ProfileFormat
import Quantities
import Reporting
import Statistics
import SystemIO
import TestSupport
import Testing

@Suite("The demo's summary")
struct DemoSummaryTests {
    private func side(_ profile: Profile, unmonitored: [String] = []) throws -> DemoSummary.Side {
        var profile = profile
        profile.checks = Calibrator.checks(of: profile)
        let calibration = try Calibrator.calibrate([.init(name: "p.json", bytes: try KerfJSON.encode(profile))])
        return DemoSummary.Side(profile: profile, calibration: calibration, unmonitored: unmonitored)
    }

    private func summary(
        _ device: DemoSummary.Side, _ server: DemoSummary.Side, meter: String = "measured by powercap",
        folder: String = "demo-output", weight: Double = 0.2
    ) throws -> (summary: DemoSummary, decision: Decision) {
        func input(_ side: DemoSummary.Side) -> Decider.Side {
            Decider.Side(calibration: side.calibration, sha256: String(repeating: "0", count: 64))
        }
        let decision = try Decider(link: try Link(parsing: "up=20mbit,down=80mbit,rtt=20ms"), weight: weight)
            .decide(device: input(device), server: input(server))
        return try (
            DemoSummary(
                device: device, server: server, decision: decision,
                validation: ValidationTextTests().report(shape: "up=20mbit,down=80mbit,rtt=20ms"), meter: meter,
                folder: folder), decision
        )
    }

    private func expectOneScreen(_ summary: DemoSummary) {
        let lines = summary.lines
        #expect(lines.count <= DemoSummary.maximumLines, "\(summary.text)")
        #expect(lines.allSatisfy { $0.count <= DemoSummary.maximumColumns }, "\(summary.text)")
    }

    @Test("shows the decision first, then what was measured, then the files")
    func story() throws {
        var server = SyntheticProfile()
        (server.blockSeconds, server.headSeconds, server.cpuModel) = (0.001, 0.0025, "Server CPU")
        let (summary, decision) = try summary(
            side(SyntheticProfile().make(), unmonitored: ["throttling"]), side(server.make()))
        expectOneScreen(summary)
        let text = summary.text
        let opening = try #require(decision.report.split(separator: "\n").first)
        #expect(text.hasPrefix(opening.prefix(60)))
        let parts = [
            "choice: cut \(decision.choice.cut) ", "confidence: ", "trained: SIMULATED", "Server CPU", "step time",
            "closure, time",
            "windows rejected", "not monitored: throttling", "files in demo-output", "decision",
        ]
        var rest = text[...]
        for part in parts {
            let range = try #require(rest.range(of: part), "no \(part) in\n\(text)")
            rest = rest[range.upperBound...]
        }
        #expect(text.contains("[simulated]"))
    }

    @Test("a closure that fails is marked, one that holds is ok")
    func closure() throws {
        func row(_ profile: Profile) throws -> String {
            let side = try side(profile)
            let lines = try summary(side, side).summary.lines
            return try #require(lines.first { $0.hasPrefix("closure, time") })
        }
        var profile = SyntheticProfile()
        profile.glue = 0
        #expect(try row(profile.make()).contains(" ok"))
        // Every whole step a tenth longer than the sum of its parts.
        var longer = profile.make()
        for index in longer.steps.indices { longer.steps[index].seconds *= 1.1 }
        #expect(try row(longer).contains("FAILS"))
    }

    @Test("long names do not break the screen, nor do control characters")
    func longNames() throws {
        var profile = SyntheticProfile()
        profile.cpuModel = "\u{1B}[2J" + String(repeating: "a very long processor name ", count: 20)
        var made = profile.make()
        made.rejections = [Rejection(reason: String(repeating: "load ", count: 50), count: 7)]
        let disturbances = (1...40).map { "disturbance number \($0)" }
        let side = try side(made, unmonitored: disturbances)
        let (summary, _) = try summary(
            side, side, meter: String(repeating: "unavailable ", count: 60), folder: String(repeating: "x", count: 300))
        expectOneScreen(summary)
        #expect(!summary.text.contains("\u{1B}"))
        #expect(summary.text.contains(" …") || summary.text.contains("…"))
    }

    @Test("without a meter energy is shown as unavailable")
    func withoutEnergy() throws {
        var profile = SyntheticProfile()
        profile.origin = .unavailable
        let side = try side(profile.make())
        let (summary, _) = try summary(side, side, meter: "unavailable: no powercap", weight: 1)
        expectOneScreen(summary)
        #expect(summary.text.contains("n/a [unavailable]"))
        #expect(summary.text.contains("this box's meter: unavailable: no powercap"))
    }
}
