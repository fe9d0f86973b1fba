import Foundation
import SystemPackage
import TestSupport
import Testing

/// Two readers of one interface: in a replay libsensors reads the box, of a tree Kerf reads the same files itself.
@Suite("libsensors and the reader of hwmon files say the same")
struct SensorReadersTests {
    private struct Chip: Equatable, CustomStringConvertible {
        var name: String
        /// Their JSON, with sorted keys.
        var sensors: String

        var description: String { "\(name): \(sensors)" }
    }

    /// A capture without the links from chips to their devices: libsensors then knows no bus, and the reader of files takes it
    /// from the path. The drivers are compared.
    private static let withoutLinks = ["desktop-odd-sensors"]

    @Test(
        "of every fixture box", .enabled(if: ReplayTests.isPermitted, "this system permits no user namespaces"),
        arguments: FixtureBoxes.names)
    func fixtureBoxes(name: String) throws {
        let chips = try readings(of: try FixtureBoxes.path(name))
        guard Self.withoutLinks.contains(name) else {
            #expect(chips.libsensors == chips.own)
            return
        }
        let drivers = { (chips: [Chip]) in
            chips.map { Chip(name: String($0.name.prefix { $0 != "-" }), sensors: $0.sensors) }
        }
        #expect(drivers(chips.libsensors) == drivers(chips.own))
    }

    private static let odd: [String: KeyValuePairs<String, String>] = [
        "firmware without a reading": [
            "name": "power_meter", "power1_average": "4294967295000", "power1_average_interval": "4294967295",
        ],
        "shunt voltages": [
            "name": "ina3221", "in1_label": "VDD_IN", "in1_input": "5072", "curr1_input": "1000", "in4_input": "40",
            "in5_input": "6", "in7_input": "46", "in7_label": "sum of shunt voltages",
        ],
        "labels": [
            "name": "nct6798", "temp1_input": "30000", "temp1_label": "  CPU ", "temp2_input": "128000",
            "temp2_label": "\u{1B}[31mred", "temp3_input": "-62000", "temp3_label": String(repeating: "x", count: 300),
            "temp4_input": "1000", "temp4_label": " ", "fan1_input": "65535",
        ],
        "values that cannot be": [
            "name": "board", "temp1_input": "2147483647", "temp2_input": "-300000", "fan1_input": "-1",
            "curr1_input": "4294967295", "in0_input": "1000", "temp3_input": "41000", "temp3_fault": "1",
            "in1_input": "65535", "temp4_input": "-273150",
        ],
        "nothing to read": ["name": "pwmfan", "pwm1": "255"],
    ]

    @Test(
        "of chips with odd values", .enabled(if: ReplayTests.isPermitted, "this system permits no user namespaces"),
        arguments: odd.keys.sorted())
    func oddChips(kind: String) throws {
        let box = try self.box()
        for (name, text) in try #require(Self.odd[kind]) {
            try box.write("sys/class/hwmon/hwmon0/\(name)", text + "\n")
        }
        let chips = try readings(of: box.path.string)
        #expect(chips.libsensors == chips.own)
    }

    @Test(
        "of chips that share a name", .enabled(if: ReplayTests.isPermitted, "this system permits no user namespaces"))
    func twins() throws {
        let box = try box()
        for number in [1, 4] {
            try box.write(
                under: "sys/class/hwmon/hwmon\(number)", ["name": "ina2xx", "power1_input": "\(number)000000"])
        }
        let chips = try readings(of: box.path.string)
        #expect(chips.libsensors == chips.own)
        #expect(chips.own.map(\.name) == ["ina2xx-virtual-0@hwmon1", "ina2xx-virtual-0@hwmon4"])
    }

    private func box() throws -> FixtureTree {
        let box = try FixtureTree()
        try box.write("proc/cpuinfo", "processor\t: 0\nvendor_id\t: X\nmodel name\t: Made-up CPU\nflags\t\t: fpu\n\n")
        return box
    }

    /// What the doctor says of a tree, and of its capture in a replay.
    private func readings(of root: String) throws -> (libsensors: [Chip], own: [Chip]) {
        let workspace = try Workspace()
        let archive = workspace.path("box.tar")
        let captured = try KerfProcess.run("capture", "--root", root, "--out", archive)
        try #require(captured.status == 0, "\(captured.standardError)")
        let replayed = try KerfProcess.run("replay", archive, "--", "doctor", "--json")
        try #require(replayed.status == 0, "\(replayed.standardError)")
        let direct = try KerfProcess.run("doctor", "--json", "--root", root)
        return (try chips(replayed.standardOutput), try chips(direct.standardOutput))
    }

    private func chips(_ json: String) throws -> [Chip] {
        let report = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        return try #require(report?["sensor_chips"] as? [[String: Any]]).map { chip in
            let sensors = try #require(chip["sensors"] as? [[String: Any]])
            let text = try JSONSerialization.data(withJSONObject: sensors, options: [.sortedKeys])
            return Chip(name: try #require(chip["name"] as? String), sensors: String(decoding: text, as: UTF8.self))
        }
    }
}
