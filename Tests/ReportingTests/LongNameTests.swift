import Instrumentation
import Reporting
import SystemIO
import TestSupport
import Testing

/// Names from the system may have any length. Text cuts them; the file keeps them whole.
@Suite("Long names in the doctor's report")
struct LongNameTests {
    private static let long = String(repeating: "x", count: 300)
    private static let short = String(repeating: "x", count: PlainText.nameLimit) + "…"

    private func check(_ tree: FixtureTree, shows name: String, cut: String) throws -> [String] {
        let report = DoctorReport(root: tree.root)
        let lines = DoctorText(report).lines
        #expect(lines.contains { $0.contains(cut) })
        #expect(!lines.contains { $0.contains(name) })
        #expect(try KerfJSON.text(of: report).contains(name))
        return lines
    }

    @Test("a sensor's label and a chip's name are cut, and the values beside them stay in sight")
    func labels() throws {
        let tree = try FixtureTree()
        try tree.write(
            under: "sys/class/hwmon/hwmon0",
            ["name": "c" + Self.long, "temp1_input": "40000", "temp2_input": "50000", "temp2_label": Self.long])
        let lines = try check(tree, shows: Self.long, cut: Self.short)
        let values = lines.filter { $0.hasSuffix(" °C") }
        #expect(values.count == 2 && values.allSatisfy { $0.count < 90 })
    }

    @Test("an energy domain's name is cut in the tree, in the total and in reasons")
    func domains() throws {
        let tree = try FixtureTree()
        for (zone, name) in [("intel-rapl:0", "package-0"), ("intel-rapl:0:0", Self.long)] {
            try tree.write(
                under: "sys/class/powercap/\(zone)",
                ["name": name, "energy_uj": "\(1_000_000 + name.count)", "max_energy_range_uj": "262143328850"])
        }
        let report = DoctorReport(root: tree.root)
        // The reader of zones cuts names too, beyond what a line has room for.
        #expect(report.energy.domains.contains { $0.name.count > PlainText.nameLimit })
        let tooLong = String(Self.long.prefix(PlainText.nameLimit + 1))
        #expect(!DoctorText(report).lines.contains { $0.contains(tooLong) })
    }

    @Test("a rail's name is cut in the reason that quotes it")
    func rails() throws {
        let tree = try FixtureTree()
        try tree.write(
            under: "sys/class/hwmon/hwmon0",
            ["name": "chip", "power1_input": "1000000", "power1_label": Self.long, "power2_input": "2000000"])
        let lines = try check(tree, shows: Self.long, cut: Self.short)
        #expect(lines.contains { $0.contains("which of the rails") && $0.contains("…") })
    }

    @Test("the processor's, the hypervisor's and the kernel's name are cut")
    func host() throws {
        let tree = try FixtureTree()
        try tree.write(
            "proc/cpuinfo",
            "processor: 0\nvendor_id: X\nmodel name: \(Self.long)\nmicrocode: \(Self.long)\n"
                + "flags: lm sse2 hypervisor\n")
        try tree.write("proc/sys/kernel/osrelease", "6.1-" + Self.long)
        try tree.write("proc/sys/kernel/arch", Self.long)
        try tree.write("sys/class/dmi/id/product_name", "m" + Self.long)
        let lines = try check(tree, shows: Self.long, cut: Self.short)
        #expect(lines.contains { $0.contains("6.1-x") && $0.contains("…") })
    }

    @Test("a frequency policy's driver is cut")
    func policies() throws {
        let tree = try FixtureTree()
        try tree.write(
            under: "sys/devices/system/cpu/cpufreq/policy0",
            ["affected_cpus": "0", "scaling_driver": Self.long, "scaling_governor": "performance"])
        let lines = DoctorText(DoctorReport(root: tree.root)).lines
        #expect(lines.contains { $0.contains("policy0") && $0.contains(Self.short) })
        #expect(!lines.contains { $0.contains(Self.long) }, "nor in the sentence that names it")
    }

    @Test("a name of the allowed length is not cut")
    func limit() {
        let name = String(repeating: "é", count: PlainText.nameLimit)
        #expect(PlainText.name(name) == name && PlainText.name(name + "é") == name + "…")
    }
}
