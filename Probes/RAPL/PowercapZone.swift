import SystemIO
import SystemPackage

/// One power zone of the powercap tree: a directory with a counter in it.
///
/// Source: Documentation/power/powercap/powercap.rst. The directory's name (`intel-rapl:0:1`) says where the zone hangs
/// and nothing else; what it measures is told by its `name` attribute.
struct PowercapZone: Sendable {
    /// The kernel's name of the device, unique on the box: control type and numbers.
    let device: String
    let directory: FilePath
    /// The zone's own name: `package-0`, `core`. The device's when the zone does not tell one.
    let name: String

    init(device: String, directory: FilePath) {
        self.device = device
        self.directory = directory
        let told = try? SysfsFile.text(at: directory.appending("name"))
        name = told.map(Self.identifier).flatMap { $0.isEmpty ? nil : $0 } ?? device
    }

    var controlType: String { String(device.prefix { $0 != ":" }) }

    /// The device that this zone hangs below: another zone, or the control type.
    var parentDevice: String {
        guard let colon = device.lastIndex(of: ":") else { return "" }
        return String(device[..<colon])
    }

    var energyFile: FilePath { directory.appending("energy_uj") }

    /// Range of the counter; `nil` where the kernel does not tell it, or tells nonsense.
    var wrapRangeMicrojoules: UInt64? {
        guard let file = try? HeldFile(directory.appending("max_energy_range_uj")),
            let range = try? file.counter(), range > 0
        else { return nil }
        return range
    }

    /// A name becomes part of an identifier and of tables: no separators, no control characters, no novels.
    private static func identifier(_ name: String) -> String {
        String(SysfsFile.printable(name, limit: 64).map { $0 == " " || $0 == "/" ? "?" : $0 })
    }
}
