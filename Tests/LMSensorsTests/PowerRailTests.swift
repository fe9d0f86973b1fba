import ProbeKit
import ProfileFormat
import Quantities
import SystemIO
import SystemPackage
import TestSupport
import Testing

@testable import LMSensors

@Suite("Power rails")
struct PowerRailTests {
    /// The rails of a Jetson-like board: an input, and parts behind it, by voltage and current.
    private func board() throws -> FixtureTree {
        let box = try FixtureTree()
        try box.write(
            under: "sys/class/hwmon/hwmon0",
            [
                "name": "ina3221", "update_interval": "20",
                "in1_label": "VDD_IN", "in1_input": "5000", "curr1_input": "1200",
                "in2_label": "VDD_CPU", "in2_input": "5000", "curr2_input": "-4",
                "in3_label": "VDD_SOC", "in3_input": "4984", "curr3_input": "300",
                // Shunt voltages and the sum of currents are no rails.
                "in4_input": "6", "in7_input": "9", "curr4_input": "1496",
            ])
        return box
    }

    private func rails(_ box: FixtureTree, named: [String] = []) -> PowerRails {
        PowerRails(PowerRail.all(of: LMSensorsProbe(root: box.root).survey().chips), named: named)
    }

    @Test func boardInputIsTheTotalAndHoldsTheOthers() throws {
        let box = try board()
        let rails = rails(box)
        #expect(rails.tree.domains.map(\.name) == ["VDD_IN", "VDD_CPU", "VDD_SOC"])
        #expect(rails.tree.domains.map(\.role) == [.counted, .nested, .nested])
        #expect(rails.tree.counted.count == 1)
        let source = try HwmonPowerSource(rails, origin: box.root.origin)
        #expect(source.statedRefreshSeconds == 0.02)
        let watts = try source.watts().compactMap(\.self)
        #expect(zip(watts, [6, -0.02, 1.4952]).allSatisfy { abs($0 - $1) < 1e-12 } && watts.count == 3)
        #expect(LMSensorsProbe(root: box.root).energyAvailability().reason.contains("voltage times current"))
    }

    @Test func railsOfUnknownPlaceAreNotAddedUntilNamed() throws {
        let box = try board()
        try box.write("sys/class/hwmon/hwmon0/in1_label", "VDD_GPU\n")
        let probe = LMSensorsProbe(root: box.root)
        let availability = probe.energyAvailability()
        #expect(availability.status == .absent)
        #expect(availability.remedy == .nameRails)
        #expect(throws: KerfError.self) { try probe.energyMeter() }
        let named = rails(box, named: ["VDD_GPU", "VDD_SOC"])
        #expect(named.counted.map(\.label) == ["VDD_GPU", "VDD_SOC"])
        #expect(named.tree.domains.map(\.role) == [.counted, .platform, .counted])
        for wrong in [["VDD_GPU", "VDD_NPU"], [""], ["VDD"]] { #expect(rails(box, named: wrong).counted.isEmpty) }
    }

    @Test func meterOfTheWholeBoxIsTakenBeforeItsParts() throws {
        let box = try board()
        try box.write(
            under: "sys/class/hwmon/hwmon1", ["name": "power_meter", "power1_average": "210000000"])
        #expect(rails(box).counted.map(\.driver) == ["power_meter"])
        // A second one: whether it lies below the first is not known.
        try box.write(under: "sys/class/hwmon/hwmon2", ["name": "power_meter", "power1_average": "190000000"])
        #expect(rails(box).counted.isEmpty)
    }

    @Test func averageIsBetterThanAnInstant() throws {
        let box = try FixtureTree()
        try box.write(
            under: "sys/class/hwmon/hwmon0",
            ["name": "power_meter", "power1_average": "7000000", "power1_input": "9000000", "update_interval": "100"])
        #expect(try HwmonPowerSource(rails(box), origin: .measured).watts() == [7])
    }

    /// What it shows is of as long ago as it averages over.
    @Test(arguments: [
        ("100", "1000", 1.0), ("100", "20", 0.1), ("garbage", "1000", 1), ("4294967295", "1000", 1),
        ("4294967295", "-1", nil), ("0", "", nil),
    ])
    func anAverageIsRenewedNoSoonerThanItsInterval(update: String, average: String, seconds: Double?) throws {
        let box = try FixtureTree()
        try box.write(
            under: "sys/class/hwmon/hwmon0",
            [
                "name": "power_meter", "power1_average": "7000000", "update_interval": update,
                "power1_average_interval": average,
            ])
        #expect(rails(box).counted.map(\.refreshSeconds) == [seconds])
    }

    @Test func chipsWithEnergyCountersAreCountersNotSamples() throws {
        let box = try FixtureTree()
        try box.write(
            under: "sys/class/hwmon/hwmon0",
            [
                "name": "amd_energy", "energy1_label": "Ecore000", "energy1_input": "1000000",
                "energy2_label": "Esocket0", "energy2_input": "5000000",
            ])
        let meter = try LMSensorsProbe(root: box.root).energyMeter()
        #expect(meter.sampling == nil && meter.tree.counted.map(\.name) == ["Esocket0"])
        let start = try meter.read()
        #expect(start.microjoules == [1_000_000, 5_000_000])
        try box.write("sys/class/hwmon/hwmon0/energy2_input", "7000000\n")
        let joules = try meter.joules(from: start, to: try meter.read())
        #expect(meter.total(of: joules) == 2)
    }

    @Test(arguments: ["", "garbage", "-1200", "99999999999"])
    func currentThatIsNoneIsAnErrorNeverZero(text: String) throws {
        let box = try board()
        let source = try HwmonPowerSource(rails(box), origin: .measured)
        try box.write("sys/class/hwmon/hwmon0/curr1_input", text)
        #expect(throws: KerfError.self) { try source.watts() }
    }

    @Test func partThatFailsIsLeftOutAndTheTotalStays() throws {
        let box = try board()
        let source = try HwmonPowerSource(rails(box), origin: .measured)
        try box.write("sys/class/hwmon/hwmon0/curr3_input", "broken")
        let watts = try source.watts()
        #expect(watts[0] == 6 && watts[2] == nil)
    }

    @Test func boxWithoutPowerSensorsSaysWhatToLoad() throws {
        let box = try FixtureTree()
        try box.write(under: "sys/class/hwmon/hwmon0", ["name": "coretemp", "temp1_input": "45000"])
        let availability = LMSensorsProbe(root: box.root).energyAvailability()
        #expect(availability.status == .absent && availability.remedy?.description.contains("modprobe") == true)
    }

    @Test("libsensors finds the same rails", .requires(.umockdev))
    func throughLibsensors() throws {
        let box = try MockedBox()
        let live = try box.readThroughLibsensors().filter { $0.name.hasPrefix("ina3221") }
        let own = LMSensorsProbe(root: box.tree.root).survey().chips.filter { $0.name.hasPrefix("ina3221") }
        #expect(!live.isEmpty)
        let labels = { (chips: [SensorChip]) in
            PowerRails(PowerRail.all(of: chips), named: []).tree.domains.map(\.identifier)
        }
        #expect(labels(live) == labels(own))
    }
}
