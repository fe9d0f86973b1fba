import ProbeKit
import ProfileFormat
import Quantities
import SystemIO
import TestSupport
import Testing

@testable import PowerSupply

@Suite("Batteries")
struct BatteryTests {
    private let place = "sys/class/power_supply/BAT0"

    private func battery(_ attributes: KeyValuePairs<String, String>, status: String? = "Discharging") throws
        -> FixtureTree
    {
        let box = try FixtureTree()
        try box.write(under: place, ["type": "Battery"])
        try box.write(under: place, attributes)
        if let status { try box.write("\(place)/status", status + "\n") }
        return box
    }

    /// Drivers differ in the sign; the amount is the same.
    @Test(arguments: ["26439000", "-26439000"])
    func powerIsTheAmountWhateverItsSign(microwatts: String) throws {
        let box = try battery(["power_now": microwatts])
        let source = try BatterySource(root: box.root)
        #expect(try source.watts() == [26.439])
        #expect(source.tree.totalFormula == "BAT0")
        #expect(source.origin == .recorded)
        let shown = PowerSupplyProbe(root: box.root).readings().readings
        #expect(shown == [Reading(sensor: "BAT0/power_now", value: Double(microwatts)! * 1e-6, unit: .watts)])
    }

    @Test(arguments: ["1500000", "-1500000"])
    func currentTimesVoltageStandsInForPower(microamperes: String) throws {
        let box = try battery(["current_now": microamperes, "voltage_now": "11660000"])
        let watts = try #require(try BatterySource(root: box.root).watts()[0])
        #expect(abs(watts - 17.49) < 1e-9)
    }

    @Test func batteriesAddUpAndForeignOnesAreLeftOut() throws {
        let box = try battery(["power_now": "5000000"])
        try box.write(
            under: "sys/class/power_supply/BAT1", ["type": "Battery", "status": "Not charging", "power_now": "0"])
        try box.write(
            under: "sys/class/power_supply/hidpp_battery_0",
            ["type": "Battery", "scope": "Device", "status": "Discharging", "power_now": "70000000"])
        try box.write(under: "sys/class/power_supply/AC", ["type": "Mains", "online": "0"])
        let source = try BatterySource(root: box.root)
        #expect(source.tree.totalFormula == "BAT0 + BAT1")
        #expect(try source.watts() == [5, 0])
    }

    @Test(arguments: ["Charging", "Full", "Not charging", "Unknown", "Perhaps", ""])
    func boxOnTheWallHasNoBatteryMeter(status: String) throws {
        let box = try battery(["power_now": "5000000"], status: status)
        let availability = PowerSupplyProbe(root: box.root).availability()
        #expect(availability.status == .absent)
        #expect(availability.remedy?.description.contains("unplug") == true)
        #expect(throws: KerfError.self) { try PowerSupplyProbe(root: box.root).meter() }
    }

    /// Without a status the sign decides nothing, so the power is shown and not used.
    @Test func batteryThatDoesNotTellItsDirectionIsShownOnly() throws {
        let box = try battery(["power_now": "5000000"], status: nil)
        let probe = PowerSupplyProbe(root: box.root)
        #expect(probe.availability().reason.contains("has no status"))
        #expect(probe.readings().readings.count == 1)
    }

    @Test func plugThatIsPutInMidwayIsAnError() throws {
        let box = try battery(["power_now": "5000000"])
        let source = try BatterySource(root: box.root)
        #expect(try source.watts() == [5])
        for status in ["Charging", "Full", "Unknown"] {
            try box.write("\(place)/status", status + "\n")
            #expect(throws: KerfError.self, "\(status)") { try source.watts() }
        }
    }

    @Test(arguments: ["", "garbage", "5 W", "9999999999999", "99999999999999999999"])
    func valueThatIsNoPowerIsAnErrorNeverZero(text: String) throws {
        let box = try battery(["power_now": "5000000"])
        let source = try BatterySource(root: box.root)
        try box.write("\(place)/power_now", text)
        #expect(throws: KerfError.self) { try source.watts() }
    }

    @Test func noBatteryIsAbsentWithARemedy() throws {
        let availability = PowerSupplyProbe(root: try FixtureTree().root).availability()
        #expect(availability.status == .absent && availability.remedy != nil)
    }

    @Test("real machines", .enabled(if: SharedBoxes.arePresent, "\(SharedBoxes.reason)"))
    func realMachines() throws {
        // 5.002 W at 11.66 V, discharging.
        let client = try BatterySource(root: try SharedBoxes.root("mixed-client"))
        #expect(try client.watts() == [5.002])
        // Its capture has no status: 26.439 W in an unknown direction.
        let laptop = PowerSupplyProbe(root: try SharedBoxes.root("thinkpad-l480"))
        #expect(laptop.readings().readings == [Reading(sensor: "BAT0/power_now", value: 26.439, unit: .watts)])
        #expect(laptop.availability().status == .absent)
    }
}
