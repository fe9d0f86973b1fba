import ProbeKit
import ProfileFormat
import SystemIO
import TestSupport
import Testing

@testable import LMSensors

/// A chip that is there and fails is not a chip that is missing, and a part that fails does not hide the total.
@Suite("Power sensors that fail")
struct PowerFailureTests {
    private let hwmon = "sys/class/hwmon/hwmon0"

    private func box(_ attributes: KeyValuePairs<String, String>) throws -> FixtureTree {
        let box = try FixtureTree()
        try box.write(under: hwmon, attributes)
        return box
    }

    private func board() throws -> FixtureTree {
        try box([
            "name": "ina3221", "in1_label": "VDD_IN", "in1_input": "5000", "curr1_input": "1200",
            "in2_label": "VDD_CPU", "in2_input": "5000", "curr2_input": "400",
            "in3_label": "VDD_SOC", "in3_input": "4984", "curr3_input": "300",
        ])
    }

    /// A directory stands for a file whose read fails (EISDIR, as EIO).
    private func breakFile(_ name: String, _ box: FixtureTree) throws {
        try box.remove("\(hwmon)/\(name)")
        try box.directory("\(hwmon)/\(name)")
    }

    private func answer(_ box: FixtureTree, named: [String] = []) -> Availability {
        let probe = LMSensorsProbe(root: box.root)
        let availability = probe.energyAvailability(named: named)
        let error = #expect(throws: KerfError.self) { try probe.energyMeter(named: named) }
        #expect(error.map { Availability($0) } == availability, "the meter says what the doctor says")
        return availability
    }

    /// The firmware does not answer: 4,294,967.295 W.
    @Test(arguments: ["4294967295000", "4294967295", "2147483647000", "-1000"])
    func aPowerMeterWithoutAReadingIsImplausible(microwatts: String) throws {
        let box = try box([
            "name": "power_meter", "power1_average": microwatts, "power1_average_interval": "4294967295",
        ])
        let availability = answer(box)
        #expect(availability.status == .implausible)
        #expect(availability.reason.contains("power1_average") && availability.reason.contains("not to be believed"))
        #expect(availability.remedy?.description.contains("modprobe") == false)
        #expect(LMSensorsProbe(root: box.root).readings().readings.isEmpty, "not shown as a reading either")
        #expect(LMSensorsProbe(root: box.root).availability().remedy == availability.remedy)
    }

    /// Either is plausible by itself; their product is none that a box draws.
    @Test func aBoardInputThatFeedsBackIsImplausible() throws {
        let box = try board()
        try box.write("\(hwmon)/curr1_input", "-1200\n")
        let availability = answer(box)
        #expect(availability.status == .implausible && availability.reason.contains("curr1_input"))
        #expect(availability.remedy?.description.contains("dmesg") == true)
    }

    /// A temperature that fails is no power that is missing; a chip of which nothing is known may be one.
    @Test func onlyAChipThatIsHiddenMayHavePower() throws {
        let box = try box(["name": "coretemp", "temp2_input": "40000"])
        try box.directory("\(hwmon)/temp1_input")
        let probe = LMSensorsProbe(root: box.root)
        #expect(probe.energyAvailability().status == .absent)
        try breakFile("name", box)
        let availability = answer(box)
        #expect(availability.status == .broken && availability.reason.contains("hwmon0/name"))
        #expect(probe.availability().status == .broken)
    }

    @Test(arguments: ["in1_input", "curr1_input"]) func aBoardInputThatFailsIsBroken(file: String) throws {
        let box = try board()
        try breakFile(file, box)
        let availability = answer(box)
        #expect(availability.status == .broken && availability.reason.contains(file))
        #expect(availability.remedy?.description.contains("modprobe") == false)
        #expect(answer(box, named: ["VDD_IN"]).reason.contains(file))
    }

    @Test func aChipThatFailsAltogetherIsBroken() throws {
        let box = try board()
        for channel in 1...3 {
            try breakFile("in\(channel)_input", box)
            try breakFile("curr\(channel)_input", box)
        }
        #expect(answer(box).status == .broken)
    }

