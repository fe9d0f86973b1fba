import Capture
import Foundation
import Glibc
import Host
import LMSensors
import PCI
import ProfileFormat
import RAPL
import SystemIO
import SystemPackage
import TestSupport
import Testing

struct RecordingTests {
    private func record(_ tree: FixtureTree) throws -> (archive: [UInt8], manifest: CaptureManifest) {
        var recorder = CaptureRecorder(root: tree.root, kerfVersion: "0")
        return try recorder.record(views: ["doctor.json": "{\"host\": \"kerfbox\"}\n"])
    }

    private func unpacked(_ tree: FixtureTree) throws -> FixtureTree {
        let copy = try FixtureTree()
        try Capture(record(tree).archive, name: "box.tar").unpack(into: copy.path)
        return copy
    }

    @Test func nothingThatNamesTheBoxIsInIt() throws {
        let box = try SyntheticBox()
        let bytes = try record(box.tree).archive
        for secret in SyntheticBox.secrets {
            for spelling in [secret, secret.lowercased(), secret.uppercased()] {
                #expect(!contains(bytes, Array(spelling.utf8)), "\(spelling)")
            }
        }
        #expect(!contains(bytes, SyntheticBox.pciSerial))
        #expect(!contains(bytes, Array("f5 e4 d3 ff".utf8)), "the dump holds the serial number")
        #expect(!contains(bytes, Array("resource0".utf8)))
        // The rest is what it was.
        let copy = try unpacked(box.tree)
        #expect(try copy.text("sys/class/power_supply/BAT0/power_now") == "7300000\n")
        #expect(try copy.text("sys/class/power_supply/BAT0/serial_number") == "removed\n")
        #expect(
            try copy.text("sys/class/power_supply/BAT0/uevent")
                == "POWER_SUPPLY_NAME=BAT0\nPOWER_SUPPLY_SERIAL_NUMBER=removed\nPOWER_SUPPLY_STATUS=Full\n")
        #expect(try copy.text("proc/version") == "Linux version 6.1.0 (removed@removed) (gcc 12.2 (Debian)) #1\n")
        // A link to a device that is called after its address still meets it.
        let supplies = copy.root.names(in: copy.file("sys/class/power_supply"))
        let mouse = try #require(supplies.first { $0.hasPrefix("hid-00:00:00:00:00:") })
        #expect(try copy.text("sys/class/power_supply/\(mouse)/capacity") == "80\n")
    }

    /// A capture may hold no link that leaves `sys`, not even to come back.
    @Test(arguments: ["/devices/chip", "../../../sys/devices/chip"])
    func aLinkThatCannotBeRecordedIsListed(target: String) throws {
        let tree = try FixtureTree()
        try tree.write(under: "sys/devices/chip", ["name": "chip", "temp1_input": "41000"])
        try tree.link("sys/class/hwmon/hwmon0", target)
        let manifest = try record(tree).manifest
        #expect(manifest.omitted.map(\.path) == ["sys/class/hwmon/hwmon0"])
        #expect(manifest.omitted.allSatisfy { $0.reason.contains("leads out") })
    }

    @Test(.enabled(if: geteuid() != 0, "root may list any directory"))
    func aDirectoryThatCannotBeListedIsListed() throws {
        let tree = try FixtureTree()
        try tree.write(under: "sys/class/hwmon/hwmon0", ["name": "chip"])
        let place = "sys/class/powercap"
        try tree.directory(place)
        try #require(chmod(tree.file(place).string, 0) == 0)
        defer { chmod(tree.file(place).string, 0o700) }
        #expect(try record(tree).manifest.unreadable.map(\.path) == [place])
    }

    @Test func theUnpackedBoxIsReadAsTheBoxItself() throws {
        let box = try SyntheticBox()
        let copy = try unpacked(box.tree)
        let devices = try PCIProbe(root: copy.root).devices()
        #expect(devices == (try PCIProbe(root: box.tree.root).devices()) && devices.count == 1)
        #expect(try PCIDump.survey(of: copy.file("kerf/lspci.txt")).devices.map(\.identifier) == ["8086:15bc"])
        let chip = try #require(LMSensorsProbe(root: copy.root).survey().chips.first)
        #expect(chip.name.hasSuffix("-pci-00fe") && chip.features.map(\.value) == [41, 42])
        #expect(RAPLProbe(root: copy.root).tree().domains.map(\.identifier) == ["package-0"])
        #expect(try HostProbe(root: copy.root).identity().cpuModel == "Some CPU")
    }

    @Test(
        .enabled(if: SharedBoxes.arePresent, Comment(rawValue: SharedBoxes.reason)),
        arguments: ["thinkpad-l480", "threadripper-1950x-two-dies", "mixed-client", "intel-hybrid-6p8e"])
    func realBoxesAreReadAsThemselves(_ name: String) throws {
        let box = try SharedBoxes.materialised(name)
        let copy = try unpacked(box)
        #expect(RAPLProbe(root: copy.root).tree() == RAPLProbe(root: box.root).tree())
        let features = { (root: SystemRoot) in
            LMSensorsProbe(root: root).survey().chips.map { "\($0.name) \($0.features)" }
        }
        #expect(features(copy.root) == features(box.root))
        #expect((try? HostProbe(root: copy.root).identity()) == (try? HostProbe(root: box.root).identity()))
    }

    @Test func aLinkThatLeadsOutOfTheTreeIsNotFollowed() throws {
        let box = try SyntheticBox()
        let zone = "sys/devices/virtual/powercap/intel-rapl/intel-rapl:0"
        try box.tree.write(under: "elsewhere", ["name": "package-9"])
        try box.tree.remove("\(zone)/energy_uj")
        try box.tree.link("\(zone)/energy_uj", box.tree.file("elsewhere/name").string)
        try box.tree.link("sys/class/powercap/intel-rapl:1", box.tree.file("elsewhere").string)
        let copy = try unpacked(box.tree)
        #expect(copy.root.names(in: copy.file(zone)) == ["enabled", "max_energy_range_uj", "name"])
        #expect(copy.root.names(in: copy.file("sys/class/powercap")) == ["intel-rapl", "intel-rapl:0"])
    }

    @Test func theSameBoxGivesTheSameBytes() throws {
        let box = try SyntheticBox()
        #expect(try record(box.tree).archive == record(box.tree).archive)
    }

    @Test func aTreeWithoutABoxIsRefused() throws {
        let tree = try FixtureTree()
        try tree.write("home/me/letter", "dear")
        #expect(throws: KerfError.self) { try record(tree) }
    }

    /// Any tar reads it.
    @Test func tarListsIt() throws {
        let box = try SyntheticBox()
        let folder = try FixtureTree()
        try folder.write("box.tar", bytes: record(box.tree).archive)
        try folder.directory("out")
        #expect(system("tar -x -f '\(folder.file("box.tar"))' -C '\(folder.file("out"))'") == 0)
        #expect(try folder.text("out/sys/class/hwmon/hwmon0/temp1_input") == "41000\n")
    }

    private func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool { Data(bytes).range(of: Data(part)) != nil }
}
