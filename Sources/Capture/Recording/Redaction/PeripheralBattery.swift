/// The name of a peripheral's battery, in which its serial number or address may stand.
///
/// Sources: `hidinput_setup_battery` in the kernel's drivers/hid/hid-input.c (`hid-%s-battery`, with the device's unique
/// string or else its name, `BUS:VENDOR:PRODUCT.NUMBER`) and `steam_battery_register` in drivers/hid/hid-steam.c.
struct PeripheralBattery {
    /// What stands between the name's fixed parts, and tells the very device.
    let identity: String
    private let start: String

    private static let starts = ["hid-", "steam-controller-"]
    private static let end = "-battery"

    /// `nil` for any other supply, and for one that is called after the kind of its device.
    init?(named name: String) {
        guard let start = Self.starts.first(where: name.hasPrefix), name.hasSuffix(Self.end),
            name.utf8.count > start.utf8.count + Self.end.utf8.count
        else { return nil }
        self.start = start
        identity = String(name.dropFirst(start.count).dropLast(Self.end.count))
        if Self.isKind(identity) { return nil }
    }

    /// Bus, vendor and product in four digits or more, and the count of devices so far.
    private static func isKind(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let last = parts.last?.split(separator: ".", omittingEmptySubsequences: false) ?? []
        guard parts.count == 3, last.count == 2 else { return false }
        return (parts.dropLast() + last).allSatisfy { part in
            part.utf8.count >= 4 && part.utf8.allSatisfy(\.isHexadecimalDigit)
        }
    }

    /// The name, and as hwmon has it, without hyphens (drivers/power/supply/power_supply_hwmon.c), with a number for the
    /// identity.
    func secrets(number: Int) -> [Secret] {
        [identity, identity.replacing("-", with: "_")].enumerated().map { index, identity in
            let (start, end) =
                index == 0 ? (start, Self.end) : (start.replacing("-", with: "_"), Self.end.replacing("-", with: "_"))
            return Secret(start + identity + end, replacement: "\(start)\(number)\(end)")
        }
    }
}
