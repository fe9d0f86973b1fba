import CARD
import Calibration
import ProfileFormat
import Quantities
import Reporting
import Statistics
import SystemIO
import TestSupport
import Testing
import Workload

@Suite("Reports")
struct ReportTests {
    private func calibration(_ planted: SyntheticProfile) throws -> Calibration {
        try Calibrator.calibrate([.init(name: "p.json", bytes: try KerfJSON.encode(planted.make()))])
    }

    private func decision(_ calibration: Calibration, weight: Double = 0.2) throws -> Decision {
        let side = Decider.Side(calibration: calibration, sha256: String(repeating: "0", count: 64))
        let link = try Link(parsing: "up=20mbit,down=80mbit,rtt=20ms")
        return try Decider(link: link, weight: weight).decide(device: side, server: side)
    }

    @Test("simulated figures are announced in the first line, measured ones are not")
    func simulated() throws {
        var planted = SyntheticProfile()
        let simulated = try calibration(planted)
        #expect(simulated.report.hasPrefix("SIMULATED"))
        #expect(try decision(simulated).report.hasPrefix("SIMULATED"))
        planted.origin = .measured
        let measured = try calibration(planted)
        #expect(!measured.report.contains("SIMULATED"))
        #expect(!(try decision(measured).report.contains("SIMULATED")))
        // A board may have served the clock alone.
        planted.origin = .unavailable
        var clock = try calibration(planted)
        clock.frequency.runningHertz.origin = .simulated
        #expect(clock.report.hasPrefix("SIMULATED"))
        #expect(try decision(clock, weight: 1).report.hasPrefix("SIMULATED"))
    }

    @Test("a profile whose parts do not make up the whole says so in its first line")
    func closureFails() throws {
        var profile = SyntheticProfile().make()
        func first(_ profile: Profile) throws -> Substring {
            try #require(profile.report(try calibration(SyntheticProfile())).split(separator: "\n").first)
        }
        profile.checks = Calibrator.checks(of: profile)
        profile.checks?.failures = []
        #expect(!(try first(profile)).contains("CLOSURE"))
        // Every whole step a tenth longer than its parts.
        for index in profile.steps.indices { profile.steps[index].seconds *= 1.1 }
        let checks = Calibrator.checks(of: profile)
        #expect(checks.failures.count == 3, "\(checks.failures)")
        profile.checks = checks
        #expect(try first(profile).contains("CLOSURE FAILS: the layers' time differs"))
    }

    @Test("a profile with failed checks is what its schema says", .requires(.jsonschema))
    func failedChecksAreValid() throws {
        var profile = SyntheticProfile().make()
        for index in profile.steps.indices { profile.steps[index].seconds *= 1.1 }
        profile.checks = Calibrator.checks(of: profile)
        #expect(profile.checks?.failures.isEmpty == false)
        #expect(try SchemaChecker.faults(in: KerfJSON.encode(profile), schema: "profile") == [])
    }

    @Test("a calibration shows every layer, the step, closure and warnings")
    func calibrationReport() throws {
        let calibration = try calibration(SyntheticProfile())
        let report = calibration.report
        for expected in [
            "embedding", "block 1", "block 4", "head", "whole step", "closure      time ", "net energy", "warning:",
            "±",
        ] {
            #expect(report.contains(expected), "\(expected)")
        }
    }

    @Test("shares are of the step's own time, and a kernel's time that is missing is not zero")
    func kernels() throws {
        var profile = SyntheticProfile().make()
        profile.checks = Calibrator.checks(of: profile)
        var calibration = try calibration(SyntheticProfile())
        func row(_ kernel: String) throws -> [Substring] {
            let report = profile.report(calibration)
            let line = try #require(report.split(separator: "\n").first { $0.contains(kernel) })
            return line.split(separator: " ")
        }
        for index in calibration.layers.indices {
            calibration.layers[index].forward.kernelSeconds["qkv_proj"]?.value = 0.002
            calibration.layers[index].backward.kernelSeconds["qkv_proj"]?.value = 0.003
        }
        calibration.step.timeSeconds.value = 0.1
        // 5 layers of 2 and 3 ms in a step of 100 ms.
        #expect(try row("qkv_proj") == ["qkv_proj", "10.0", "ms", "15.0", "ms", "25.0", "%"])
        calibration.layers[2].forward.kernelSeconds["qkv_proj"] = .unavailable("not taken")
        #expect(try row("qkv_proj") == ["qkv_proj", "n/a", "15.0", "ms", "n/a"])
        #expect(profile.report(calibration).contains("of the fastest plain step"))
    }

    @Test("without a meter the reason stands there and no number")
    func unavailable() throws {
        var planted = SyntheticProfile()
        planted.origin = .unavailable
        let report = try calibration(planted).report
        #expect(report.contains("energy       unavailable: powercap is absent; load intel_rapl_common"))
        #expect(!report.contains("0 J"))
    }

    @Test("a decision shows every cut, marks the choice once, and compares with both baselines")
    func decisionReport() throws {
        let decision = try decision(calibration(SyntheticProfile()))
        let lines = decision.report.split(separator: "\n")
        let rows = lines.filter { $0.drop { $0 == " " }.first?.isNumber == true }
        #expect(rows.count == 5)
        #expect(rows.filter { $0.contains("<- chosen") }.count == 1)
        #expect(lines.contains { $0.hasPrefix("choice: cut \(decision.choice.cut) of 4") })
        #expect(lines.contains { $0.hasPrefix("server-only: delay ") && $0.contains("the choice saves") })
        #expect(lines.contains { $0.hasPrefix("device-only: delay ") })
        #expect(lines.contains { $0.contains("adapters") && $0.contains("latency") && $0.contains("cost") })
    }

    @Test("text from a file cannot move the terminal's cursor")
    func hostileText() throws {
        var calibration = try calibration(SyntheticProfile())
        calibration.model.name = "evil\u{1b}[2J\nname"
        calibration.box.cpuModel = "cpu\u{9b}x"
        let report = calibration.report
        #expect(!report.unicodeScalars.contains { $0.value == 0x1b || $0.value == 0x9b })
        #expect(report.contains("evil?[2J?name"))
    }
}
