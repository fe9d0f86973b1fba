import LMSensors
import ProbeKit
import SystemIO
import SystemPackage
import TestSupport
import Testing

@Suite("hwmon files of any root")
struct HwmonReaderTests {
    private func feature(_ label: String, of chip: SensorChip) throws -> SensorFeature {
        try #require(chip.features.first { $0.label == label })
    }

    @Test("every kind is read and scaled to its unit")
    func kinds() throws {
        let tree = try FixtureTree()
        try tree.write(
            under: "sys/class/hwmon/hwmon0",
            [
                "name": "board", "temp1_input": "-4500", "temp1_label": "Outside", "temp1_max": "84000",
                "temp1_crit": "100000", "in0_input": "-11980", "in10_input": "5005", "in2_input": "3300",
                "fan1_input": "1098", "fan1_max": "3000", "curr1_input": "-250", "power1_input": "15250000",
                "power2_average": "7000000", "power2_input": "9000000", "energy1_input": "9000000000123",
            ])
        let survey = LMSensorsProbe(root: tree.root).survey()
        #expect(survey.failures.isEmpty)
        let chip = try #require(survey.chips.first)
        #expect(
            chip.features.map(\.name) == [
                "in0", "in2", "in10", "fan1", "temp1", "power1", "power2", "energy1", "curr1",
            ])
        #expect(chip.features.map(\.value) == [-11.98, 3.3, 5.005, 1098, -4.5, 15.25, 7, 9_000_000.000123, -0.25])
        #expect(
            chip.features.map(\.unit) == [
                .volts, .volts, .volts, .revolutionsPerMinute, .celsius, .watts, .watts, .joules, .amperes,
            ])
        let outside = try feature("Outside", of: chip)
        #expect(outside.maximum == 84 && outside.critical == 100)
        #expect(try feature("fan1", of: chip).maximum == 3000)
    }

    @Test(
        "a value that cannot be is a failure of its own sensor",
        arguments: [
            ("temp1_input", "45x"), ("temp1_input", ""), ("temp1_input", "99999999999999999999"),
            ("temp1_input", "45.5"), ("in0_input", "\u{0}\u{1}\u{2}"),
        ])
    func malformed(attribute: String, text: String) throws {
        try expectFailure(attribute, text, .invalidReading)
    }

    /// Numbers all right, and of no sensor: below nothing, beyond any box, or the word of ones that stands for no reading.
    @Test(
        "a number that is not to be believed is a failure of its own sensor",
        arguments: [
            ("temp1_input", "-300000"), ("temp1_input", "2147483647"), ("fan1_input", "-1"),
            ("fan1_input", "4294967295"), ("power1_input", "-5"), ("power1_average", "4294967295000"),
            ("power1_average", "4294967295"), ("power1_input", "2147483647"), ("power1_input", "2147483647000"),
            ("power1_input", "9223372036854775807"), ("energy1_input", "-1"), ("curr1_input", "4294967295"),
            ("in0_input", "2147483647"), ("in0_input", "-200000000"), ("in0_input", "65535"),
            ("temp1_input", "-273150"), ("temp1_input", "-273000"), ("power1_average", "65535000000"),
        ])
    func implausible(attribute: String, text: String) throws {
        try expectFailure(attribute, text, .implausibleReading)
    }

    @Test(
        "unusual values that a sensor may have are shown",
        arguments: [
            ("temp1_input", "-62000"), ("fan1_input", "65535"), ("power1_input", "10500000000"),
            ("energy1_input", "4294967295"), ("curr1_input", "-400000"), ("in0_input", "0"),
        ])
    func unusual(attribute: String, text: String) throws {
        let tree = try FixtureTree()
        try tree.write(under: "sys/class/hwmon/hwmon0", ["name": "board"])
        try tree.write("sys/class/hwmon/hwmon0/\(attribute)", text)
        #expect(LMSensorsProbe(root: tree.root).survey().failures.isEmpty)
    }

    private func expectFailure(_ attribute: String, _ text: String, _ code: KerfError.Code) throws {
        let tree = try FixtureTree()
        try tree.write(under: "sys/class/hwmon/hwmon0", ["name": "board", "temp9_input": "40000"])
        try tree.write("sys/class/hwmon/hwmon0/\(attribute)", text)
        let survey = LMSensorsProbe(root: tree.root).survey()
        #expect(survey.chips.first?.features.map(\.name) == ["temp9"])
        #expect(survey.failures.map(\.code) == [code])
        #expect(survey.failures.first?.location?.split(separator: "/").last.map(String.init) == attribute)
    }

    @Test("a sensor that the chip calls faulty, or that cannot be read, is left out by name")
    func faultyAndUnreadable() throws {
        let tree = try FixtureTree()
        try tree.write(
            under: "sys/class/hwmon/hwmon0",
            ["name": "board", "temp1_input": "127000", "temp1_fault": "1", "temp2_input": "40000", "temp2_fault": "0"])
        try tree.directory("sys/class/hwmon/hwmon0/temp3_input")
        let readings = LMSensorsProbe(root: tree.root).readings()
        #expect(readings.readings == [Reading(sensor: "board-virtual-0/temp2", value: 40, unit: .celsius)])
        #expect(
            readings.failures.map { $0.location?.split(separator: "/").last.map(String.init) } == [
                "temp1_fault", "temp3_input",
            ])
    }

    @Test("a limit that is garbage does not cost the sensor")
    func badLimit() throws {
        let tree = try FixtureTree()
        try tree.write(
            under: "sys/class/hwmon/hwmon0", ["name": "board", "temp1_input": "40000", "temp1_max": "hot"])
        let survey = LMSensorsProbe(root: tree.root).survey()
        #expect(survey.failures.isEmpty)
        let feature = try #require(survey.chips.first?.features.first)
        #expect(feature.value == 40 && feature.maximum == nil)
    }

    @Test("attributes in the device's directory, as old drivers have them")
    func attributesOfDevice() throws {
        let tree = try FixtureTree()
        try tree.write(
            under: "sys/devices/platform/oldchip.656", ["name": "oldchip", "temp1_input": "31000"])
        try tree.link("sys/devices/platform/oldchip.656/hwmon/hwmon0/device", "../../../oldchip.656")
        try tree.link("sys/class/hwmon/hwmon0", "../../devices/platform/oldchip.656/hwmon/hwmon0")
        let survey = LMSensorsProbe(root: tree.root).survey()
        #expect(survey.chips.map(\.name) == ["oldchip-isa-0290"])
        #expect(survey.chips.first?.features.map(\.value) == [31])
    }

    @Test("nameless, empty and dangling chips do not hide the good one")
    func badChips() throws {
        let tree = try FixtureTree()
        try tree.directory("sys/class/hwmon/hwmon0")
        try tree.write(under: "sys/class/hwmon/hwmon1", ["temp1_input": "40000"])
        try tree.write(under: "sys/class/hwmon/hwmon2", ["name": "two words", "temp1_input": "40000"])
        try tree.link("sys/class/hwmon/hwmon3", "../../devices/gone")
        try tree.write("sys/class/hwmon/hwmon4", "../../devices/gone/too")
        try tree.write(under: "sys/class/hwmon/hwmon10", ["name": "good", "temp1_input": "40000"])
        let survey = LMSensorsProbe(root: tree.root).survey()
        #expect(survey.chips.map(\.name) == ["good-virtual-0"])
        #expect(survey.failures.map(\.code) == [.notFound, .notFound, .invalidReading, .masked, .masked])
    }

    @Test("a link that leads out of the root is not followed")
    func escapingLink() throws {
        let tree = try FixtureTree()
        let outside = try FixtureTree()
        try outside.write(under: "chip", ["name": "outside", "temp1_input": "40000"])
        try tree.link("sys/class/hwmon/hwmon0", outside.file("chip").string)
        let survey = LMSensorsProbe(root: tree.root).survey()
        #expect(survey.chips.isEmpty)
        #expect(survey.failures.map(\.code) == [.notFound])
    }

    @Test("sensor names are unique, though labels and chips repeat")
    func uniqueNames() throws {
        let tree = try FixtureTree()
        for number in 0..<2 {
            try tree.write(
                under: "sys/class/hwmon/hwmon\(number)",
                [
                    "name": "twin", "temp1_input": "1000", "temp1_label": "Core", "temp2_input": "2000",
                    "temp2_label": "Core", "temp3_input": "3000",
                ])
        }
        let names = LMSensorsProbe(root: tree.root).readings().readings.map(\.sensor)
        #expect(
            names == [
                "twin-virtual-0@hwmon0/Core (temp1)", "twin-virtual-0@hwmon0/Core (temp2)",
                "twin-virtual-0@hwmon0/temp3", "twin-virtual-0@hwmon1/Core (temp1)",
                "twin-virtual-0@hwmon1/Core (temp2)", "twin-virtual-0@hwmon1/temp3",
            ])
    }

    @Test("availability says what is missing and what to do")
    func availability() throws {
        let tree = try FixtureTree()
        let probe = LMSensorsProbe(root: tree.root)
        #expect(probe.availability().status == .absent)
        #expect(probe.availability().remedy?.description.contains("sys/class/hwmon") == true)
        try tree.write(under: "sys/class/hwmon/hwmon0", ["name": "empty"])
        #expect(probe.availability().status == .absent)
        #expect(probe.availability().reason.hasPrefix("hwmon chips without sensors"))
        try tree.write(under: "sys/class/hwmon/hwmon0", ["temp1_input": "junk"])
        #expect(probe.availability().reason.contains("junk") && probe.availability().status == .broken)
        #expect(probe.availability().remedy?.description.contains("dmesg") == true)
        try tree.write(under: "sys/class/hwmon/hwmon0", ["temp1_input": "40000"])
        #expect(probe.availability() == Availability(.present, reason: "1 sensor on 1 chip"))
    }

    @Test(
        "mixed-client: the bogus and the nameless chips survive, the others are read",
        .enabled(if: SharedBoxes.arePresent, Comment(rawValue: SharedBoxes.reason)), arguments: [false, true])
    func mixedClient(restored: Bool) throws {
        let copy = restored ? try SharedBoxes.materialised("mixed-client") : nil
        let survey = LMSensorsProbe(root: try copy?.root ?? SharedBoxes.root("mixed-client")).survey()
        #expect(
            survey.chips.map(\.name) == [
                "coretemp-isa-0000", "coretemp-isa-0001", "nct6779-isa-0290", "bogus-isa-0000", "asus-isa-0000",
                "asus_wmi_sensors-isa-0000", "mt7996_phy0_0-isa-0000", "mt7996_phy0_1-isa-0000",
                "mt7996_phy0_2-isa-0000",
            ])
        #expect(
            survey.failures.map { $0.location?.split(separator: "/").last.map(String.init) } == ["hwmon2", "hwmon4"])
        let coretemp = try #require(survey.chips.first)
        #expect(coretemp.features.map(\.label) == ["Physical id 0", "Core 0", "Core 1", "Core 2", "Core 3"])
        #expect(coretemp.features.map(\.value) == [55, 54, 52, 53, 50])
        #expect(coretemp.features.allSatisfy { $0.maximum == 84 && $0.critical == 100 })
        #expect(survey.chips[2].features.map(\.name) == ["in0", "in1", "fan2"])
        #expect(survey.chips[2].features.map(\.value) == [0.792, 1.024, 1098])
        #expect(survey.chips[3].features.isEmpty)
    }
}
