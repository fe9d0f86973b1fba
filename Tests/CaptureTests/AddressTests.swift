import TestSupport
import Testing

/// Hardware addresses in a recorded box, and texts that only resemble one.
struct AddressTests {
    private func recorded(label: String, _ prepare: (FixtureTree) throws -> Void = { _ in }) throws -> String? {
        let tree = try FixtureTree()
        try tree.writeChip(["name": "chip", "temp1_label": label])
        try prepare(tree)
        return try RecordedBox(tree)["sys/devices/platform/chip.0/hwmon/hwmon0/temp1_label"].map {
            String($0.dropLast())
        }
    }

    @Test(arguments: [
        ("a0:b1:c2:d3:e4:f5", "00:00:00:00:00:01"), ("addr:a0:b1:c2:d3:e4:f5", "addr:00:00:00:00:00:01"),
        ("a0:b1:c2:d3:e4:f5:1", "00:00:00:00:00:01:1"), ("a0:b1:c2:d3:e4:f5:123", "00:00:00:00:00:01:123"),
        ("nic-a0-b1-c2-d3-e4-f5", "nic-00-00-00-00-00-01"), ("nic-A0:B1:C2:D3:E4:F5.x", "nic-00:00:00:00:00:01.x"),
        ("a0b1.c2d3.e4f5", "0000.0000.0001"), ("at:A0B1.C2D3.E4F5:", "at:0000.0000.0001:"),
        (
            "a0:b1:c2:d3:e4:f5 0f:1e:2d:3c:4b:5a A0-B1-C2-D3-E4-F5",
            "00:00:00:00:00:01 00:00:00:00:00:02 00-00-00-00-00-01"
        ),
        ("a0:b1:c2:ff:fe:d3:e4:f5", "00:00:00:00:00:00:00:01"),
    ]) func anyAddressIsReplaced(_ label: String, _ expected: String) throws {
        #expect(try recorded(label: label) == expected)
    }

    @Test(arguments: [
        "12:34:56", "2024-01-02 12:34:56", "2024-11-12-13-14-15", "0000:00:1f.2", "pci0000:00/0000:00:1c.5",
        "10000:e1:00.0", "6.1.0-18", "1234.5678.9012", "a0:b1:c2:d3:e4:f", "a0:b1:c2:d3:e4:f5a", "1a0:b1:c2:d3:e4:f5",
        "a0:b1:c2-d3:e4:f5", "4c4c4544-0031-3010-8020-b2c04f333333", "0x0000a0b1c2d3e4",
    ]) func whatOnlyLooksLikeOneStays(_ label: String) throws {
        #expect(try recorded(label: label) == label)
    }

    /// The box's own cards are known, in whatever spelling a driver has for them.
    @Test(arguments: [
        ("xa0b1c2d3e4f5", "x000000000001"), ("A0_B1_C2_D3_E4_F5", "00_00_00_00_00_01"),
        ("nic_a0_b1_c2_d3_e4_f5_0", "nic_00_00_00_00_00_01_0"), ("a0 b1 c2 d3 e4 f5", "00 00 00 00 00 01"),
        ("a0b1:c2d3:e4f5", "0000:0000:0001"), ("A0.B1.C2.D3.E4.F5", "00.00.00.00.00.01"),
    ]) func aKnownAddressIsReplacedInEverySpelling(_ label: String, _ expected: String) throws {
        for attribute in ["net/eth0/address", "net/eth0/perm_address", "net/eth0/bonding_slave/perm_hwaddr"] {
            let seen = try recorded(label: label) { try $0.write("sys/class/\(attribute)", "a0:b1:c2:d3:e4:f5\n") }
            #expect(seen == expected, "\(attribute)")
        }
    }

    @Test func aUUIDThatHoldsAnAddressGoesAsAWhole() throws {
        let label = "of 4c4c4544-0031-3010-8020-a0b1c2d3e4f5"
        let seen = try recorded(label: label) {
            try $0.write("sys/class/net/eth0/address", "a0:b1:c2:d3:e4:f5\n")
            try $0.write("sys/class/dmi/id/product_uuid", "4c4c4544-0031-3010-8020-a0b1c2d3e4f5\n")
        }
        #expect(seen == "of removed")
    }

    @Test func theLoopbackDeviceHasNoAddress() throws {
        let seen = try recorded(label: "000000000000") {
            try $0.write("sys/class/net/lo/address", "00:00:00:00:00:00\n")
        }
        #expect(seen == "000000000000")
    }
}
