/// Files and lines whose words are defined by the kernel, its drivers or processor vendors. They contain no host name, and
/// must stay when a host is called `core` or `cpu0`.
enum KernelVocabulary {
    /// Tables of numbers and states, which never identify a box.
    private static let tables: Set<String> = [
        "proc/stat", "proc/meminfo", "proc/loadavg", "proc/sys/kernel/arch", "proc/sys/kernel/perf_event_paranoid",
        "proc/sys/abi/sve_default_vector_length",
    ]
    private static let tableDirectories = ["sys/devices/system/"]

    private static let files: Set<String> = ["proc/cpuinfo", "proc/device-tree/hypervisor/compatible"]
    private static let directories = ["/events/", "/format/"]
    /// Statements of a sensors.conf that name chips and sensors by the drivers' names, sensors.conf(5); not `label`, whose
    /// text the owner chooses.
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

    /// Whether a line of a file is vocabulary.
    static func holds(_ line: ArraySlice<UInt8>, of path: String) -> Bool {
        if files.contains(path) || directories.contains(where: path.contains) { return true }
        if path.hasPrefix("etc/sensors") {
            let first = line.trimmed.prefix { !$0.isBlank }
            return statements.contains(String(decoding: first, as: UTF8.self))
        }
        guard path.hasPrefix("sys/") else { return false }
        // A link that was stored as a file, in a tree from an archive without links.
        if line.starts(with: "../".utf8) { return true }
        let name = path.split(separator: "/").last ?? ""
        return isAttribute(name == "uevent" ? key(of: line) : String(name))
    }

    /// `status` for `POWER_SUPPLY_STATUS=Full`.
    private static func key(of line: ArraySlice<UInt8>) -> String {
        let key = String(decoding: line.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self).lowercased()
        return key.hasPrefix(supplyKey) ? String(key.dropFirst(supplyKey.count)) : key
    }

    private static func isAttribute(_ name: String) -> Bool {
        attributes.contains(name) || attributeEnds.contains(where: name.hasSuffix)
            || (name.hasPrefix("constraint_") && name.hasSuffix("_name"))
    }
}

/// Origin of the words in values of Kerf's own files, by key.
enum ReportVocabulary {
    /// Words that drivers, vendors and Kerf define.
    case own
    /// Kerf's words, which quote words of the box's vocabulary.
    case quoting
    /// Any words.
    case free

    init(key: String) {
        self = Self.ownKeys.contains(key) ? .own : Self.quotingKeys.contains(key) ? .quoting : .free
    }

    private static let ownKeys: Set<String> = [
        "schema", "root", "origin", "name", "interface", "status", "meter", "identifier", "parent", "role", "mirror_of",
        "driver", "governor", "kind", "unit", "address", "title", "architecture", "cpu_model", "cpu_vendor",
        "microcode", "instruction_set", "rated_basis", "hypervisor", "total_formula",
    ]
    private static let quotingKeys: Set<String> = ["label", "reason", "remedy", "failures"]
}
