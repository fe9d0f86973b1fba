import TestSupport

/// A box with serial numbers, MAC addresses and a host name in every place that is known to hold them, and what must
/// never be in a capture of it.
struct SyntheticBox {
    static let secrets = [
        "kerfbox.example.org", "kerfbox", "PF2ABCDE", "C02XYZ123456", "a0:b1:c2:d3:e4:f5", "A0-B1-C2-D3-E4-F5",
        "a0b1c2d3e4f5", "11:22:33:44:55:66", "BAT-0815-4711", "100000001234abcd", "4c4c4544-0031", "builder@",
        "0f:1e:2d:3c:4b:5a", "2ebe1a2b3c4d5e6f", "KBD-0815", "example.org",
    ]
    static let pciSerial: [UInt8] = [0xF5, 0xE4, 0xD3, 0xFF, 0xFF, 0xC2, 0xB1, 0xA0]

    let tree: FixtureTree

    init() throws {
        tree = try FixtureTree()
        try tree.write("proc/sys/kernel/hostname", "kerfbox.example.org\n")
        try tree.write("proc/sys/kernel/osrelease", "6.1.0-kerfbox\n")
        try tree.write("proc/version", "Linux version 6.1.0 (builder@kerfbox.example.org) (gcc 12.2 (Debian)) #1\n")
        try tree.write(
            "proc/cpuinfo", "processor\t: 0\nmodel name\t: Some CPU\nSerial\t\t: 100000001234abcd\nflags\t\t: fpu\n")
        try tree.write("sys/class/net/eth0/address", "a0:b1:c2:d3:e4:f5\n")
        try tree.write(
            under: "sys/devices/virtual/dmi/id",
            [
                "product_serial": "PF2ABCDE", "board_serial": "C02XYZ123456", "sys_vendor": "Maker PF2ABCDE",
                "product_uuid": "4c4c4544-0031-3010-8020-b2c04f333333", "product_name": "Model of kerfbox",
            ])
        try tree.link("sys/class/dmi/id", "../../devices/virtual/dmi/id")
        let battery = "sys/devices/pnp/PNP0C0A:00/power_supply/BAT0"
        try tree.write(
            under: battery,
            [
                "status": "Discharging", "power_now": "7300000", "serial_number": "BAT-0815-4711",
                "uevent": "POWER_SUPPLY_NAME=BAT0\nPOWER_SUPPLY_SERIAL_NUMBER=BAT-0815-4711\nPOWER_SUPPLY_STATUS=Full",
            ])
        try tree.link("\(battery)/device", "../../../PNP0C0A:00")
        try tree.link("sys/class/power_supply/BAT0", "../../devices/pnp/PNP0C0A:00/power_supply/BAT0")
        // A mouse's battery is called after the mouse's address.
        let mouse = "hid-11:22:33:44:55:66-battery"
        try tree.write(under: "sys/devices/hid/power_supply/\(mouse)", ["capacity": "80", "model_name": "Mouse"])
        try tree.link("sys/class/power_supply/\(mouse)", "../../devices/hid/power_supply/\(mouse)")
        // A keyboard's after its serial number.
        let keyboard = "hid-KBD-0815-battery"
        try tree.write(
            under: "sys/devices/hid/power_supply/\(keyboard)",
            ["capacity": "70", "model_name": "Keyboard of KERFBOX", "uevent": "POWER_SUPPLY_NAME=\(keyboard)"])
        try tree.link("sys/class/power_supply/\(keyboard)", "../../devices/hid/power_supply/\(keyboard)")
        try tree.write("sys/devices/system/cpu/cpu0/topology/ppin", "0x2ebe1a2b3c4d5e6f\n")
        try tree.write("etc/sensors3.conf", "# by me@example.org, nic-A0-B1-C2-D3-E4-F5:1\n")
        // A card whose address is in its sensor's name and labels, in three spellings.
        let card = "sys/devices/pci0000:00/0000:00:1f.6"
        try tree.write(
            under: "\(card)/hwmon/hwmon0",
            [
                "name": "nic_a0b1c2d3e4f5", "temp1_input": "41000", "temp1_label": "A0-B1-C2-D3-E4-F5",
                "temp2_input": "42000", "temp2_label": "of 0f:1e:2d:3c:4b:5a",
            ])
        try tree.link("\(card)/hwmon/hwmon0/device", "../../../0000:00:1f.6")
        try tree.link("\(card)/subsystem", "../../../bus/pci")
        try tree.link("sys/class/hwmon/hwmon0", "../../devices/pci0000:00/0000:00:1f.6/hwmon/hwmon0")
        try tree.write(under: card, ["vendor": "0x8086", "device": "0x15bc", "class": "0x020000", "irq": "16"])
        try tree.write("\(card)/config", bytes: Self.configuration)
        // What must not even be opened: registers.
        try tree.write("\(card)/resource0", "kerfbox registers")
        try tree.link("sys/bus/pci/devices/0000:00:1f.6", "../../../devices/pci0000:00/0000:00:1f.6")
        try tree.write(
            under: "sys/devices/system/cpu/cpufreq/policy0",
            ["scaling_max_freq": "2600000", "scaling_min_freq": "800000", "affected_cpus": "0"])
        try tree.write(
            under: "sys/devices/virtual/powercap/intel-rapl/intel-rapl:0",
            ["name": "package-0", "energy_uj": "123456", "max_energy_range_uj": "262143328850", "enabled": "1"])
        try tree.link("sys/class/powercap/intel-rapl:0", "../../devices/virtual/powercap/intel-rapl/intel-rapl:0")
        try tree.link("sys/class/powercap/intel-rapl", "../../devices/virtual/powercap/intel-rapl")
    }

    /// A network card with two extended capabilities: error reporting, and its serial number.
    private static var configuration: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 4096)
        bytes.replaceSubrange(0..<4, with: [0x86, 0x80, 0xBC, 0x15])
        bytes.replaceSubrange(10..<12, with: [0x00, 0x02])
        bytes.replaceSubrange(0x100..<0x104, with: [0x01, 0x00, 0x02, 0x14])
        bytes.replaceSubrange(0x140..<0x144, with: [0x03, 0x00, 0x01, 0x00])
        bytes.replaceSubrange(0x144..<0x14C, with: pciSerial)
        return bytes
    }
}
