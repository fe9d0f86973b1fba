import PCI
import ProbeKit
import SystemIO
import SystemPackage
import TestSupport
import Testing

@Suite("PCI devices of a tree")
struct PCIProbeTests {
    static let names = """
        10de  Planted Vendor
        \t2331  Planted Accelerator
        C 03  Display controller
        \t02  3D controller

        """

    @Test("ids, names and link, whether the entry is a link or a text file", arguments: [false, true])
    func device(flattened: Bool) throws {
        let fixture = try PCIFixture()
        // 32 GT/s x16 at best, 2.5 GT/s x8 now.
        try fixture.add(
            "0000:41:00.0", configuration: PCIFixture.configuration(capabilities: 0x105, status: 0x81),
            flattened: flattened)
        let survey = try fixture.probe(names: Self.names).survey()
        #expect(survey.failures.isEmpty)
        let device = try #require(survey.devices.first)
        #expect(device.address == "0000:41:00.0")
        #expect(device.identifier == "10de:2331")
        #expect(device.classCode == 0x0302)
        #expect(device.title == "Planted Vendor Planted Accelerator")
        #expect(device.summary == "10de:2331 3D controller")
        #expect(
            device.link
                == PCILink(
                    currentGigatransfersPerSecond: 2.5, bestGigatransfersPerSecond: 32, currentWidth: 8,
                    bestWidth: 16))
        #expect(device.link?.isBelowBest == true)
    }

    @Test("every speed that the specification names", arguments: zip([1, 2, 3, 4, 5, 6], [2.5, 5, 8, 16, 32, 64]))
    func speeds(code: Int, speed: Double) throws {
        let fixture = try PCIFixture()
        try fixture.add(
            "0000:01:00.0",
            configuration: PCIFixture.configuration(
                capabilities: 0x40 | UInt32(code), status: 0x40 | UInt16(code)))
        let link = try #require(try fixture.probe().devices().first?.link)
        #expect(link.currentGigatransfersPerSecond == speed && link.bestGigatransfersPerSecond == speed)
        #expect(link.currentWidth == 4 && link.bestWidth == 4 && !link.isBelowBest)
    }

    @Test("a link that is down has no speed; root complex parts and widthless devices have no link")
    func noLink() throws {
        let fixture = try PCIFixture()
        try fixture.add(
            "0000:00:01.0", configuration: PCIFixture.configuration(type: 4, capabilities: 0x43, status: 0x01))
        try fixture.add(
            "0000:00:02.0", configuration: PCIFixture.configuration(type: 9, capabilities: 0x43, status: 0x43))
        try fixture.add("0000:00:03.0", configuration: PCIFixture.configuration(capabilities: 0, status: 0))
        let devices = try fixture.probe().devices()
        #expect(devices.map(\.link) == [PCILink(bestGigatransfersPerSecond: 8, bestWidth: 4), nil, nil])
    }

    @Test("64 bytes of configuration space, as without privileges: the link comes from sysfs")
    func unprivileged() throws {
        let fixture = try PCIFixture()
        let bytes = PCIFixture.configuration(capabilities: 0x105, status: 0x81)
        try fixture.add("0000:01:00.0", configuration: Array(bytes[..<64]))
        try fixture.tree.write(
            under: "sys/devices/pci0000:00/0000:01:00.0",
            [
                "current_link_speed": "16.0 GT/s PCIe", "max_link_speed": "32.0 GT/s PCIe",
                "current_link_width": "16", "max_link_width": "16",
            ])
        try fixture.add("0000:02:00.0", configuration: Array(bytes[..<64]))
        try fixture.tree.write(
            under: "sys/devices/pci0000:00/0000:02:00.0",
            [
                "current_link_speed": "Unknown", "max_link_speed": "junk", "current_link_width": "0",
                "max_link_width": "255",
            ])
        let devices = try fixture.probe().devices()
        #expect(devices.map(\.identifier) == ["10de:2331", "10de:2331"])
        #expect(
            devices.map(\.link) == [
                PCILink(
                    currentGigatransfersPerSecond: 16, bestGigatransfersPerSecond: 32, currentWidth: 16,
                    bestWidth: 16), nil,
            ])
    }

    @Test("without pci.ids devices go by number; a damaged one is no worse", arguments: ["", "10de no\n\t\t\tfoo\n"])
    func withoutNames(list: String) throws {
        let fixture = try PCIFixture()
        try fixture.add("0000:01:00.0", configuration: PCIFixture.configuration(capabilities: 0x43, status: 0x43))
        let probe = try fixture.probe(names: list)
        let device = try #require(try probe.devices().first)
        #expect(device.title == "10de:2331" && device.kind == "class 0302")
        #expect(probe.availability().status == .present)
        #expect(probe.availability().reason.contains("pci.ids"))
    }

    @Test("a device that has gone, or makes no sense, does not cost the others or the process")
    func badDevices() throws {
        let fixture = try PCIFixture()
        let good = PCIFixture.configuration(capabilities: 0x43, status: 0x43)
        try fixture.add("0000:05:00.0", configuration: good)
        try fixture.tree.directory("sys/bus/pci/devices/0000:01:00.0")
        try fixture.tree.directory("sys/bus/pci/devices/not-an-address")
        try fixture.tree.directory("sys/bus/pci/devices/ffffffff:00:00.0")
        try fixture.tree.link("sys/bus/pci/devices/0000:02:00.0", "../../../devices/gone")
        try fixture.add("0000:03:00.0", configuration: [UInt8](repeating: 0xFF, count: 256))
        try fixture.add("0000:04:00.0", configuration: Array(good[..<16]), flattened: true)
        try fixture.add("0000:06:00.0", configuration: good)
        try fixture.tree.write("sys/devices/pci0000:00/0000:06:00.0/vendor", "junk")
        let survey = try fixture.probe().survey()
        #expect(survey.devices.map(\.address) == ["0000:05:00.0"])
        #expect(survey.failures.count == 7)
        #expect(survey.failures.allSatisfy { $0.location != nil })
    }

    @Test("attributes and configuration space that an archive padded to a page are read", arguments: [false, true])
    func padded(flattened: Bool) throws {
        let fixture = try PCIFixture()
        let address = "0000:01:00.0"
        let configuration = PCIFixture.configuration(capabilities: 0x43, status: 0x43)
        try fixture.add(address, configuration: configuration, flattened: flattened)
        let directory = "sys/devices/pci0000:00/\(address)"
        let pad = { (bytes: [UInt8]) in bytes + [UInt8](repeating: 0, count: 4096 - bytes.count) }
        for name in ["vendor", "device", "class", "revision"] {
            let bytes = Array(try fixture.tree.text("\(directory)/\(name)").utf8)
            try fixture.tree.write("\(directory)/\(name)", bytes: pad(bytes))
        }
        try fixture.tree.write("\(directory)/config", bytes: pad(configuration))
        let survey = try fixture.probe().survey()
        #expect(survey.failures.isEmpty)
        #expect(survey.devices.map(\.identifier) == ["10de:2331"])
        #expect(survey.devices.first?.classCode == 0x0302 && survey.devices.first?.link?.currentWidth == 4)
    }

    @Test("a list of capabilities that runs in a circle ends")
    func circularCapabilities() throws {
        let fixture = try PCIFixture()
        var bytes = PCIFixture.configuration(capabilities: 0x43, status: 0x43)
        bytes[0x40] = 0x05
        bytes[0x41] = 0x40
        try fixture.add("0000:01:00.0", configuration: bytes)
        #expect(try fixture.probe().devices().map(\.link) == [nil])
    }

    @Test("no bus is absent, with a remedy; an empty one too")
    func absent() throws {
        let fixture = try PCIFixture()
        let probe = try fixture.probe()
        #expect(probe.availability().status == .absent)
        #expect(probe.availability().remedy != nil)
        #expect(throws: KerfError.self) { try probe.devices() }
        #expect(probe.readings().failures.map(\.code) == [.notFound])
        try fixture.tree.directory("sys/bus/pci/devices")
        #expect(probe.availability().status == .absent)
        #expect(try probe.devices().isEmpty)
    }

    @Test("a bus that is there and gives no device is not absent: hidden, broken or not to be believed")
    func notAbsent() throws {
        let masked = try PCIFixture()
        try masked.tree.link("sys/bus/pci/devices/0000:02:00.0", "../../../devices/gone")
        let availability = try masked.probe().availability()
        #expect(availability.status == .masked && availability.remedy != nil)
        #expect(availability.reason.contains("0000:02:00.0"))

        let broken = try PCIFixture()
        try broken.tree.directory("sys/bus/pci/devices/not-an-address")
        #expect(try broken.probe().availability().status == .broken)

        let ones = try PCIFixture()
        try ones.add("0000:03:00.0", configuration: [UInt8](repeating: 0xFF, count: 256))
        #expect(try ones.probe().availability().status == .implausible)

        // A link to itself cannot be listed by anyone.
        let closed = try PCIFixture()
        try closed.tree.link("sys/bus/pci/devices", "devices")
        #expect(try closed.probe().availability().status == .broken)
    }

    @Test("readings count devices and lanes")
    func readings() throws {
        let fixture = try PCIFixture()
        try fixture.add("0000:01:00.0", configuration: PCIFixture.configuration(capabilities: 0x43, status: 0x43))
        #expect(
            try fixture.probe().readings().readings == [
                Reading(sensor: "devices", value: 1, unit: .count),
                Reading(sensor: "0000:01:00.0/link lanes", value: 4, unit: .count),
            ])
    }
}
