import SystemIO
import SystemPackage

/// What is known of a box by reading it: its names, its serial numbers and its cards' addresses.
struct BoxSecrets {
    /// A shorter serial number would be found in the middle of something else.
    private static let shortestSerial = 6

    /// No device is called after its host, so these are no matter of paths.
    let hostNames: [Secret]
    let serials: [Secret]
    /// Serial numbers and names made of them, which a driver may put into a device's name.
    let identities: [Secret]

    /// - Parameter addresses: learns those of the box.
    init(of root: SystemRoot, _ addresses: inout HardwareAddresses) {
        hostNames = HostNames.secrets(of: root).ordered
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
        self.identities = secrets.ordered
    }

    private static let supplies = "sys/class/power_supply"

    private static func isIdentifying(_ serial: String) -> Bool {
        serial.utf8.count >= shortestSerial && !PlaceholderSerial.isOne(serial)
    }

    private static func serialNumbers(_ root: SystemRoot) -> [String] {
        let firmware = ["product_serial", "board_serial", "chassis_serial", "product_uuid"].map {
            root.file("sys/class/dmi/id/\($0)")
        }
        let files =
            firmware + [root.file("proc/device-tree/serial-number")] + attributes(root, supplies, ["serial_number"])
        return texts(files)
    }

    /// Of network cards: the address in use, the one that is burnt in, and the one that a bonding device replaced.
    /// Sources: Documentation/ABI/testing/sysfs-class-net, Documentation/networking/bonding.rst; wireless devices tell
    /// theirs in `macaddress` (net/wireless/sysfs.c).
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
