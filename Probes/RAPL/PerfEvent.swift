import ProfileFormat
import SystemIO
import SystemPackage

/// One energy event of the `power` PMU: `energy-pkg`, `energy-ram`.
///
/// Source: Documentation/ABI/testing/sysfs-bus-event_source-devices-events: the event's terms, its `.scale` (joules per
/// count) and `.unit`; arch/x86/events/rapl.c for the names.
struct PerfEvent: Sendable {
    /// `energy-pkg`.
    let name: String
    let config: UInt64
    /// Joules of one count.
    let joulesPerCount: Double

    /// - Throws: ``KerfError/Code/invalidReading`` unless terms, scale and unit are those of an energy.
    init(_ name: String, in device: FilePath) throws(KerfError) {
        self.name = name
        let path = device.appending("events/\(name)")
        let terms = try SysfsFile.text(at: path)
        // One term, in the low bits of the configuration (format/event is config:0-7).
        guard terms.hasPrefix("event=0x"), let config = UInt64(terms.dropFirst(8), radix: 16) else {
            throw KerfError(.invalidReading, "expected event=0x…, found \(PlainText.quoted(terms))", at: path)
        }
        let unit = try SysfsFile.text(at: device.appending("events/\(name).unit"))
        let scaleText = try SysfsFile.text(at: device.appending("events/\(name).scale"))
        guard unit == "Joules", let scale = Double(scaleText), scale > 0, scale < 1 else {
            throw KerfError(
                .invalidReading, "expected joules and their scale, found \(PlainText.quoted(scaleText + " " + unit))",
                at: path)
        }
        self.config = config
        joulesPerCount = scale
    }

    /// The powercap zone that measures the same energy, and its role in the total.
    var zone: (name: String, role: EnergyDomain.Role)? { Self.zone(of: name) }

    static func zone(of event: String) -> (name: String, role: EnergyDomain.Role)? {
        switch event {
        case "energy-pkg": ("package", .counted)
        case "energy-ram": ("dram", .counted)
        case "energy-cores": ("core", .nested)
        case "energy-gpu": ("uncore", .nested)
        case "energy-psys": ("psys", .platform)
        default: nil
        }
    }
}
