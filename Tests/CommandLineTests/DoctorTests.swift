import Foundation
import FoundationEssentials
import Instrumentation
import ProbeKit
import Quantities
import Reporting
import SystemIO
import TestSupport
import Testing
import VirtualBoard

@testable import kerf

@Suite("kerf doctor")
struct DoctorTests {
    private static let boxes = Comment(rawValue: SharedBoxes.reason)

    /// A small box with a package, memory and a platform zone, one clock, one chip, one PCI device and a CPU.
    private func box() throws -> FixtureTree {
        let tree = try FixtureTree()
        for (zone, name) in [("intel-rapl:0", "package-0"), ("intel-rapl:0:0", "dram"), ("intel-rapl:1", "psys")] {
            try tree.write(
                under: "sys/class/powercap/\(zone)",
                ["name": name, "energy_uj": "\(1_000_000 + name.count)", "max_energy_range_uj": "262143328850"])
        }
        try tree.write(
            under: "sys/devices/system/cpu/cpufreq/policy0",
            [
                "affected_cpus": "0 1 2 5", "scaling_driver": "planted", "scaling_governor": "performance",
                "cpuinfo_min_freq": "800000", "cpuinfo_max_freq": "3600000", "scaling_min_freq": "800000",
                "scaling_max_freq": "2400000", "scaling_cur_freq": "2000000",
            ])
        try tree.write(
            under: "sys/class/hwmon/hwmon0",
            ["name": "chip", "temp1_input": "45500", "temp1_label": "Ev\u{1B}[31mil", "temp1_max": "84000"])
        try tree.write("sys/class/hwmon/hwmon0/fan1_input", "junk")
        var bytes = [UInt8](repeating: 0, count: 64)
        (bytes[0], bytes[1], bytes[2], bytes[3]) = (0xFE, 0xCA, 0x34, 0x12)
        let device = "sys/bus/pci/devices/0000:01:00.0"
        try tree.write("\(device)/config", bytes: bytes)
        try tree.write(
            under: device,
            [
                "vendor": "0xcafe", "device": "0x1234", "class": "0x030000", "current_link_speed": "2.5 GT/s PCIe",
                "max_link_speed": "16.0 GT/s PCIe", "current_link_width": "8", "max_link_width": "16",
            ])
        try tree.write("proc/cpuinfo", "processor: 0\nvendor_id: X\nmodel name: Planted CPU\nflags: lm sse2\n")
        try tree.write("proc/meminfo", "MemTotal: 4194304 kB\n")
        return tree
    }

