import TestSupport
import Testing

/// Names of the batteries of mice and keyboards contain a serial number or an address.
struct PeripheralBatteryTests {
    private func box(_ names: String...) throws -> RecordedBox {
        let tree = try FixtureTree()
        for (index, name) in names.enumerated() {
            let place = "devices/hid/\(index)/power_supply/\(name)"
            try tree.write(
                under: "sys/\(place)",
                ["capacity": "8\(index)", "uevent": "POWER_SUPPLY_NAME=\(name)\nPOWER_SUPPLY_ONLINE=1"])
            try tree.write(
                under: "sys/\(place)/hwmon/hwmon\(index)",
                ["name": name.replacing("-", with: "_"), "in0_input": "3700"])
            try tree.link("sys/class/power_supply/\(name)", "../../\(place)")
            try tree.link("sys/class/hwmon/hwmon\(index)", "../../\(place)/hwmon/hwmon\(index)")
        }
        return try RecordedBox(tree, report: "{\"reason\": \"no power is drawn from \(names[0])\"}\n")
    }

    @Test(arguments: ["hid-BT-4711-0815-battery", "hid-77-battery", "steam-controller-FVJ4711ABC-battery"])
    func aSerialNumberInTheNameBecomesANumber(_ name: String) throws {
        let box = try box(name, "hid-XY9988776655-battery")
        let secret = String(name.split(separator: "-", maxSplits: name.hasPrefix("hid") ? 1 : 2).last!.dropLast(8))
        let number = name < "hid-X" ? "1" : "2"
        let shown = name.replacing(secret, with: number)
        for text in [secret, secret.replacing("-", with: "_"), "9988776655"] where text != "77" {
            #expect(box.places(of: text) == [], "\(text)")
        }
        #expect(box["sys/class/power_supply/\(shown)"] == "../../devices/hid/0/power_supply/\(shown)")
        #expect(box["sys/devices/hid/0/power_supply/\(shown)/capacity"] == "80\n", "the link meets its target")
        #expect(
            box["sys/devices/hid/0/power_supply/\(shown)/uevent"]
                == "POWER_SUPPLY_NAME=\(shown)\nPOWER_SUPPLY_ONLINE=1\n")
        #expect(
            box["sys/devices/hid/0/power_supply/\(shown)/hwmon/hwmon0/name"]
                == shown.replacing("-", with: "_") + "\n")
        #expect(box["kerf/doctor.json"] == "{\"reason\": \"no power is drawn from \(shown)\"}\n")
    }

    /// Bus, vendor and product identify the model of a device only.
    @Test(arguments: ["hid-0003:046D:C52B.0004-battery", "BAT0", "hidpp_battery_0", "hid--battery"])
    func aNameThatTellsTheKindStays(_ name: String) throws {
        let box = try box(name)
        #expect(box["sys/class/power_supply/\(name)"] == "../../devices/hid/0/power_supply/\(name)")
        #expect(box["sys/devices/hid/0/power_supply/\(name)/uevent"]?.hasPrefix("POWER_SUPPLY_NAME=\(name)\n") == true)
    }

    @Test(arguments: [
        "hid-0003:046D:C52B-battery", "hid-0003:046D:C52B.4711.1-battery", "hid-0003:046D:SERIAL.1-battery",
    ])
    func aNameThatOnlyBeginsLikeAKindDoesNot(_ name: String) throws {
        #expect(
            try box(name)["sys/class/power_supply/hid-1-battery"] == "../../devices/hid/0/power_supply/hid-1-battery")
    }

    @Test func anAddressInTheNameIsAnAddressEverywhere() throws {
        let box = try box("hid-11:22:33:44:55:6a-battery", "ps-controller-battery-1122.3344.556a")
        #expect(box["sys/devices/hid/0/power_supply/hid-00:00:00:00:00:01-battery/capacity"] == "80\n")
        #expect(box["sys/devices/hid/1/power_supply/ps-controller-battery-0000.0000.0001/capacity"] == "81\n")
    }
}
