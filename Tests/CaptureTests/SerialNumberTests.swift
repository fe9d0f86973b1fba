import TestSupport
import Testing

struct SerialNumberTests {
    /// Since Linux 5.18 sysfs shows a processor's serial number.
    @Test func theProcessorsInventoryNumberIsLeftOut() throws {
        let tree = try FixtureTree()
        try tree.write(
            under: "sys/devices/system/cpu/cpu0/topology", ["core_id": "0", "ppin": "0x2ebe1a2b3c4d5e6f"])
        try tree.writeChip(["name": "chip", "ppin": "0x2ebe1a2b3c4d5e6f"])
        try tree.write("proc/cpuinfo", "processor\t: 0\nstepping\t: 10\nppin\t\t: 0x2ebe1a2b3c4d5e6f\n")
        let box = try RecordedBox(tree)
        #expect(box.places(of: "2ebe1a2b3c4d5e6f") == [])
        #expect(box["sys/devices/system/cpu/cpu0/topology/core_id"] == "0\n")
        #expect(!box.paths.contains("sys/devices/system/cpu/cpu0/topology/ppin"))
        // Not every name with these letters is that of a serial number.
        #expect(box["proc/cpuinfo"] == "processor\t: 0\nstepping\t: 10\nppin\t\t:removed\n")
    }

    @Test(arguments: [
        "Default string", "To be filled by O.E.M.", "To Be Filled By O.E.M.", "None", "0", "System Serial Number",
        "Not Specified", "Not Applicable", "00000000", "XXXXXXXX", "123456789", "...",
    ]) func aPlaceholderNamesNoBox(_ text: String) throws {
        let tree = try FixtureTree()
        for name in ["product_serial", "board_serial", "chassis_serial", "product_name", "board_name"] {
            try tree.write("sys/class/dmi/id/\(name)", text + "\n")
        }
        try tree.write(
            under: "sys/class/power_supply/BAT0", ["serial_number": text, "model_name": text, "status": "Full"])
        let box = try RecordedBox(tree)
        #expect(box["sys/class/dmi/id/product_name"] == text + "\n")
        #expect(box["sys/class/dmi/id/board_name"] == text + "\n")
        #expect(box["sys/class/power_supply/BAT0/model_name"] == text + "\n")
        #expect(box["sys/class/power_supply/BAT0/serial_number"] == "removed\n")
    }

    /// A firmware that says nonsense in one place takes nothing away in another.
    @Test func aSerialNumberTakesNoWordOfADriverAway() throws {
        let tree = try FixtureTree()
        try tree.write("sys/class/dmi/id/product_serial", "Discharging\n")
        try tree.write("sys/class/dmi/id/board_serial", "2600000\n")
        try tree.write("sys/class/dmi/id/board_name", "of Discharging\n")
        try tree.write("sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq", "2600000\n")
        try tree.write("proc/stat", "cpu  2600000 2 3\n")
        try tree.write(
            under: "sys/class/power_supply/BAT0",
            ["status": "Discharging", "uevent": "POWER_SUPPLY_STATUS=Discharging", "model_name": "Discharging"])
        let box = try RecordedBox(tree)
        #expect(box["sys/class/power_supply/BAT0/status"] == "Discharging\n")
        #expect(box["sys/class/power_supply/BAT0/uevent"] == "POWER_SUPPLY_STATUS=Discharging\n")
        #expect(box["sys/class/power_supply/BAT0/model_name"] == "removed\n")
        #expect(box["sys/class/dmi/id/board_name"] == "of removed\n")
        #expect(box["sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq"] == "2600000\n")
        #expect(box["proc/stat"] == "cpu  2600000 2 3\n")
    }
}
