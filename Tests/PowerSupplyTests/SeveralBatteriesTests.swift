import ProbeKit
import ProfileFormat
import SystemIO
import TestSupport
import Testing

@testable import PowerSupply

/// One of two batteries, an empty bay and a battery that fails do not hide the one that powers the box.
@Suite("Several batteries")
struct SeveralBatteriesTests {
    private func box(
        _ first: KeyValuePairs<String, String>, _ second: KeyValuePairs<String, String>, online: String? = "0"
    ) throws -> FixtureTree {
        let box = try FixtureTree()
        for (name, attributes) in [("BAT0", first), ("BAT1", second)] {
            try box.write(under: "sys/class/power_supply/\(name)", ["type": "Battery"])
            try box.write(under: "sys/class/power_supply/\(name)", attributes)
        }
        if let online { try box.write(under: "sys/class/power_supply/AC", ["type": "Mains", "online": online]) }
        return box
    }

    private let discharging: KeyValuePairs<String, String> = [
        "present": "1", "status": "Discharging", "power_now": "7321000",
    ]

    /// What a laptop reports of the battery that it does not use.
    @Test(arguments: ["power_now", "current_now"]) func anIdleBatteryOfUnknownStatusIsNoObstacle(attribute: String)
        throws
    {
        let box = try box(["status": "Unknown", attribute: "0", "voltage_now": "12100000"], discharging)
        let source = try BatterySource(root: box.root)
        #expect(source.tree.totalFormula == "BAT1")
        #expect(try source.watts() == [7.321])
        #expect(PowerSupplyProbe(root: box.root).availability().status == .present)
        // Shown all the same, with the reason.
        #expect(source.tree.domains.map(\.identifier) == ["BAT1", "BAT0"] && !source.tree.domains[1].isReadable)
        // The laptop changes over to it: the total would be that of neither.
        try box.write("sys/class/power_supply/BAT0/status", "Discharging\n")
        #expect(throws: KerfError.self) { try source.watts() }
    }

    @Test func theOrderOfTheBatteriesMakesNoDifference() throws {
        let box = try box(discharging, ["status": "Unknown", "power_now": "0"])
        #expect(try BatterySource(root: box.root).tree.totalFormula == "BAT0")
    }

    @Test(arguments: ["0", "0\n"]) func anEmptyBayIsNoBattery(present: String) throws {
        let box = try box(discharging, ["present": present, "status": "Unknown"])
        let source = try BatterySource(root: box.root)
        #expect(source.tree.domains.map(\.identifier) == ["BAT0"])
        #expect(try source.watts() == [7.321])
    }

    /// Its driver reports nothing, or it fails: left out by name.
    @Test(arguments: ["status", "values", "broken status"]) func aBatteryThatFailsIsLeftOut(kind: String) throws {
        let box = try box(["present": "1"], discharging)
        switch kind {
        case "status": try box.write("sys/class/power_supply/BAT0/power_now", "0\n")
        case "values": try box.write("sys/class/power_supply/BAT0/status", "Unknown\n")
        default:
            try box.write("sys/class/power_supply/BAT0/power_now", "0\n")
            // Not a file, as a read that fails.
            try box.link("sys/class/power_supply/BAT0/status", "status")
        }
        let source = try BatterySource(root: box.root)
        #expect(source.tree.totalFormula == "BAT1")
        #expect(source.tree.domains.contains { $0.identifier == "BAT0" && !$0.isReadable })
    }

    /// Its energy is the box's too.
    @Test func aDischargingBatteryThatCannotBeReadIsAnError() throws {
        let box = try box(["status": "Discharging", "power_now": "much"], discharging)
        #expect(throws: KerfError.self) { try BatterySource(root: box.root) }
        #expect(PowerSupplyProbe(root: box.root).availability().status == .broken)
        try box.write("sys/class/power_supply/BAT0/power_now", "4294967295000\n")
        #expect(PowerSupplyProbe(root: box.root).availability().status == .implausible)
    }

    /// With mains power disconnected, power that flows comes from the battery, whatever its status says.
    @Test(arguments: [("0", true), ("1", false), (nil, false)] as [(String?, Bool)])
    func unknownStatusIsDecidedByTheMains(online: String?, isMeter: Bool) throws {
        let box = try box(["status": "Unknown", "power_now": "5000000"], ["present": "0"], online: online)
        let availability = PowerSupplyProbe(root: box.root).availability()
        #expect((availability.status == .present) == isMeter)
        if isMeter {
            #expect(try BatterySource(root: box.root).watts() == [5])
        } else {
            #expect(availability.remedy?.description.contains("unplug") == true)
        }
    }

