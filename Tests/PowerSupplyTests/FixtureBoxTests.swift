import ProbeKit
import ProfileFormat
import TestSupport
import Testing

@testable import PowerSupply

/// The made-up boxes that every clone has, as they lie and with their links flattened.
@Suite("batteries of the fixture boxes")
struct FixtureBoxTests {
    /// A battery that tells its charge and not its energy; the mouse's battery and the supplies feed no box.
    @Test func laptopByVoltageAndCurrent() throws {
        try FixtureBoxes.eachWay("hybrid-laptop-battery") { root in
            let source = try BatterySource(root: root)
            #expect(source.tree.totalFormula == "BAT0")
            let watts = try #require(try source.watts()[0])
            #expect(abs(watts - 19.35) < 1e-9)
            #expect(PowerSupplyProbe(root: root).availability().status == .present)
            let shown = PowerSupplyProbe(root: root).readings()
            #expect(shown.readings.map(\.sensor) == ["BAT0/voltage_now", "BAT0/current_now"])
            #expect(zip(shown.readings.map(\.value), [15.48, 1.25]).allSatisfy { abs($0 - $1) < 1e-9 })
            #expect(shown.failures.isEmpty)
        }
    }

    @Test(arguments: [false, true]) func chargingLaptopHasNoBatteryMeter(flattened: Bool) throws {
        let box = try FixtureBoxes.copy("hybrid-laptop-battery", flattened: flattened)
        let bus = "sys/devices/LNXSYSTM:00/LNXSYBUS:00"
        let battery = "\(bus)/PNP0C0A:00/power_supply/BAT0"
        try box.write("\(bus)/ACPI0003:00/power_supply/AC/online", "1\n")
        for status in ["Charging", "Full", "Not charging"] {
            try box.write("\(battery)/status", status + "\n")
            #expect(PowerSupplyProbe(root: box.root).availability().status == .absent, "\(status)")
        }
    }

    /// Its model name is not UTF-8.
    @Test func desktopWithABatteryByPower() throws {
        try FixtureBoxes.eachWay("desktop-odd-sensors") { (root) throws in
            #expect(try BatterySource(root: root).watts() == [7.314])
        }
    }

    /// Without a status the direction of the power is unknown: it is shown and not measured.
    @Test func captureWithoutAStatusIsShownOnly() throws {
        let probe = PowerSupplyProbe(root: try FixtureBoxes.root("thinkpad-partial-capture"))
        #expect(probe.readings().readings == [Reading(sensor: "BAT0/power_now", value: 18.304, unit: .watts)])
        #expect(probe.availability().status == .absent)
        #expect(probe.availability().reason.contains("has no status"))
    }

    @Test(arguments: ["kvm-guest", "raspberry-pi", "xeon-two-socket-dram"])
    func boxesWithoutABatterySaySo(name: String) throws {
        let availability = PowerSupplyProbe(root: try FixtureBoxes.root(name)).availability()
        #expect(availability.status == .absent && availability.remedy != nil)
    }
}
