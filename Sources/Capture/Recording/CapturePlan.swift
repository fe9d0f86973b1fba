/// The files that are recorded: those that Kerf's probes, libsensors and libpci read, and no others.
///
/// Attributes are listed by name wherever a directory also has some that must not be read: the registers of a PCI device
/// (`resource0`), memory modules' EEPROMs.
package enum CapturePlan {
    /// The part of a directory that is recorded.
    struct Selection {
        /// `nil` for every attribute and link; else these, and the links `subsystem` and `device`.
        var attributes: Set<String>?
        /// Levels of subdirectories that are recorded too.
        var depth = 0
        /// Directories and attributes that are not recorded. `ppin` is a processor's Protected Processor Inventory Number,
        /// its serial number (Documentation/ABI/stable/sysfs-devices-system-cpu), and `crash_notes` a physical address
        /// (Documentation/ABI/testing/sysfs-devices-system-cpu).
        var excluded: Set<String> = [
            "power", "firmware_node", "hotplug", "cpuidle", "driver", "regs", "trace", "ppin", "crash_notes",
            "crash_notes_size",
        ]
    }

    /// Entries of a class or bus, each a link to a device (or, in some trees, the device's directory itself).
    struct Group {
        var directory: String
        var device: Selection
        /// `nil` for every entry.
        var entries: Set<String>?
    }

    /// The attributes by which libsensors identifies a device; the links `subsystem` and `device` lead to its bus.
    static let identity = Selection(attributes: ["name", "modalias"])

    static let groups = [
        Group(directory: "sys/class/powercap", device: Selection(depth: 4)),
        Group(directory: "sys/class/hwmon", device: Selection()),
        Group(directory: "sys/class/power_supply", device: Selection()),
        Group(directory: "sys/class/thermal", device: Selection()),
        Group(directory: "sys/class/i2c-adapter", device: identity),
        Group(directory: "sys/bus/i2c/devices", device: identity),
        Group(
            directory: "sys/bus/pci/devices",
            device: Selection(attributes: [
                "vendor", "device", "class", "revision", "subsystem_vendor", "subsystem_device", "config", "irq",
                "resource", "numa_node", "modalias", "current_link_speed", "current_link_width", "max_link_speed",
                "max_link_width",
            ])),
        Group(
            directory: "sys/bus/event_source/devices", device: Selection(depth: 1),
            entries: ["power", "cpu_core", "cpu_atom", "cpu_lowpower"]),
    ]

    /// Directories that are recorded without following links.
    static let trees = [
        ("sys/devices/system/cpu", Selection(depth: 4)),
        ("sys/devices/system/node", Selection(attributes: ["cpulist", "distance", "meminfo"], depth: 1)),
        ("sys/devices/system/clocksource", Selection(depth: 1)),
        ("sys/devices/cpu_core", Selection(attributes: ["cpus"])),
        ("sys/devices/cpu_atom", Selection(attributes: ["cpus"])),
        ("sys/devices/cpu_lowpower", Selection(attributes: ["cpus"])),
        ("etc/sensors.d", Selection()),
    ]

    /// Single files, most of them below `proc`. A replay covers these files of the box it runs on.
    package static let processFiles = [
        "proc/cpuinfo", "proc/stat", "proc/meminfo", "proc/loadavg", "proc/version", "proc/sys/kernel/osrelease",
        "proc/sys/kernel/arch", "proc/sys/kernel/perf_event_paranoid", "proc/sys/abi/sve_default_vector_length",
        "proc/device-tree/hypervisor/compatible",
    ]

    static let otherFiles = [
        "sys/class/dmi/id/sys_vendor", "sys/class/dmi/id/product_name", "sys/class/dmi/id/board_vendor",
        "sys/class/dmi/id/board_name", "sys/hypervisor/type", "etc/sensors3.conf", "kerf/board.json",
    ]
}