    @Test func aBatteryThatIsChargedMeansMainsPower() throws {
        let box = try box(["status": "Charging", "power_now": "20000000"], discharging, online: "1")
        let availability = PowerSupplyProbe(root: box.root).availability()
        #expect(availability.status == .absent && availability.remedy?.description.contains("unplug") == true)
    }

    @Test func twoIdleBatteriesAreNoMeter() throws {
        let box = try box(["status": "Unknown", "power_now": "0"], ["status": "Full", "power_now": "0"], online: "1")
        let availability = PowerSupplyProbe(root: box.root).availability()
        #expect(availability.status == .absent && availability.reason.contains("no power is drawn"))
    }

    /// Whether it is a battery is not known: it hides no other one, and is not passed over in silence.
    @Test(arguments: ["hidden", "closed", "missing"]) func aSupplyOfUnknownTypeIsShown(kind: String) throws {
        let box = try box(["status": "Discharging", "power_now": "5000000"], discharging)
        switch kind {
        case "hidden":
            try box.remove("sys/class/power_supply/BAT0")
            try box.link("sys/class/power_supply/BAT0", "../../devices/away/power_supply/BAT0")
        case "closed":
            // A directory stands for a file whose read fails.
            try box.remove("sys/class/power_supply/BAT0/type")
            try box.directory("sys/class/power_supply/BAT0/type")
        default: try box.remove("sys/class/power_supply/BAT0/type")
        }
        let source = try BatterySource(root: box.root)
        #expect(source.tree.totalFormula == "BAT1")
        let unknown = source.tree.domains.filter { !$0.isReadable }.map(\.identifier)
        // The kernel gives every supply a type: what has none is not one.
        #expect(unknown == (kind == "missing" ? [] : ["BAT0"]))
        #expect(try source.watts() == [7.321])
    }

    /// Drivers give -1 for what they do not know.
    @Test(arguments: [("power_now", "-1"), ("current_now", "-1"), ("power_now", "4294967295")])
    func powerOnWhichNoBoxRunsIsNotBelieved(attribute: String, value: String) throws {
        let box = try box(["status": "Discharging", attribute: value, "voltage_now": "12000000"], ["present": "0"])
        let availability = PowerSupplyProbe(root: box.root).availability()
        #expect(availability.status == .implausible && availability.reason.contains(attribute))
        #expect(availability.remedy?.description.contains("dmesg") == true)
        let error = #expect(throws: KerfError.self) { try PowerSupplyProbe(root: box.root).meter() }
        #expect(error.map { Availability($0) } == availability, "the meter says what the doctor says")
    }

    /// There is no plug to pull.
    @Test(arguments: [("Discharging", "0"), ("Full", "5000000"), ("Not charging", "5000000"), ("Unknown", "0")])
    func anUnpluggedBoxIsNotToldToUnplug(status: String, microwatts: String) throws {
        let attributes: KeyValuePairs<String, String> = ["status": status, "power_now": microwatts]
        let unplugged = try box(attributes, ["present": "0"], online: "0")
        let availability = PowerSupplyProbe(root: unplugged.root).availability()
        #expect(availability.status == .implausible && availability.reason.contains("BAT0"))
        #expect(availability.remedy?.description.contains("unplug") == false)
        let plugged = try box(attributes, ["present": "0"], online: "1")
        #expect(PowerSupplyProbe(root: plugged.root).availability().remedy?.description.contains("unplug") == true)
    }

    /// Something that is no file stands for an attribute that fails, not for one that is missing.
    @Test func anAttributeThatIsNoFileIsBroken() throws {
        let box = try box(["status": "Discharging"], ["present": "0"])
        try box.directory("sys/class/power_supply/BAT0/power_now")
        let availability = PowerSupplyProbe(root: box.root).availability()
        #expect(availability.status == .broken && availability.reason.contains("power_now"))
    }

    @Test func hiddenSuppliesAreMasked() throws {
        let box = try FixtureTree()
        try box.link("sys/class/power_supply/BAT0", "../../devices/LNXSYSTM:00/PNP0C0A:00/power_supply/BAT0")
        #expect(PowerSupplyProbe(root: box.root).availability().status == .masked)
    }
}
