import LMSensors
import ProbeKit
import SystemIO
import TestSupport
import Testing

/// The names that libsensors 3.6.0 gives, for every kind of bus (lib/sysfs.c, lib/access.c).
@Suite("Addresses of chips")
struct HwmonAddressTests {
    /// The name of a chip below a device, less the driver's part.
    private func address(of device: String, on subsystem: String?, adapter: String? = nil) throws -> String {
        let tree = try FixtureTree()
        let place = "sys/devices/\(device)"
        let name = device.split(separator: "/").last.map(String.init) ?? device
        try tree.write(under: "\(place)/hwmon/hwmon0", ["name": "chip", "temp1_input": "40000"])
        try tree.link("\(place)/hwmon/hwmon0/device", "../../../\(name)")
        if let subsystem { try tree.link("\(place)/subsystem", "/nowhere/bus/\(subsystem)") }
        try tree.link("sys/class/hwmon/hwmon0", "../../devices/\(device)/hwmon/hwmon0")
        if let adapter {
            let number = name.prefix { $0 != "-" }
            try tree.write(under: "sys/class/i2c-adapter/i2c-\(number)/device", ["name": adapter])
        }
        let chips = LMSensorsProbe(root: tree.root).survey().chips
        return String(try #require(chips.first).name.dropFirst("chip-".count))
    }

    @Test(
        "each bus has its own form",
        arguments: [
            ("0000:01:00.0", "pci", "pci-0100"), ("0000:00:18.3", "pci", "pci-00c3"),
            ("0001:01:00.0", "pci", "pci-10100"), ("ffff:ff:1f.7", "pci", "pci-ffffffff"),
            // Domains of more than 16 bits: Intel's VMD.
            ("10000:e1:00.0", "pci", "pci-e100"), ("10001:02:00.1", "pci", "pci-10201"),
            ("coretemp.1", "platform", "isa-0001"), ("nct6775.656", "platform", "isa-0290"),
            ("pwm-fan.3", "platform", "isa-0000"), ("kerf.2.auto", "platform", "isa-0002"),
            ("18000000.wmac", "platform", "isa-0000"), ("PNP0C14:01", "platform", "isa-0000"),
            ("thermal.65536", "of_platform", "isa-10000"), ("power.4294967297", "platform", "isa-0001"),
            ("1-0040", "i2c", "i2c-1-40"), ("12-0008", "i2c", "i2c-12-08"), ("3-a050", "i2c", "i2c-3-a050"),
            ("9191-0290", "i2c", "isa-0290"), ("40000-0048", "i2c", "i2c--25536-48"),
            ("i2c-INT3496:00", "i2c", "virtual-0"),
            ("spi0.1", "spi", "spi-0-1"), ("spi32.10", "spi", "spi-32-a"),
            ("LNXTHERM:00", "acpi", "acpi-0"), ("PNP0C0A:01", "acpi", "acpi-0"),
            ("0003:1E71:2007.0005", "hid", "hid-3-5"), ("0018:04F3:2F1A.00AB", "hid", "hid-24-ab"),
            ("stmmac-1:03", "mdio_bus", "mdio-3"), ("d0072004.mdio-mii:10", "mdio_bus", "mdio-a"),
            ("phy", "mdio_bus", "mdio-0"), ("fixed-0:1f", "mdio_bus", "mdio-1"),
            ("2:0:1:3", "scsi", "scsi-2-13"), ("0:1:0:0", "scsi", "scsi-0-100"), ("10:0:17:a", "scsi", "scsi-10-11a"),
            ("1-1:1.0", "usb", "virtual-0"), ("mmc1:0001:1", "sdio", "virtual-0"), ("serial0", "serio", "virtual-0"),
        ] as [(String, String, String)])
    func forms(device: String, subsystem: String, expected: String) throws {
        #expect(try address(of: "parent/\(device)", on: subsystem) == expected)
    }

    @Test(
        "without a subsystem the form of the name decides",
        arguments: [
            ("1-0040", "i2c-1-40"), ("spi0.1", "spi-0-1"), ("10000:e1:00.0", "pci-e100"),
            ("coretemp.0", "isa-0000"), ("anything", "isa-0000"),
        ] as [(String, String)])
    func bare(device: String, expected: String) throws {
        #expect(try address(of: "parent/\(device)", on: nil) == expected)
    }

    @Test("an adapter that is named so stands for the ISA bus")
    func isaAdapter() throws {
        #expect(try address(of: "parent/0-0290", on: "i2c", adapter: "ISA main adapter") == "isa-0290")
        #expect(try address(of: "parent/0-0029", on: "i2c", adapter: "SMBus I801 adapter") == "i2c-0-29")
    }

    /// Drives behind a controller of Intel's, whose bus is a domain of its own, each reached through its class device.
    @Test("drives behind PCI domain 10000 are told apart")
    func wideDomain() throws {
        let tree = try FixtureTree()
        for (number, bus) in ["e1", "e2"].enumerated() {
            let drive = "sys/devices/pci0000:00/0000:00:0e.0/pci10000:e0/10000:\(bus):00.0"
            let controller = "\(drive)/nvme/nvme\(number)"
            try tree.link("\(drive)/subsystem", "../../../../../bus/pci")
            try tree.link("\(controller)/subsystem", "../../../../../../../class/nvme")
            try tree.link("\(controller)/device", "../../../10000:\(bus):00.0")
            try tree.write(under: "\(controller)/hwmon\(number)", ["name": "nvme", "temp1_input": "40850"])
            try tree.link("\(controller)/hwmon\(number)/device", "../../nvme\(number)")
            try tree.link(
                "sys/class/hwmon/hwmon\(number)", "../../\(controller.dropFirst("sys/".count))/hwmon\(number)")
        }
        let chips = LMSensorsProbe(root: tree.root).survey().chips
        #expect(chips.map(\.name) == ["nvme-pci-e100", "nvme-pci-e200"])
    }
}
