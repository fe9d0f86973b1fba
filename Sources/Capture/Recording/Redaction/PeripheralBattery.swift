/// The name of a peripheral's battery, which may contain a serial number or an address.
///
/// Sources: `hidinput_setup_battery` in the kernel's drivers/hid/hid-input.c (`hid-%s-battery`, with the device's unique
/// string or else its name, `BUS:VENDOR:PRODUCT.NUMBER`) and `steam_battery_register` in drivers/hid/hid-steam.c.
struct PeripheralBattery {
    /// The text between the name's fixed parts, which identifies the device.
    let identity: String
    private let start: String

    private static let starts = ["hid-", "steam-controller-"]
    private static let end = "-battery"

    /// `nil` for any other supply, and for a name that identifies the model of a device only.
    init?(named name: String) {
        guard let start = Self.starts.first(where: name.hasPrefix), name.hasSuffix(Self.end),
            name.utf8.count > start.utf8.count + Self.end.utf8.count
        else { return nil }
        self.start = start
        identity = String(name.dropFirst(start.count).dropLast(Self.end.count))
        if Self.isModel(identity) { return nil }
    }

    /// Whether the text is bus, vendor and product in four digits or more, with the number of the device.
    private static func isModel(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let last = parts.last?.split(separator: ".", omittingEmptySubsequences: false) ?? []
        guard parts.count == 3, last.count == 2 else { return false }
        return (parts.dropLast() + last).allSatisfy { part in
            part.utf8.count >= 4 && part.utf8.allSatisfy(\.isHexadecimalDigit)
        }
    }

    /// The name, also in hwmon's spelling without hyphens (drivers/power/supply/power_supply_hwmon.c). A number replaces the
    /// identity.
    func secrets(number: Int) -> [Secret] {
        [identity, identity.replacing("-", with: "_")].enumerated().map { index, identity in
            let (start, end) =
                index == 0 ? (start, Self.end) : (start.replacing("-", with: "_"), Self.end.replacing("-", with: "_"))
            return Secret(start + identity + end, replacement: "\(start)\(number)\(end)")
        }
    }
}
