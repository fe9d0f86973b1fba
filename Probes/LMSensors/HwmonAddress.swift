import SystemIO
import SystemPackage

/// Bus and address of a chip, written as lm-sensors does: `isa-0000`, `pci-0100`, `i2c-1-40`.
///
/// The bus is the subsystem of the device that the hwmon directory belongs to. Where that is a class and not a bus
/// (`nvme`, `ieee80211`), the device's parent device is used, and so on upwards.
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
            let subsystem = links.targetName(place.appending("subsystem"))
            if let address = Self.address(of: name, on: subsystem) {
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
    private static func address(of device: String, on subsystem: String?) -> String? {
        let on = { (bus: String) in subsystem == nil || subsystem == bus }
        if on("i2c"), let address = i2cAddress(device) { return address }
        if on("spi"), let address = spiAddress(device) { return address }
        if on("pci"), let address = pciAddress(device) { return address }
        if on("platform") || subsystem == "of_platform" { return "isa-" + hexadecimal(instance(device), width: 4) }
        if subsystem == "acpi" { return "acpi-0" }
        if subsystem == "hid" { return hidAddress(device) }
        if subsystem == "mdio_bus" {
            return "mdio-" + hexadecimal(device.split(separator: ":").last.flatMap { Int($0) } ?? 0, width: 1)
        }
        if subsystem == "scsi" { return scsiAddress(device) }
        return nil
    }

    /// `1-0040` is address 0x40 on adapter 1.
    private static func i2cAddress(_ device: String) -> String? {
        let parts = device.split(separator: "-")
        guard parts.count == 2, let adapter = Int(parts[0]), let address = Int(parts[1], radix: 16) else { return nil }
        return "i2c-\(adapter)-" + hexadecimal(address, width: 2)
    }

    /// `spi0.1` is chip select 1 on adapter 0.
    private static func spiAddress(_ device: String) -> String? {
        guard device.hasPrefix("spi") else { return nil }
        let parts = device.dropFirst(3).split(separator: ".")
        guard parts.count == 2, let adapter = Int(parts[0]), let address = Int(parts[1]) else { return nil }
        return "spi-\(adapter)-" + hexadecimal(address, width: 1)
    }

    /// `0000:01:00.0`: domain, bus, slot and function in one number.
    private static func pciAddress(_ device: String) -> String? {
        let parts = device.split(whereSeparator: { $0 == ":" || $0 == "." }).map { Int($0, radix: 16) }
        guard parts.count == 4, let domain = parts[0], let bus = parts[1], let slot = parts[2], let function = parts[3],
            (0...0xFFFF).contains(domain), (0...0xFF).contains(bus), (0...0x1F).contains(slot),
            (0...7).contains(function)
        else { return nil }
        return "pci-" + hexadecimal(domain << 16 | bus << 8 | slot << 3 | function, width: 4)
    }

    /// `0003:1E71:2007.0005`: bus, vendor, product and number.
    private static func hidAddress(_ device: String) -> String? {
        let parts = device.split(whereSeparator: { $0 == ":" || $0 == "." }).map { Int($0, radix: 16) }
        guard parts.count == 4, let bus = parts[0], let number = parts[3] else { return nil }
        return "hid-\(bus)-" + hexadecimal(number, width: 1)
    }

    /// `2:0:1:3`: host, channel, target and unit.
    private static func scsiAddress(_ device: String) -> String? {
        let parts = device.split(separator: ":").map { Int($0) }
        guard parts.count == 4, let host = parts[0], let channel = parts[1], let target = parts[2],
            let unit = parts[3], [channel, target, unit].allSatisfy({ (0...0xFFF).contains($0) })
        else { return nil }
        return "scsi-\(host)-" + hexadecimal(channel << 8 | target << 4 | unit, width: 1)
    }

    /// `nct6775.656` is instance 656; a device without a number is 0.
    private static func instance(_ device: String) -> Int {
        guard let dot = device.firstIndex(where: { $0 == "." || $0 == ":" }) else { return 0 }
        return Int(device[device.index(after: dot)...].prefix { ("0"..."9").contains($0) }) ?? 0
    }

    private static func hexadecimal(_ value: Int, width: Int) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
