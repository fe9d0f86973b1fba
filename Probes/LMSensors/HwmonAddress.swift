import SystemIO
import SystemPackage

/// Bus and address of a chip, written as lm-sensors does: `isa-0000`, `pci-0100`, `i2c-1-40`.
///
/// The bus is the subsystem of the device that the hwmon directory belongs to. Where that is a class and not a bus
/// (`nvme`, `ieee80211`), or a bus without addresses of its own (`usb`, `sdio`), the device's parent device is used, and
/// so on upwards; a chip that no bus is found for is `virtual-0`.
///
/// Source: lm-sensors 3.6.0, lib/sysfs.c (`find_bus_type`, `classify_device`) and lib/access.c
/// (`sensors_snprintf_chip_name`).
struct HwmonAddress {
    let text: String

    init(of hwmon: FilePath, links: SysfsLinks) {
        var device = hwmon.appending("device")
        // Each iteration goes up by one device; the bound also ends a loop in an untrusted tree.
        for _ in 0..<16 {
            guard let place = links.directory(device) ?? Self.owner(of: hwmon, when: device, links: links) else {
                break
            }
            let name = place.lastComponent?.string ?? ""
            let subsystem = links.targetName(place.appending("subsystem")) ?? links.targetName(place.appending("bus"))
            if let address = Self.address(of: name, on: subsystem, root: links.root) {
                text = address
                return
            }
            device = place.appending("device")
        }
        text = "virtual-0"
    }

    /// A capture without the `device` link still has the device in its path: `.../nct6775.656/hwmon/hwmon3`.
    private static func owner(of hwmon: FilePath, when device: FilePath, links: SysfsLinks) -> FilePath? {
        guard !links.root.isLive, device.removingLastComponent() == hwmon,
            hwmon.removingLastComponent().lastComponent?.string == "hwmon"
        else { return nil }
        let owner = hwmon.removingLastComponent().removingLastComponent()
        return ["class", "virtual"].contains(owner.lastComponent?.string) ? nil : owner
    }

    /// - Parameter subsystem: `nil` when the tree does not have it; then the form of the name decides.
    private static func address(of device: String, on subsystem: String?, root: SystemRoot) -> String? {
        let on = { (bus: String) in subsystem == nil || subsystem == bus }
        if on("i2c"), let address = i2cAddress(device, root: root) { return address }
        if on("spi"), let address = spiAddress(device) { return address }
        if on("pci"), let address = pciAddress(device) { return address }
        if on("platform") || subsystem == "of_platform" { return "isa-" + hexadecimal(instance(device), width: 4) }
        switch subsystem {
        // libsensors takes the devices of ACPI to be unique.
        case "acpi": return "acpi-0"
        case "hid": return hidAddress(device)
        case "mdio_bus": return mdioAddress(device)
        case "scsi": return scsiAddress(device)
        default: return nil
        }
    }

    /// `1-0040` is address 0x40 on adapter 1. Adapter 9191, and one that is named so, stand for the ISA bus.
    private static func i2cAddress(_ device: String, root: SystemRoot) -> String? {
        var fields = FieldScanner(device)
        guard let adapter = fields.decimal(), fields.literal("-"), let address = fields.hexadecimal() else {
            return nil
        }
        let name = root.file("sys/class/i2c-adapter/i2c-\(short(adapter))/device/name")
        // An adapter without a name is an I2C adapter like any other.
        let isISA = short(adapter) == 9191 || (try? SysfsFile.text(at: name))?.hasPrefix("ISA ") == true
        return isISA
            ? "isa-" + hexadecimal(address, width: 4) : "i2c-\(short(adapter))-" + hexadecimal(address, width: 2)
    }

    /// `spi0.1` is chip select 1 on adapter 0.
    private static func spiAddress(_ device: String) -> String? {
        var fields = FieldScanner(device)
        guard fields.literal("spi"), let adapter = fields.decimal(), fields.literal("."),
            let address = fields.decimal()
        else { return nil }
        return "spi-\(short(adapter))-" + hexadecimal(address)
    }

    /// `0000:01:00.0`: domain, bus, slot and function in one number of 32 bits. Domains of more than 16 bits, such as
    /// those behind Intel's VMD (`10000:e1:00.0`), lose the bits above.
    private static func pciAddress(_ device: String) -> String? {
        var fields = FieldScanner(device)
        guard let domain = fields.hexadecimal(), fields.literal(":"), let bus = fields.hexadecimal(),
            fields.literal(":"), let slot = fields.hexadecimal(), fields.literal("."),
            let function = fields.hexadecimal()
        else { return nil }
        return "pci-" + hexadecimal((domain << 16) &+ (bus << 8) &+ (slot << 3) &+ function, width: 4)
    }

    /// `0003:1E71:2007.0005`: bus, vendor, product and number.
    private static func hidAddress(_ device: String) -> String? {
        var fields = FieldScanner(device)
        guard let bus = fields.hexadecimal(), fields.literal(":"), fields.hexadecimal() != nil, fields.literal(":"),
            fields.hexadecimal() != nil, fields.literal("."), let number = fields.hexadecimal()
        else { return nil }
        return "hid-\(short(bus))-" + hexadecimal(number)
    }

    /// `stmmac-1:03`: address 3 on a bus that has no number; 0 for a name without an address.
    private static func mdioAddress(_ device: String) -> String {
        var fields = FieldScanner(device)
        guard fields.skip(while: { $0 != ":" }), fields.literal(":"), let address = fields.decimal() else {
            return "mdio-0"
        }
        return "mdio-" + hexadecimal(address)
    }

    /// `2:0:1:3`: host, channel, target and unit.
    private static func scsiAddress(_ device: String) -> String? {
        var fields = FieldScanner(device)
        guard let host = fields.decimal(), fields.literal(":"), let channel = fields.decimal(), fields.literal(":"),
            let target = fields.decimal(), fields.literal(":"), let unit = fields.hexadecimal()
        else { return nil }
        return "scsi-\(short(host))-" + hexadecimal((channel << 8) &+ (target << 4) &+ unit)
    }

    /// `nct6775.656` is instance 656; a device without a number (`18000000.wmac`, `PNP0C14:01`) is 0.
    private static func instance(_ device: String) -> UInt32 {
        var fields = FieldScanner(device)
        let isNamed = fields.skip { ("a"..."z").contains($0) || ("0"..."9").contains($0) || $0 == "_" }
        guard isNamed, fields.literal("."), let number = fields.decimal() else { return 0 }
        return number
    }

    /// Numbers of buses have 16 bits.
    private static func short(_ number: UInt32) -> Int16 { Int16(truncatingIfNeeded: number) }

    private static func hexadecimal(_ value: UInt32, width: Int = 1) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
