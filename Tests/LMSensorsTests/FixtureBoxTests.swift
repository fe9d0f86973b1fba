import ProbeKit
import ProfileFormat
import SystemIO
import SystemPackage
import TestSupport
import Testing

@testable import LMSensors

/// The made-up boxes that every clone has, as they lie and with their links flattened.
@Suite("hwmon of the fixture boxes")
struct FixtureBoxTests {
    private func survey(_ box: String, _ check: (SensorSurvey, [SensorChip]) throws -> Void) throws {
        try FixtureBoxes.eachWay(box) { root in
            let survey = LMSensorsProbe(root: root).survey()
            try check(survey, survey.chips)
        }
    }

    /// A chip for each kind of bus on which these boxes have some.
    @Test(arguments: [
        ("xeon-two-socket-dram", ["coretemp-isa-0000", "coretemp-isa-0001", "power_meter-acpi-0", "nvme-pci-1900"]),
        ("epyc-multi-die", ["amd_energy-isa-0000", "k10temp-pci-00c3", "k10temp-pci-00cb"]),
        (
            "hybrid-laptop-battery",
            [
                "acpitz-acpi-0", "BAT0-acpi-0", "nvme-pci-0100", "coretemp-isa-0000", "thinkpad-isa-0000",
                "iwlwifi_1-virtual-0",
            ]
        ),
        ("arm64-big-little", ["package_thermal-virtual-0", "pwmfan-isa-0000"]),
        ("jetson-ina3221", ["cpu_thermal-virtual-0", "ina3221-i2c-1-40", "pwmfan-isa-0000", "pwm_tach-isa-0000"]),
        ("raspberry-pi", ["cpu_thermal-virtual-0", "rp1_adc-isa-0000", "rpi_volt-isa-0000", "pwmfan-isa-0000"]),
        ("kvm-guest", []), ("thinkpad-partial-capture", []),
    ])
    func chips(name: String, chips: [String]) throws {
        try survey(name) { survey, found in
            #expect(found.map(\.name) == chips)
            #expect(survey.failures.isEmpty)
        }
    }

    /// Nameless and bogus chips do not keep the others from being read.
    @Test func oddChipsDoNotHideTheGoodOnes() throws {
        try survey("desktop-odd-sensors") { survey, chips in
            #expect(
                chips.map(\.name) == [
                    "coretemp-isa-0000", "coretemp-isa-0001", "it8728-isa-0a30", "bogus-isa-0000", "asus-isa-0000",
                    "asus_custom_fan_curve-isa-0000", "mt7915_phy0-isa-0000", "mt7915_phy1-isa-0000",
                    "mt7915_phy2-isa-0000",
                ])
            #expect(
                survey.failures.map { $0.location?.split(separator: "/").last.map(String.init) } == [
                    "hwmon2", "hwmon4",
                ])
            #expect(chips[0].features.map(\.label) == ["Physical id 0", "Core 0", "Core 1", "Core 2"])
            #expect(chips[0].features.map(\.value) == [49, 47, 48, 46])
            #expect(chips[0].features.allSatisfy { $0.maximum == 82 && $0.critical == 95 })
            #expect(chips[2].features.map(\.name) == ["in0", "in1", "fan2"])
            #expect(chips[2].features.map(\.value) == [1.056, 2.016, 1254])
            #expect(chips[3].features.isEmpty && chips[4].features.isEmpty)
            #expect(chips.suffix(3).flatMap { $0.features.map(\.value) } == [50, 51, 52])
        }
    }

    @Test func valuesOfALaptop() throws {
        try survey("hybrid-laptop-battery") { _, chips in
            #expect(chips[1].features.map(\.value) == [15.48, 1.25])
            #expect(chips[1].features.map(\.unit) == [.volts, .amperes])
            #expect(chips[2].features.map(\.maximum) == [83.85] && chips[2].features.map(\.critical) == [87.85])
            #expect(
                chips[3].features.map(\.name) == ["temp1", "temp2", "temp6", "temp10", "temp11", "temp12", "temp13"])
            // A fan at 0 rpm is a reading.
            #expect(chips[4].features.map(\.label) == ["fan1", "fan2", "CPU"])
            #expect(chips[4].features.map(\.value) == [2710, 0, 58])
        }
    }

    @Test func valuesOfABoard() throws {
        try survey("raspberry-pi") { _, chips in
            #expect(chips[1].features.map(\.value) == [1.471, 2.542, 1.407, 1.452, 53.107])
            #expect(chips[2].features.isEmpty, "an alarm is no sensor")
            #expect(chips[3].features.map(\.value) == [3160])
        }
    }

    @Test func limitsBeyondAnyTemperatureAreShownAsTheyAre() throws {
        try survey("xeon-two-socket-dram") { _, chips in
            #expect(chips[3].features.map(\.value) == [38.85, 42.85])
            #expect(chips[3].features.map(\.maximum) == [81.85, 65261.85])
        }
    }

    private func source(_ root: SystemRoot) throws -> (rails: PowerRails, source: HwmonPowerSource) {
        let rails = PowerRails(PowerRail.all(of: LMSensorsProbe(root: root).survey().chips), named: [])
        return (rails, try HwmonPowerSource(rails, origin: root.origin))
    }

    /// The board's input holds the other rails; shunt voltages and the sum of currents are no rails.
    @Test func railsOfABoard() throws {
        try FixtureBoxes.eachWay("jetson-ina3221") { root in
            let (rails, source) = try source(root)
            #expect(rails.tree.domains.map(\.name) == ["VDD_IN", "VDD_CPU_GPU_CV", "VDD_SOC"])
            #expect(rails.tree.domains.map(\.role) == [.counted, .nested, .nested])
            #expect(source.statedRefreshSeconds == 0.02)
            let watts = try source.watts().compactMap(\.self)
            #expect(watts.count == 3)
            for (watts, expected) in zip(watts, [7.92688, 1.84704, 1.692416]) { #expect(abs(watts - expected) < 1e-9) }
            #expect(LMSensorsProbe(root: root).energyAvailability().status == .present)
            #expect(try LMSensorsProbe(root: root).energyTree().totalFormula == "ina3221-i2c-1-40/VDD_IN")
        }
    }

    /// The meter of the whole server averages over a second.
    @Test func powerMeterOfAServer() throws {
        try FixtureBoxes.eachWay("xeon-two-socket-dram") { root in
            let (rails, source) = try source(root)
            #expect(rails.tree.totalFormula == "power_meter-acpi-0/power1")
            #expect(source.statedRefreshSeconds == 1)
            #expect(try source.watts() == [212])
        }
    }

    @Test func energyCountersOfSockets() throws {
        try FixtureBoxes.eachWay("epyc-multi-die") { root in
            let meter = try LMSensorsProbe(root: root).energyMeter()
            #expect(meter.sampling == nil)
            #expect(meter.tree.totalFormula == "amd_energy-isa-0000/Esocket0 + amd_energy-isa-0000/Esocket1")
            #expect(
                try meter.read().microjoules == [
                    8_123_400_000, 8_124_400_000, 8_125_400_000, 8_126_400_000, 79_900_444_666, 78_250_666_888,
                ])
        }
    }

    @Test(arguments: [
        "arm64-big-little", "desktop-odd-sensors", "hybrid-laptop-battery", "kvm-guest", "raspberry-pi",
    ])
    func boxesWithoutARailSaySo(name: String) throws {
        let availability = LMSensorsProbe(root: try FixtureBoxes.root(name)).energyAvailability()
        #expect(availability.status == .absent && availability.remedy != nil)
    }
}
