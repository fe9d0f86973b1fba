import PCI
import SystemPackage
import TestSupport

/// Writes devices into a tree as the kernel shows them.
struct PCIFixture {
    let tree: FixtureTree

    init() throws { tree = try FixtureTree() }

    /// A probe that names devices by the fixture's own list, or by none.
    func probe(names: String? = nil) throws -> PCIProbe {
        try tree.write("pci.ids", names ?? "")
        return PCIProbe(root: tree.root, namesFile: tree.file("pci.ids"))
    }

    /// Configuration space with a PCI Express capability at 0x40, whose link registers are these.
    static func configuration(
        vendor: UInt16 = 0x10DE, device: UInt16 = 0x2331, class code: UInt16 = 0x0302, type: UInt8 = 0,
        capabilities: UInt32, status: UInt16
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 256)
        put(vendor, 0x00, &bytes)
        put(device, 0x02, &bytes)
        put(0x0010, 0x06, &bytes)  // Status: there is a list of capabilities.
        put(code, 0x0A, &bytes)
        bytes[0x34] = 0x40
        bytes[0x40] = 0x10
        bytes[0x42] = 2 | type << 4
        put(UInt16(capabilities & 0xFFFF), 0x4C, &bytes)
        put(UInt16(capabilities >> 16), 0x4E, &bytes)
        put(status, 0x52, &bytes)
        return bytes
    }

    private static func put(_ value: UInt16, _ offset: Int, _ bytes: inout [UInt8]) {
        bytes[offset] = UInt8(value & 0xFF)
        bytes[offset + 1] = UInt8(value >> 8)
    }

    /// Adds a device; `flattened` writes its entry as a text file, as an archive without links holds it.
    func add(_ address: String, configuration: [UInt8], flattened: Bool = false) throws {
        let directory = "sys/devices/pci0000:00/\(address)"
        let word = { (offset: Int) in
            let digits = String(UInt16(configuration[offset]) | UInt16(configuration[offset + 1]) << 8, radix: 16)
            return String(repeating: "0", count: 4 - digits.count) + digits
        }
        try tree.write(
            under: directory,
            ["vendor": "0x" + word(0), "device": "0x" + word(2), "class": "0x\(word(0x0A))00", "revision": "0x01"])
        try tree.write("\(directory)/config", bytes: configuration)
        let target = "../../../devices/pci0000:00/\(address)"
        if flattened {
            try tree.write("sys/bus/pci/devices/\(address)", target)
        } else {
            try tree.link("sys/bus/pci/devices/\(address)", target)
        }
    }
}
