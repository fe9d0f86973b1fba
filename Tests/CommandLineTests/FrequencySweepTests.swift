import Calibration
import Foundation
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import SystemPackage
import TestSupport
import Testing
import VirtualBoard

/// A frequency sweep of a virtual board, through the built executable.
@Suite(.serialized) struct FrequencySweepTests {
    /// A board whose tree is given cores of two kinds, of which each processor of this machine plays one.
    @Test(.enabled(if: ProcessInfo.processInfo.activeProcessorCount > 1, "needs two processors to bind threads to"))
    func kindsOfCoreAreSweptApart() throws {
        let board = try ServedBoard()
        let (workspace, root) = (board.workspace, board.root)
        try workspace.write("board/\(ServedBoard.policy)/affected_cpus", "0\n")
        let slow = "sys/devices/system/cpu/cpufreq/policy1"
        try board.plant([
            "\(slow)/affected_cpus": "1", "\(slow)/scaling_min_freq": "600000", "\(slow)/scaling_max_freq": "1800000",
            "\(slow)/scaling_available_frequencies": "1800000 1200000 600000", "\(slow)/scaling_cur_freq": "1200000",
            "\(slow)/scaling_governor": "performance", "sys/devices/cpu_core/cpus": "0",
            "sys/devices/cpu_atom/cpus": "1",
            "sys/devices/system/cpu/cpu0/topology/core_cpus_list": "0",
            "sys/devices/system/cpu/cpu1/topology/core_cpus_list": "1",
        ])
        let outcome = try KerfProcess.run(
            "profile", "--model", try workspace.tinyModel(blocks: 1), "--seq", "16", "--budget", "0.3",
            "--sweep-budget",
            "1", "--frequencies", "2", "--quiet", "--board", workspace.path("board"), "--out", workspace.path("p.json"))
        try #require(outcome.status == 0, "\(outcome.standardError)")
        let bytes = try [UInt8](workspace.bytes("p.json"))
        let sweep = try #require(KerfJSON.decode(Profile.self, from: bytes, named: "p.json").frequencySweep)
        #expect(
            sweep.groups == [
                SweptGroup(name: "P-core", cpus: [0], threads: 1), SweptGroup(name: "E-core", cpus: [1], threads: 1),
            ])
        let sets = Dictionary(grouping: sweep.visits) { $0.group ?? "box" }.mapValues { Set($0.map(\.policyHertz)) }
        #expect(sets["P-core"]?.count == 2 && sets["P-core"]?.allSatisfy { Set($0.keys) == ["policy0"] } == true)
        #expect(sets["E-core"] == Set([0.6e9, 1.8e9].map { ["policy1": $0] }))
        #expect(sets["box"]?.allSatisfy { Set($0.keys) == ["policy0", "policy1"] } == true)
        // The frequency of these cores is recorded, although that of the others is higher.
        #expect(
            sweep.visits.filter { $0.group == "E-core" }.flatMap(\.achievedHertz).allSatisfy { $0 == 1.2e9 })
        #expect(board.limits == ServedBoard.untouched)
        #expect(try SysfsFile.text(at: root.file("\(slow)/scaling_max_freq")) == "1800000")
        if SchemaChecker.isPossible { #expect(try SchemaChecker.faults(in: bytes, schema: "profile") == []) }
        #expect(!outcome.standardOutput.contains("frequency not swept"))

        // A kind with a single frequency is not swept alone, and that is reported.
        for file in ["scaling_min_freq", "scaling_max_freq", "scaling_available_frequencies"] {
            try workspace.write("board/\(slow)/\(file)", "1200000\n")
        }
        let limited = try KerfProcess.run(
            "profile", "--model", try workspace.tinyModel(blocks: 1), "--seq", "16", "--budget", "0.3",
            "--sweep-budget", "0.5", "--frequencies", "2", "--quiet", "--board", workspace.path("board"), "--out",
            workspace.path("p.json"))
        try #require(limited.status == 0, "\(limited.standardError)")
        #expect(
            limited.standardOutput.contains(
                "frequency not swept: E-cores alone: they have no two frequencies of their own"))
        #expect(!limited.standardOutput.contains("P-cores alone"))
    }

    /// Power follows the board's law, and times follow the frequency: the board slows the run down.
    @Test func theBoardsPowerLawIsFound() throws {
        let workspace = try Workspace()
        let outcome = try KerfProcess.run(
            "profile", "--model", try workspace.tinyModel(), "--seq", "64", "--threads", "1", "--budget", "0.5",
            "--sweep-budget", "6", "--frequencies", "5", "--quiet", "--board", workspace.path("board"), "--out",
            workspace.path("profile.json"))
        try #require(outcome.status == 0, "\(outcome.standardError)")
        let bytes = try [UInt8](workspace.bytes("profile.json"))
        let profile = try KerfJSON.decode(Profile.self, from: bytes, named: "profile.json")
        let visits = try #require(profile.frequencySweep?.visits)
        #expect(visits.count == 15)
        for visit in visits {
            #expect(visit.policyHertz == ["policy0": visit.hertz])
            #expect(!visit.achievedHertz.isEmpty)
            // The first sample may precede the board's next update.
            #expect(visit.achievedHertz.dropFirst().allSatisfy { $0 == visit.hertz })
        }
        for (hertz, visits) in Dictionary(grouping: visits, by: \.hertz) {
            let windows = visits.flatMap(\.energyWindows)
            let measured = windows.reduce(0) { sum, window in
                sum + profile.meter.totalOf.reduce(0) { $0 + (window.joules[$1] ?? 0) }
            }
            let planted = windows.reduce(0) {
                $0
                    + BoardPower().totalJoules(
                        seconds: $1.seconds, cpuSeconds: $1.cpuSeconds * 2.6e9 / hertz, frequencyHertz: hertz)
            }
            #expect(abs(measured - planted) < 0.10 * planted, "\(measured) J at \(hertz) Hz, planted \(planted) J")
        }
        // Each round visits all frequencies, and not always in the order of the table.
        let rounds = stride(from: 0, to: 15, by: 5).map { visits[$0..<($0 + 5)].map(\.hertz) }
        #expect(rounds.allSatisfy { Set($0).count == 5 })
        #expect(rounds.contains { $0 != $0.sorted() })

        let calibration = try Calibrator.calibrate([.init(name: "profile.json", bytes: bytes)])
        let laws = try #require(calibration.frequencyLaws)
        #expect(laws.stepsHertz == [0.8e9, 1.2e9, 1.6e9, 2.2e9, 2.6e9])
        #expect(laws.passes.count == 9)
        #expect(laws.stepTime.cycles.origin == .simulated)
        // How much of the wall time the process got depends on what else the machine does; where that hid the law, the
        // calibration says so. Per busy second of a processor the power is the planted one, whatever the load.
        if let exponent = laws.grossPower?.exponent {
            #expect(exponent.origin == .simulated && exponent.lower != nil)
        } else {
            #expect(calibration.warnings.contains { $0.contains("No law of gross power") })
        }
        let busy = visits.map { visit in
            let windows = visit.energyWindows
            let joules = windows.reduce(0) { sum, window in
                sum + profile.meter.totalOf.reduce(0) { $0 + (window.joules[$1] ?? 0) }
            }
            let idle = BoardPower().totalJoules(seconds: 1, cpuSeconds: 0, frequencyHertz: visit.hertz)
            // A slowed process is busy for longer than it gets a processor.
            let busySeconds = windows.reduce(0) { $0 + $1.cpuSeconds * 2.6e9 / visit.hertz }
            return (joules - idle * windows.reduce(0) { $0 + $1.seconds }) / busySeconds
        }
        let fit = try #require(
            PowerLawFit(x: visits.map { $0.hertz / 2.6e9 }, y: busy, weights: busy.map { 1 / ($0 * $0) }))
        #expect(fit.exponent.lower < 3.3 && fit.exponent.upper > 2.7, "alpha \(fit.exponent), planted 3")
        #expect(abs(fit(1) - 8.4) < 1, "joules a processor second at the highest frequency: \(fit(1)), planted 8.4")
        #expect(calibration.warnings.contains { $0.contains("The swept frequency is a virtual board's.") })
        if SchemaChecker.isPossible {
            #expect(try SchemaChecker.faults(in: bytes, schema: "profile") == [])
            #expect(try SchemaChecker.faults(in: KerfJSON.encode(calibration), schema: "calibration") == [])
        }
    }

    @Test func withoutFrequencyControlTheFileSaysWhy() throws {
        let workspace = try Workspace()
        let canBeSet = FileManager.default.isWritableFile(
            atPath: "/sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq")
        try #require(!canBeSet || getuid() != 0, "this test would sweep the frequency of this box")
        let outcome = try KerfProcess.run(
            "profile", "--model", try workspace.tinyModel(), "--budget", "0.5", "--quiet", "--frequencies", "all",
            "--out", workspace.path("profile.json"))
        #expect(outcome.status == 0, "\(outcome.standardError)")
        #expect(outcome.standardOutput.contains("frequency not swept: "))
        let profile = try workspace.json("profile.json")
        let frequency = try #require(profile["frequency"] as? [String: Any])
        #expect(frequency["settable"] as? Bool == false)
        #expect((frequency["reason"] as? String)?.isEmpty == false)
        #expect(profile["frequency_sweep"] == nil)
        let calibrated = try KerfProcess.run(
            "calibrate", workspace.path("profile.json"), "--out", workspace.path("calibration.json"))
        #expect(calibrated.status == 0)
        #expect(try workspace.json("calibration.json")["frequency_laws"] == nil)
    }

    @Test(arguments: [
        ["--frequencies", "1"], ["--frequencies", "fast"], ["--frequencies", "800mhz,"],
        ["--frequencies", "-2ghz,1ghz"], ["--sweep-budget", "3"], ["--frequencies", "all", "--sweep-budget", "0"],
    ]) func badChoicesAreUsageErrors(_ option: [String]) throws {
        let workspace = try Workspace()
        let outcome = try KerfProcess(
            ["profile", "--model", try workspace.tinyModel(), "--out", workspace.path("p.json")] + option
        ).finish()
        #expect(outcome.status == 64)
        #expect(outcome.failureLine != nil, "\(outcome.standardError)")
    }

    @Test func aStepThatTheDriverLacksIsReportedBeforeTheRun() throws {
        let workspace = try Workspace()
        let outcome = try KerfProcess.run(
            "profile", "--model", try workspace.tinyModel(), "--budget", "600", "--quiet", "--frequencies",
            "800mhz,1.5ghz", "--board", workspace.path("board"), "--out", workspace.path("p.json"))
        #expect(outcome.status == 64)
        #expect(outcome.failureLine?.contains("1.5 GHz") == true, "\(outcome.standardError)")
        #expect(
            ServedBoard.limits(in: SystemRoot(FilePath(workspace.path("board")))) == ServedBoard.untouched)
    }
}
