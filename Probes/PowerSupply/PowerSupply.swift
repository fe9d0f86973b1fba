import ProbeKit
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
    /// Why the type cannot be read. Whether the supply is a battery is not known then.
    let failure: KerfError?

    init(directory: FilePath) {
        self.directory = directory
        name = directory.lastComponent?.string ?? "supply"
        do throws(KerfError) {
            type = try SysfsFile.text(at: directory.appending("type"))
            failure = nil
        } catch {
            type = ""
            failure = error
        }
        // Supplies of the box have no scope, or one that cannot be read is taken for the box's: its status decides.
        scope = try? SysfsFile.text(at: directory.appending("scope"))
    }

    /// Whether it is a battery that can power the box: not that of a device, and no bay whose battery was taken out.
    var isSystemBattery: Bool { isBattery && scope != "Device" && value(of: "present") != 0 }

    private var isBattery: Bool { type == "Battery" || type == "UPS" }

    /// Whether mains power is connected, 0 or more; `nil` for a battery and for a supply that does not say.
    var online: Int64? { isBattery || type.isEmpty || scope == "Device" ? nil : value(of: "online") }

    /// An optional attribute: `nil` where it is missing or cannot be read, which then decides nothing.
    private func value(of attribute: String) -> Int64? { try? SysfsFile.integer(at: directory.appending(attribute)) }

    static let classDirectory = "sys/class/power_supply"

    /// Supplies of which it is not known whether they are batteries, with the reason: their type cannot be read, or
    /// they are hidden.
    static func unknown(in root: SystemRoot) -> [(name: String, error: KerfError)] {
        let untyped = all(in: root).compactMap { supply in supply.failure.map { (name: supply.name, error: $0) } }
        let hidden = root.obstacles(in: root.file(classDirectory)).map { error in
            (name: error.location.flatMap { FilePath($0).lastComponent?.string } ?? "supply", error: error)
        }
        return (untyped + hidden).filter { $0.error.code != .notFound }
    }

    static func all(in root: SystemRoot) -> [PowerSupply] {
        let top = root.file(classDirectory)
        return root.names(in: top)
            .map { root.resolvingFlattenedLink(top.appending($0)) }
            .filter { root.isDirectory($0) }
            .map { PowerSupply(directory: $0) }
    }
}
