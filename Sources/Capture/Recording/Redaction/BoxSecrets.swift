import SystemIO
import SystemPackage

/// Host names, serial numbers and hardware addresses of a box, read from its files.
struct BoxSecrets {
    /// Bytes of a serial number; shorter ones would match unrelated text.
    private static let minimumSerialBytes = 6

    /// Not removed from paths, since no device is named after its host.
    let hostNames: [Secret]
    let serials: [Secret]
    /// Serial numbers and names that contain them, which a driver may use as a device's name.
    let identities: [Secret]

    /// - Parameter addresses: receives the box's addresses.
    init(of root: SystemRoot, _ addresses: inout HardwareAddresses) {
        hostNames = HostNames.secrets(of: root).longestFirst
        for text in Self.addresses(root) { addresses.learn(text) }
        serials = Self.serialNumbers(root).filter { !addresses.learn($0) && Self.isIdentifying($0) }.map { Secret($0) }
        var secrets = serials
        var identities: Set<String> = []
        for name in root.names(in: root.file(Self.supplies)) {
            guard let battery = PeripheralBattery(named: name), !addresses.learn(battery.identity) else { continue }
            identities.insert(battery.identity)
            secrets += battery.secrets(number: identities.count)
            if Self.isIdentifying(battery.identity) {
                secrets.append(Secret(battery.identity, replacement: "\(identities.count)"))
            }
        }
        self.identities = secrets.longestFirst
    }

    private static let supplies = "sys/class/power_supply"

    private static func isIdentifying(_ serial: String) -> Bool {
        serial.utf8.count >= minimumSerialBytes && !PlaceholderSerial.matches(serial)
    }

    private static func serialNumbers(_ root: SystemRoot) -> [String] {
        let firmware = ["product_serial", "board_serial", "chassis_serial", "product_uuid"].map {
            root.file("sys/class/dmi/id/\($0)")
        }
        let files =
            firmware + [root.file("proc/device-tree/serial-number")] + attributes(root, supplies, ["serial_number"])
        return texts(files)
    }

    /// Addresses of network cards: the current one, the permanent one, and the one that a bonding device replaced.
    /// Sources: Documentation/ABI/testing/sysfs-class-net, Documentation/networking/bonding.rst; `macaddress` of wireless
    /// devices: net/wireless/sysfs.c.
    private static func addresses(_ root: SystemRoot) -> [String] {
        texts(
            attributes(root, "sys/class/net", ["address", "perm_address", "bonding_slave/perm_hwaddr"])
                + attributes(root, "sys/class/ieee80211", ["macaddress"]))
    }

    private static func attributes(_ root: SystemRoot, _ directory: String, _ names: [String]) -> [FilePath] {
        let place = root.file(directory)
        return root.names(in: place).flatMap { entry in
            let device = root.resolvingFlattenedLink(place.appending(entry))
            return names.map { device.appending($0) }
        }
    }

    private static func texts(_ files: [FilePath]) -> [String] {
        files.compactMap { try? SysfsFile.text(at: $0) }.map { String(decoding: $0.utf8.trimmed, as: UTF8.self) }
    }
}

/// Placeholder texts of firmware without a serial number. They identify no box, and may be a product's name or a state
/// elsewhere.
enum PlaceholderSerial {
    /// In lower case: defaults of AMI and Insyde, and other known placeholders.
    private static let known: Set<String> = [
        "default string", "default", "to be filled by o.e.m.", "to be filled by oem", "o.e.m.", "oem", "none",
        "none provided", "not specified", "not applicable", "not available", "not provided", "not present", "not set",
        "n/a", "na", "null", "unknown", "undefined", "unspecified", "invalid", "empty", "standard", "serial number",
        "serial", "system serial number", "chassis serial number", "base board serial number",
        "baseboard serial number", "board serial number", "product serial number", "battery", "123456", "1234567",
        "12345678", "123456789", "0123456789", "1234567890", "123456789abcdef", "03000200-0400-0500-0006-000700080009",
    ]

    static func matches(_ text: String) -> Bool {
        let text = text.utf8.trimmed.map(\.lowercased)
        if known.contains(String(decoding: text, as: UTF8.self)) { return true }
        // `00000000`, `XXXX-XXXX`, `.`
        return Set(text.filter { $0.isLetter || $0.isDecimalDigit }).count < 2
    }
}