    @Test(arguments: ["in3_input", "curr2_input"]) func aPartThatFailsDoesNotHideTheInput(file: String) throws {
        let box = try board()
        try breakFile(file, box)
        let probe = LMSensorsProbe(root: box.root)
        #expect(probe.energyAvailability().status == .present)
        #expect(probe.energyAvailability(named: ["VDD_IN"]).status == .present)
    }

    /// The other socket's energy alone is not the box's.
    @Test func aPackageThatFailsIsNotLeftOutOfTheTotal() throws {
        let box = try box([
            "name": "amd_energy", "energy1_label": "Esocket0", "energy1_input": "5000000",
            "energy2_label": "Esocket1", "energy2_input": "6000000", "energy3_label": "Ecore000", "energy3_input": "1",
        ])
        try breakFile("energy2_input", box)
        #expect(answer(box).status == .broken)
        try box.remove("\(hwmon)/energy2_input")
        try box.write("\(hwmon)/energy2_input", "6000000\n")
        try breakFile("energy3_input", box)
        #expect(LMSensorsProbe(root: box.root).energyAvailability().status == .present)
    }

    @Test func aHiddenChipIsMaskedAndNoDriverIsMissing() throws {
        let box = try FixtureTree()
        try box.link(hwmon, "../../devices/platform/i2c/i2c-1/1-0040/hwmon/hwmon0")
        let availability = answer(box)
        #expect(availability.status == .masked)
        #expect(availability.remedy?.description.contains("modprobe") == false)
        #expect(LMSensorsProbe(root: box.root).availability().status == .masked)
    }

    /// in4 to in6 are microvolts at the shunts.
    @Test func shuntVoltagesAreNoSupplyVoltages() throws {
        let box = try board()
        for (name, text) in [("in4_input", "40"), ("in5_input", "6"), ("in7_input", "46")] {
            try box.write("\(hwmon)/\(name)", text + "\n")
        }
        try box.write("\(hwmon)/in5_label", "R5\n")
        let features = LMSensorsProbe(root: box.root).survey().chips[0].features.filter { $0.kind == .voltage }
        #expect(
            features.map(\.label) == [
                "VDD_IN", "VDD_CPU", "VDD_SOC", "shunt voltage 1", "R5", "sum of shunt voltages",
            ])
        let microvolts = features.suffix(3).map { ($0.value * 1e6).rounded() }
        #expect(microvolts == [40, 6, 46])
        // Another chip's in4 is what it says.
        try box.write("\(hwmon)/name", "ina2xx\n")
        #expect(LMSensorsProbe(root: box.root).survey().chips[0].features.contains { $0.value == 0.04 })
    }

    /// Two chips of one driver on a bus that has no address.
    @Test func chipsOfOneNameAreToldApart() throws {
        let box = try FixtureTree()
        for (number, milliwatts) in [(0, "5000000"), (3, "7000000")] {
            try box.write(under: "sys/class/hwmon/hwmon\(number)", ["name": "ina2xx", "power1_input": milliwatts])
        }
        try box.write(under: "sys/class/hwmon/hwmon5", ["name": "coretemp", "temp1_input": "45000"])
        let probe = LMSensorsProbe(root: box.root)
        #expect(
            probe.survey().chips.map(\.name) == [
                "ina2xx-virtual-0@hwmon0", "ina2xx-virtual-0@hwmon3", "coretemp-virtual-0",
            ])
        #expect(probe.readings().readings.map(\.value) == [5, 7, 45])
        let rails = PowerRails(
            PowerRail.all(of: probe.survey().chips), named: ["ina2xx-virtual-0@hwmon3/power1"])
        #expect(rails.counted.map(\.identifier) == ["ina2xx-virtual-0@hwmon3/power1"])
        #expect(rails.counted.map(\.driver) == ["ina2xx"])
    }
}
