import SystemIO
import SystemPackage

/// A power supply: a battery, or mains power.
///
/// Source: Documentation/ABI/testing/sysfs-class-power; units from include/linux/power_supply.h: microwatts, microamperes,
/// microvolts.
struct PowerSupply: Sendable {
    enum Status: String, Sendable {
        case charging = "Charging"
        case discharging = "Discharging"
        case notCharging = "Not charging"
        case full = "Full"
        case unknown = "Unknown"
    }

    let name: String
    let directory: FilePath
    /// `Battery`, `Mains`, `USB`, `UPS`, `Wireless`.
    let type: String
    /// `Device` for the battery of an attached device, such as a mouse, which does not power the box.
    let scope: String?

    init(directory: FilePath) {
        self.directory = directory
        name = directory.lastComponent?.string ?? "supply"
        func text(_ attribute: String) -> String? { try? SysfsFile.text(at: directory.appending(attribute)) }
        type = text("type") ?? ""
        scope = text("scope")
    }

    /// Whether it is a battery that can power the box.
    var isSystemBattery: Bool { (type == "Battery" || type == "UPS") && scope != "Device" }

    static func all(in root: SystemRoot) -> [PowerSupply] {
        let top = root.file("sys/class/power_supply")
        return root.names(in: top)
            .map { root.resolvingFlattenedLink(top.appending($0)) }
            .filter { root.isDirectory($0) }
            .map { PowerSupply(directory: $0) }
    }
}
