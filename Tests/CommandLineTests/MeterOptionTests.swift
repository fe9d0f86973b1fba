import Calibration
import Foundation
import Instrumentation
import ProbeKit
import ProfileFormat
import Quantities
import Reporting
import SystemIO
import TestSupport
import Testing

@testable import kerf

@Suite("Choosing a meter")
struct MeterOptionTests {
    @Test func powerModelIsLabelledModelledEverywhere() throws {
        let workspace = try Workspace()
        let outcome = try KerfProcess.run(
            "profile", "--model", try workspace.tinyModel(), "--budget", "1", "--quiet", "--power-model",
            "idle=3,busy=19", "--out", workspace.path("p.json"))
        #expect(outcome.status == 0, "\(outcome.standardError)")
        #expect(
            outcome.standardOutput.contains("warning: Energies are modelled (declared: 3.0 W idle, 19.0 W"))
        let bytes = [UInt8](try workspace.bytes("p.json"))
        #expect(try SchemaChecker.faults(in: bytes, schema: "profile").isEmpty)
        let profile = try KerfJSON.decode(Profile.self, from: bytes, named: "p.json")
        #expect(profile.meter.origin == .modelled && profile.meter.totalOf == ["box"])
        #expect(profile.energyWindows.count > 0)
        let calibration = try Calibrator.calibrate([.init(name: "p.json", bytes: bytes)])
        for layer in calibration.layers {
            for energy in [layer.forward.grossEnergyJoules, layer.backward.grossEnergyJoules] where energy.value != nil
            {
                // A pass that does not run costs nothing by its layer's nature; that is exact.
                #expect(energy.origin == .modelled || energy.value == 0)
            }
        }
        // Between rest and all processors, whatever ran.
        for window in profile.energyWindows + profile.idleWindows {
            let watts = (window.joules["box"] ?? 0) / window.seconds
            #expect(watts > 2.9 && watts < 30)
        }
    }

    @Test func aSampledMeterSaysHowItSampled() throws {
        let workspace = try Workspace()
        let outcome = try KerfProcess.run(
            "profile", "--model", try workspace.tinyModel(blocks: 1), "--seq", "16", "--budget", "0.5", "--quiet",
            "--meter", "hwmon", "--board", workspace.path("board"), "--out", workspace.path("p.json"))
        #expect(outcome.status == 0, "\(outcome.standardError)")
        let bytes = [UInt8](try workspace.bytes("p.json"))
        #expect(try SchemaChecker.faults(in: bytes, schema: "profile").isEmpty)
        let description = try KerfJSON.decode(Profile.self, from: bytes, named: "p.json").meter
        #expect(description.name == "hwmon" && description.origin == .simulated)
        let sampling = try #require(description.sampling)
        #expect(sampling.samples > 10 && sampling.intervalSeconds > 0 && sampling.processorShare < 1)
        // How long they are depends on when a busy machine lets the board run; PowerSamplerTests checks that in
        // simulated time.
        #expect(try #require(sampling.refreshSeconds) > 0)
        #expect(try #require(description.updateIntervalSeconds.value) > 0)
        #expect(try #require(description.resolutionJoules?.value) > 0)
    }

    @Test(arguments: [
        ["--power-model", "idle=5,busy=3"], ["--power-model", "idle=5"], ["--power-model", "idle=-1,busy=3"],
        ["--power-model", "idle=1,busy=nan"], ["--power-model", "idle=1,busy=2,busy=3"], ["--power-model", ""],
        ["--power-model", "idle=1,busy=2", "--meter", "powercap"], ["--meter", "wattmeter"], ["--rails", "A,,B"],
        ["--rails", "A", "--meter", "battery"],
    ]) func badChoicesAreUsageErrors(_ options: [String]) throws {
        let workspace = try Workspace()
        let outcome = try KerfProcess(
            ["profile", "--model", try workspace.tinyModel(), "--out", workspace.path("p.json")] + options
        ).finish()
        #expect(outcome.status == 64, "\(outcome.standardError)")
        #expect(outcome.failureLine != nil, "\(outcome.standardError)")
        #expect(!workspace.exists("p.json"))
    }

    @Test func doctorShowsEveryBackendWithItsRemedy() throws {
        let report = DoctorReport(root: try FixtureTree().root)
        #expect(report.energy.backends.map(\.name) == ["perf", "powercap", "hwmon", "battery"])
        #expect(report.energy.backends.allSatisfy { $0.status == .absent && $0.remedy != nil && !$0.used })
    }

    /// Without RAPL the board's power sensor is selected.
    @Test func theFirstAvailableBackendIsSelected() throws {
        let box = try FixtureTree()
        try box.write(
            under: "sys/class/hwmon/hwmon0",
            [
                "name": "ina3221", "in1_label": "VDD_IN", "in1_input": "5000", "curr1_input": "900",
                "update_interval": "5",
            ])
        #expect(DoctorReport(root: box.root).energy.meter == "hwmon")
        try box.write(
            under: "sys/class/powercap/intel-rapl:0", ["name": "package-0", "energy_uj": "5"])
        let energy = DoctorReport(root: box.root).energy
        #expect(energy.meter == "powercap" && energy.backends.filter(\.used).map(\.name) == ["powercap"])
        #expect(energy.backends.first { $0.name == "hwmon" }?.status == .present)
    }
}
