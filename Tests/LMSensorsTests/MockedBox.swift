import FoundationEssentials
import Glibc
import LMSensors
import SystemPackage
import TestSupport

/// One box in two forms: a tree of files, and a description for umockdev, which shows it to a process as /sys.
struct MockedBox {
    private struct Device {
        var path: String
        var subsystem: String
        var attributes: KeyValuePairs<String, String> = [:]
        /// Target of the `device` link.
        var device: String?
    }

    /// One chip on each kind of bus; none of them has an entry in the board configuration that Debian ships.
    private static let devices = [
        Device(path: "platform/coretemp.1", subsystem: "platform"),
        Device(
            path: "platform/coretemp.1/hwmon/hwmon0", subsystem: "hwmon",
            attributes: [
                "name": "coretemp", "temp1_input": "45000", "temp1_label": "Package id 1", "temp1_max": "84000",
                "temp1_crit": "100000", "temp2_input": "-3500",
            ], device: "../../../coretemp.1"),
        Device(path: "pci0000:00/0000:03:00.0", subsystem: "pci"),
        Device(
            path: "pci0000:00/0000:03:00.0/hwmon/hwmon1", subsystem: "hwmon",
            attributes: [
                "name": "amdgpu", "power1_average": "35125000", "power1_input": "36000000", "in0_input": "831",
                "in0_label": "vddgfx", "fan1_input": "900", "fan1_max": "3300", "energy1_input": "123456789",
            ], device: "../../../0000:03:00.0"),
        Device(path: "platform/i2c/i2c-1/1-0040", subsystem: "i2c"),
        Device(
            path: "platform/i2c/i2c-1/1-0040/hwmon/hwmon2", subsystem: "hwmon",
            attributes: [
                "name": "ina3221", "in1_input": "19048", "in1_label": "VDD_IN", "curr1_input": "248",
                "curr1_max": "4000", "curr1_crit": "5000",
            ], device: "../../../1-0040"),
        Device(path: "pci0000:00/0000:04:00.0", subsystem: "pci"),
        Device(
            path: "pci0000:00/0000:04:00.0/nvme/nvme0", subsystem: "nvme", device: "../../../0000:04:00.0"),
        Device(
            path: "pci0000:00/0000:04:00.0/nvme/nvme0/hwmon3", subsystem: "hwmon",
            attributes: ["name": "nvme", "temp1_input": "38850", "temp1_label": "Composite"], device: "../../nvme0"),
        Device(path: "LNXSYSTM:00/LNXTHERM:00", subsystem: "acpi"),
        Device(
            path: "LNXSYSTM:00/LNXTHERM:00/hwmon/hwmon4", subsystem: "hwmon",
            attributes: ["name": "acpitz", "temp1_input": "27800"], device: "../../../LNXTHERM:00"),
        Device(
            path: "virtual/hwmon/hwmon5", subsystem: "hwmon",
            attributes: ["name": "pch_cannonlake", "temp1_input": "50000"]),
        // A drive in a PCI domain of more than 16 bits.
        Device(path: "pci0000:00/0000:00:0e.0/pci10000:e0/10000:e1:00.0", subsystem: "pci"),
        Device(
            path: "pci0000:00/0000:00:0e.0/pci10000:e0/10000:e1:00.0/nvme/nvme1", subsystem: "nvme",
            device: "../../../10000:e1:00.0"),
        Device(
            path: "pci0000:00/0000:00:0e.0/pci10000:e0/10000:e1:00.0/nvme/nvme1/hwmon6", subsystem: "hwmon",
            attributes: ["name": "nvme", "temp1_input": "41850"], device: "../../nvme1"),
        Device(path: "platform/stmmac/mdio_bus/stmmac-1/stmmac-1:10", subsystem: "mdio_bus"),
        Device(
            path: "platform/stmmac/mdio_bus/stmmac-1/stmmac-1:10/hwmon/hwmon7", subsystem: "hwmon",
            attributes: ["name": "phy", "temp1_input": "51000"], device: "../../../stmmac-1:10"),
        Device(path: "platform/ata1/host2/target2:0:1/2:0:1:3", subsystem: "scsi"),
        Device(
            path: "platform/ata1/host2/target2:0:1/2:0:1:3/hwmon/hwmon8", subsystem: "hwmon",
            attributes: ["name": "drivetemp", "temp1_input": "33000"], device: "../../../2:0:1:3"),
        Device(path: "platform/uhid/0003:1E71:2007.0005", subsystem: "hid"),
        Device(
            path: "platform/uhid/0003:1E71:2007.0005/hwmon/hwmon9", subsystem: "hwmon",
            attributes: ["name": "kraken2", "fan1_input": "1200"], device: "../../../0003:1E71:2007.0005"),
        Device(path: "platform/spi_master/spi0.10", subsystem: "spi"),
        Device(
            path: "platform/spi_master/spi0.10/hwmon/hwmon10", subsystem: "hwmon",
            attributes: ["name": "adc", "in0_input": "1250"], device: "../../../spi0.10"),
        Device(path: "platform/PNP0C14:01", subsystem: "platform"),
        Device(
            path: "platform/PNP0C14:01/hwmon/hwmon11", subsystem: "hwmon",
            attributes: ["name": "wmi", "temp1_input": "29000"], device: "../../../PNP0C14:01"),
    ]

    static let chipCount = devices.filter { $0.subsystem == "hwmon" }.count

    let tree: FixtureTree

    init() throws {
        tree = try FixtureTree()
        var description = ""
        for device in Self.devices {
            let directory = "sys/devices/\(device.path)"
            let up = String(repeating: "../", count: device.path.split(separator: "/").count + 1)
            try tree.write(under: directory, device.attributes)
            description += "P: /devices/\(device.path)\nE: SUBSYSTEM=\(device.subsystem)\n"
            for (name, value) in device.attributes { description += "A: \(name)=\(value)\\n\n" }
            if let target = device.device {
                try tree.link("\(directory)/device", target)
                description += "L: device=\(target)\n"
            }
            let isClass = ["hwmon", "nvme"].contains(device.subsystem)
            let subsystem = (isClass ? "class/" : "bus/") + device.subsystem
            try tree.link("\(directory)/subsystem", up + subsystem)
            let name = device.path.split(separator: "/").last ?? ""
            try tree.link("sys/\(subsystem)\(isClass ? "" : "/devices")/\(name)", upFromClass(isClass) + device.path)
            description += "\n"
        }
        try tree.write("box.umockdev", description)
    }

    private func upFromClass(_ isClass: Bool) -> String { isClass ? "../../devices/" : "../../../devices/" }

    /// The test executable `sensor-reader` beside the test bundle.
    private static let reader: FilePath? = CommandLine.arguments.lazy
        .flatMap { [FilePath($0).removingLastComponent(), FilePath($0)] }
        .map { $0.appending("sensor-reader") }
        .first { access($0.string, X_OK) == 0 }

    struct Failed: Error { var status: Int32 }

    /// The chips as a process sees them whose /sys is this box.
    func readThroughLibsensors() throws -> [SensorChip] {
        let output = tree.file("chips.json")
        let mock = TestTool.umockdevPath?.string ?? ""
        let reader = Self.reader?.string ?? ""
        let status = system("'\(mock)' --device '\(tree.file("box.umockdev"))' -- '\(reader)' > '\(output)'")
        guard status == 0 else { throw Failed(status: status) }
        return try JSONDecoder().decode([SensorChip].self, from: Data(try tree.text("chips.json").utf8))
    }
}
