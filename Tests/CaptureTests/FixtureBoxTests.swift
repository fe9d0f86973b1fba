import Capture
import Foundation
import Host
import LMSensors
import PCI
import ProbeKit
import RAPL
import TestSupport
import Testing

/// The made-up boxes that every clone has, recorded and unpacked.
struct FixtureBoxTests {
    /// What the probes read below a root.
    private struct View: Equatable {
        let domains: EnergyDomainTree
        let energies: [Reading]
        let chips: [String]
        let devices: [PCIDevice]?
        let identity: HostIdentity?
        let counters: HostCounters?

        init(_ root: SystemRoot) {
            domains = RAPLProbe(root: root).tree()
            energies = RAPLProbe(root: root).readings().readings
            chips = LMSensorsProbe(root: root).survey().chips.map { "\($0.name) \($0.features)" }
            devices = try? PCIProbe(root: root).devices()
            identity = try? HostProbe(root: root).identity()
            counters = try? HostProbe(root: root).counters()
        }
    }

    private func recorded(_ box: FixtureTree) throws -> (archive: [UInt8], copy: FixtureTree) {
        var recorder = CaptureRecorder(root: box.root, kerfVersion: "0")
        let archive = try recorder.record().archive
        let copy = try FixtureTree()
        try Capture(archive, name: "box.tar").unpack(into: copy.path)
        return (archive, copy)
    }

    private static let boxes =
        FixtureBoxes.names.map { ($0, false) } + [("jetson-ina3221", true), ("xeon-two-socket-dram", true)]

    @Test(arguments: boxes) func boxesAreReadAsThemselves(_ name: String, flattened: Bool) throws {
        let box = try FixtureBoxes.copy(name, flattened: flattened)
        let view = View(box.root)
        #expect(!view.domains.domains.isEmpty || view.identity != nil, "nothing of the box is seen")
        let copy = try recorded(box).copy
        #expect(View(copy.root) == view)
    }

    /// The other interfaces' files come through unchanged.
    @Test func batteriesFrequenciesAndPMUsAreRecorded() throws {
        let box = try FixtureBoxes.copy("hybrid-laptop-battery")
        let copy = try recorded(box).copy
        for path in [
            "sys/class/power_supply/BAT0/current_now", "sys/class/power_supply/hidpp_battery_0/scope",
            "sys/devices/system/cpu/cpufreq/policy2/scaling_max_freq",
            "sys/devices/system/cpu/cpu2/cpufreq/scaling_max_freq",
            "sys/bus/event_source/devices/power/events/energy-psys", "sys/devices/cpu_atom/cpus",
            "sys/class/thermal/thermal_zone1/temp", "sys/class/dmi/id/product_name",
        ] { #expect(try copy.text(path) == box.text(path), "\(path)") }
    }

    private static let secrets = [
        "kerfbox.example.org", "kerfbox", "PF9TESTED", "a2:b3:c4:d5:e6:f7", "a2b3c4d5e6f7", "BAT-4711-0815",
        "100000005678abcd", "3e5f1a2b3c4d5e6f",
    ]

    /// Host names, serial numbers and addresses are in no capture, and removing them changes no reading.
    @Test(arguments: FixtureBoxes.names) func whatNamesABoxIsTakenOut(_ name: String) throws {
        let box = try FixtureBoxes.copy(name)
        try box.write("proc/sys/kernel/hostname", "kerfbox.example.org\n")
        try box.write(
            under: "sys/class/dmi/id",
            [
                "product_serial": "PF9TESTED", "board_name": "Board PF9TESTED of kerfbox",
                "sys_vendor": "Fixture Systems",
            ])
        try box.write("sys/class/net/eth0/address", "a2:b3:c4:d5:e6:f7\n")
        try box.write(
            under: "sys/class/power_supply/BAT0", ["serial_number": "BAT-4711-0815", "type": "Battery"])
        try box.write("sys/devices/system/cpu/cpu0/topology/ppin", "0x3e5f1a2b3c4d5e6f\n")
        try box.write("etc/sensors3.conf", "# kerfbox, nic-A2-B3-C4-D5-E6-F7, xa2b3c4d5e6f7\n")
        if let processors = try? box.text("proc/cpuinfo") {
            try box.write("proc/cpuinfo", processors + "Serial\t\t: 100000005678abcd\n")
        }
        let (archive, copy) = try recorded(box)
        let bytes = Data(archive)
        for secret in Self.secrets {
            for spelling in [secret, secret.uppercased(), secret.replacing(":", with: "-").uppercased()] {
                #expect(bytes.range(of: Data(spelling.utf8)) == nil, "\(spelling)")
            }
        }
        #expect(View(copy.root) == View(box.root))
        #expect(try copy.text("sys/class/power_supply/BAT0/serial_number") == "removed\n")
    }
}