    @Test("the text names each meter, draws the domains and ends with the energy line")
    func text() throws {
        let tree = try box()
        let text = DoctorText(DoctorReport(root: tree.root)).lines.joined(separator: "\n")
        #expect(text.contains("RAPL        present  total = package-0 + package-0/dram"))
        #expect(
            text.contains(
                "  package-0  counted\n  └─ dram    counted\n  psys       platform: the whole platform, not added"))
        #expect(text.contains("total      = package-0 + package-0/dram"))
        #expect(text.contains("policy0  0-2,5  planted  performance  0.80..3.60    0.80..2.40   2.00"))
        #expect(text.contains("45.5 °C  max 84.0"))
        #expect(text.contains("not read: ") && text.contains("fan1_input: expected an integer, found \"junk\""))
        #expect(text.contains("link 2.5 GT/s x8, below its maximum of 16 GT/s x16"))
        #expect(text.contains("memory    4.0 GiB"))
        #expect(text.contains("\nenergy: recorded, not measured: the box has powercap; "))
        #expect(!text.contains("\u{1B}"))
        #expect(text.hasPrefix("kerf doctor, root ") && !text.contains("SIMULATED"))
    }

    @Test("the JSON has the schema and units in its names, and reads back")
    func json() throws {
        let tree = try box()
        let report = DoctorReport(root: tree.root)
        let text = try KerfJSON.text(of: report)
        for part in [
            "\"schema\" : \"kerf.doctor\"", "\"origin\" : \"recorded\"", "\"schema_version\" : 2",
            "\"scaling_maximum_hertz\" : 2400000000",
            "\"memory_bytes\" : 4294967296", "\"best_gigatransfers_per_second\" : 16", "\"unit\" : \"celsius\"",
            "\"wrap_range_joules\" : 262143.32885",
        ] {
            #expect(text.contains(part), "\(part)")
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        #expect(try decoder.decode(DoctorReport.self, from: Data(text.utf8)) == report)
    }

    @Test("what the control group allows is shown, and nothing where it allows what the box has", arguments: [1, 2])
    func limits(version: Int) throws {
        let tree = try box()
        try tree.write(
            "proc/cpuinfo", (0..<4).map { "processor: \($0)\nmodel name: Planted CPU\n\n" }.joined())
        try tree.write("proc/meminfo", "MemTotal: 4194304 kB\nMemAvailable: 2097152 kB\n")
        let before = DoctorReport(root: tree.root)
        #expect(before.host?.cpuQuota == nil && before.host?.memoryLimitBytes == nil)
        #expect(before.host?.usableCpus == nil && before.host?.defaultThreads == 4)
        #expect(!DoctorText(before).lines.contains { $0.contains("control group") })
        try tree.write("proc/self/cgroup", version == 2 ? "0::/pod/kerf\n" : "7:cpu,cpuacct:/pod/kerf\n4:memory:/pod\n")
        if version == 2 {
            try tree.write(
                under: "sys/fs/cgroup/pod",
                ["cpu.max": "60000 100000", "memory.max": "536870912", "memory.current": "104857600"])
        } else {
            try tree.write(
                under: "sys/fs/cgroup/cpu/pod", ["cpu.cfs_quota_us": "60000", "cpu.cfs_period_us": "100000"])
            try tree.write(
                under: "sys/fs/cgroup/memory/pod",
                ["memory.limit_in_bytes": "536870912", "memory.usage_in_bytes": "104857600"])
        }
        try tree.write("proc/self/status", "Cpus_allowed_list:\t1-2\n")
        let report = DoctorReport(root: tree.root)
        #expect(report.host?.cpuQuota == 0.6 && report.host?.defaultThreads == 1)
        #expect(report.host?.memoryLimitBytes == 536_870_912 && report.host?.memoryAvailableBytes == 432_013_312)
        #expect(report.host?.usableCpus == [1, 2])
        let text = DoctorText(report).lines.joined(separator: "\n")
        #expect(text.contains("0.60 of 4 CPUs by the control group, CPUs 1-2 only: 1 thread by default"))
        #expect(text.contains("4.0 GiB, 412.0 MiB available, limited to 512.0 MiB by the control group"))
        let bytes = Array(try KerfJSON.text(of: report).utf8)
        #expect(try KerfJSON.decode(DoctorReport.self, from: bytes, named: "doctor.json") == report)
        // Limits above what the box has do not bind.
        try tree.write("proc/self/status", "Cpus_allowed_list:\t0-63\n")
        try tree.write("proc/self/cgroup", "0::/\n")
        try tree.write(under: "sys/fs/cgroup", ["cpu.max": "400000 100000", "memory.max": "4294967296"])
        let wide = DoctorReport(root: tree.root).host
        #expect(wide?.cpuQuota == nil && wide?.memoryLimitBytes == nil && wide?.usableCpus == nil)
    }

    @Test("a report of version 1 still reads")
    func versionOne() throws {
        let tree = try box()
        let report = DoctorReport(root: tree.root)
        let old = try KerfJSON.text(of: report)
            .replacingOccurrences(of: "\"schema_version\" : 2", with: "\"schema_version\" : 1")
            .replacingOccurrences(of: "\"backends\"", with: "\"rungs\"")  // retired-word-ok: version 1
            .replacingOccurrences(of: "\"platform\"", with: "\"beside\"")
        #expect(old.contains("\"rungs\"") && old.contains("\"beside\""))  // retired-word-ok: version 1
        let read = try KerfJSON.decode(DoctorReport.self, from: Array(old.utf8), named: "old.json")
        #expect(read.schemaVersion == 2 && read.energy.backends == report.energy.backends)
        #expect(read.energy.domains.map(\.role) == ["counted", "counted", "external"])
    }

    @Test("an empty tree: every probe absent with a remedy, energy unavailable with the reason")
    func emptyTree() throws {
        let report = DoctorReport(root: try FixtureTree().root)
        #expect(report.probes.map(\.name) == ["RAPL", "cpufreq", "lm-sensors", "battery", "NVML", "PCI", "host"])
        #expect(report.probes.allSatisfy { $0.status == .absent && $0.remedy != nil })
        #expect(report.host == nil && report.energy.origin == .unavailable)
        #expect(DoctorText(report).lines.last?.hasPrefix("energy: unavailable: powercap absent: no ") == true)
    }

    @Test("a counter that cannot be read is told with its reason, and is no part of a total")
    func unreadable() throws {
        let tree = try box()
        try tree.remove("sys/class/powercap/intel-rapl:0/energy_uj")
        try tree.directory("sys/class/powercap/intel-rapl:0/energy_uj")
        let energy = DoctorReport(root: tree.root).energy
        #expect(energy.origin == .unavailable && energy.totalFormula == nil)
        #expect(energy.domains.first { $0.identifier == "package-0" }?.role == "unreadable")
        #expect(EnergyTree(energy).lines.contains { $0.hasPrefix("total") && $0.contains("= none") })
    }

    @Test("a virtual board is called simulated, and a board that nobody serves is called out")
    func virtualBoard() throws {
        let tree = try FixtureTree()
        let board = try VirtualBoard(root: tree.file("board"))
        let report = DoctorReport(root: board.root)
        #expect(report.origin == .simulated)
        #expect(DoctorText(report).lines.first?.hasPrefix("SIMULATED: ") == true)
        #expect(report.energy.origin == .simulated && report.energy.totalFormula == "package-0 + package-0/dram")
        let last = try #require(DoctorText(report).lines.last)
        #expect(last.hasPrefix("energy: simulated by virtual board (") && last.contains("not served now"))
        #expect(report.probes.first { $0.name == "lm-sensors" }?.status == .present)
    }

    @Test("thinkpad-l480: psys apart", .enabled(if: SharedBoxes.arePresent, boxes))
    func thinkpad() throws {
        let energy = DoctorReport(root: try SharedBoxes.root("thinkpad-l480")).energy
        #expect(energy.totalFormula == "package-0 + package-0/dram")
        #expect(energy.domains.first { $0.name == "psys" }?.role == "platform")
    }

    @Test("threadripper-1950x: the second die is a mirror", .enabled(if: SharedBoxes.arePresent, boxes))
    func threadripper() throws {
        let energy = DoctorReport(root: try SharedBoxes.root("threadripper-1950x-two-dies")).energy
        #expect(energy.totalFormula == "package-0-die-0")
        #expect(energy.domains.last?.mirrorOf == "package-0-die-0")
        #expect(EnergyTree(energy).lines[1].hasSuffix("mirror of package-0-die-0: not added"))
    }

    @Test("mixed-client: the bogus chip costs nothing", .enabled(if: SharedBoxes.arePresent, boxes))
    func mixedClient() throws {
        let report = DoctorReport(root: try SharedBoxes.root("mixed-client"))
        #expect(report.sensorChips.contains { $0.name == "coretemp-isa-0001" && $0.sensors.count == 5 })
        #expect(report.probes.first { $0.name == "lm-sensors" }?.status == .present)
        #expect(report.energy.totalFormula == "package-0" && report.energy.ratedPowerWatts == 95)
    }

    @Test("CPU numbers as ranges")
    func ranges() {
        #expect(CPUList.text(of: []) == "")
        #expect(CPUList.text(of: [3, 0, 1, 2, 7, 9, 8]) == "0-3,7-9")
        #expect(CPUList.text(of: [5, 5]) == "5")
    }
}
