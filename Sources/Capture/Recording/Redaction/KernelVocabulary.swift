/// Where words are the kernel's and its drivers' own, or a processor maker's: no host name stands there, and a host that
/// is called `core` or `cpu0` must not take them away.
enum KernelVocabulary {
    /// Tables of numbers and states, in which nothing names a box.
    private static let tables: Set<String> = [
        "proc/stat", "proc/meminfo", "proc/loadavg", "proc/sys/kernel/arch", "proc/sys/kernel/perf_event_paranoid",
        "proc/sys/abi/sve_default_vector_length",
    ]
    private static let tableDirectories = ["sys/devices/system/"]

    private static let files: Set<String> = ["proc/cpuinfo", "proc/device-tree/hypervisor/compatible"]
    private static let directories = ["/events/", "/format/"]
    /// Statements of a sensors.conf that name chips and sensors by the drivers' names, sensors.conf(5); not `label`,
    /// whose text is the owner's.
    private static let statements: Set<String> = ["chip", "bus", "ignore", "compute", "set"]

    /// Attributes of devices. Source: Documentation/ABI, sysfs-class-hwmon, -power, -powercap, -thermal,
    /// sysfs-devices-system-cpu, sysfs-bus-pci.
    private static let attributes: Set<String> = [
        "name", "type", "status", "scope", "mode", "policy", "available_policies", "scaling_governor",
        "scaling_driver", "scaling_available_governors", "health", "technology", "capacity_level", "charge_behaviour",
        "usb_type", "modalias", "driver", "devtype", "subsystem", "of_name", "of_fullname", "of_compatible_0",
        "compatible", "current_link_speed", "max_link_speed", "current_clocksource", "available_clocksource", "cpus",
        "cpumask",
    ]
    private static let attributeEnds = ["_label", "_type", "_governor", "_governors", "_driver"]
    private static let supplyKey = "power_supply_"

    static func isTable(_ path: String) -> Bool {
        tables.contains(path) || tableDirectories.contains(where: path.hasPrefix)
    }

    /// Whether a line of a file is such vocabulary.
    static func holds(_ line: ArraySlice<UInt8>, of path: String) -> Bool {
        if files.contains(path) || directories.contains(where: path.contains) { return true }
        if path.hasPrefix("etc/sensors") {
            let first = line.trimmed.prefix { !$0.isBlank }
            return statements.contains(String(decoding: first, as: UTF8.self))
        }
        guard path.hasPrefix("sys/") else { return false }
        // A link in a tree that went through an archive without links.
        if line.starts(with: "../".utf8) { return true }
        let name = path.split(separator: "/").last ?? ""
        return isAttribute(name == "uevent" ? key(of: line) : String(name))
    }

    /// `POWER_SUPPLY_STATUS=Full` tells the attribute `status`.
    private static func key(of line: ArraySlice<UInt8>) -> String {
        let key = String(decoding: line.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self).lowercased()
        return key.hasPrefix(supplyKey) ? String(key.dropFirst(supplyKey.count)) : key
    }

    private static func isAttribute(_ name: String) -> Bool {
        attributes.contains(name) || attributeEnds.contains(where: name.hasSuffix)
            || (name.hasPrefix("constraint_") && name.hasSuffix("_name"))
    }
}
