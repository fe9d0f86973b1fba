import Foundation
import LMSensors
import RAPL
import TestSupport
import Testing

@testable import Capture

/// Host names are taken away where people write them, and leave the kernel's words alone.
struct HostNameTests {
    private static let report = """
        {"domains": [{"identifier": "package-0/core", "name": "core"}], "thinkpad": {"cpu0": 1.5, "core": true},
          "energy": {"total_formula": "package-0/core", "reason": "total = package-0/core of \\"thinkpad\\""},
          "chips": [{"name": "thinkpad-isa-0000", "label": "Core 0"}, {"label": "cpu0 of Full"}],
          "host": {"cpu_model": "Intel(R) Core(TM) i7", "kernel_release": "6.1.0-%"}}

        """

    private func tree(host: String) throws -> FixtureTree {
        let tree = try FixtureTree()
        try tree.write("proc/sys/kernel/hostname", host + "\n")
        try tree.write("proc/sys/kernel/osrelease", "6.1.0-\(host)\n")
        try tree.write("proc/cpuinfo", "processor\t: 0\nmodel name\t: Intel(R) Core(TM) i7\nflags\t\t: fpu\n")
        try tree.write("proc/stat", "cpu  1 2 3\ncpu0 1 2 3\n")
        for (zone, name) in ["intel-rapl:0": "package-0", "intel-rapl:0/intel-rapl:0:0": "core"] {
            let place = "sys/devices/virtual/powercap/intel-rapl/\(zone)"
            try tree.write(
                under: place,
                ["name": name, "energy_uj": "123", "max_energy_range_uj": "262143328850", "constraint_0_name": "core"])
            let entry = zone.split(separator: "/").last!
            try tree.link("sys/class/powercap/\(entry)", "../../devices/virtual/powercap/intel-rapl/\(zone)")
        }
        try tree.write(
            under: "sys/devices/system/cpu/cpufreq/policy0",
            ["scaling_governor": "performance", "scaling_driver": "acpi-cpufreq", "affected_cpus": "0"])
        try tree.writeChip(["name": "thinkpad", "temp1_input": "41000", "temp1_label": "Core 0", "fan1_label": "cpu0"])
        try tree.write(
            under: "sys/class/power_supply/BAT0",
            ["status": "Full", "type": "Battery", "model_name": "Battery of \(host)"])
        try tree.write(
            "etc/sensors3.conf", "# for \(host)\nchip \"thinkpad-isa-*\"\n  label temp1 \"\(host) CPU\"\n")
        return tree
    }

    @Test(arguments: ["core", "Core", "cpu0", "thinkpad", "performance", "full", "battery", "package", "temp1", "10"])
    func noHostTakesTheKernelsWordsAway(_ host: String) throws {
        let tree = try tree(host: host)
        let copy = try FixtureTree()
        var recorder = CaptureRecorder(root: tree.root, kerfVersion: "0")
        let report = Self.report.replacing("%", with: host)
        try Capture(recorder.record(views: ["doctor.json": report]).archive, name: "box.tar").unpack(into: copy.path)
        for path in [
            "proc/stat", "proc/cpuinfo", "sys/devices/system/cpu/cpufreq/policy0/scaling_governor",
            "sys/devices/system/cpu/cpufreq/policy0/scaling_driver", "sys/class/power_supply/BAT0/status",
            "sys/class/power_supply/BAT0/type", "sys/class/hwmon/hwmon0/name", "sys/class/hwmon/hwmon0/temp1_label",
            "sys/class/hwmon/hwmon0/fan1_label", "sys/class/powercap/intel-rapl:0/constraint_0_name",
        ] { #expect(try copy.text(path) == tree.text(path), "\(path)") }
        #expect(RAPLProbe(root: copy.root).tree() == RAPLProbe(root: tree.root).tree())
        let chips = LMSensorsProbe(root: copy.root).survey().chips
        #expect(chips.map(\.name) == LMSensorsProbe(root: tree.root).survey().chips.map(\.name) && chips.count == 1)
        guard host != "10" else { return }
        #expect(try copy.text("proc/sys/kernel/osrelease") == "6.1.0-removed\n")
        #expect(try copy.text("sys/class/power_supply/BAT0/model_name").hasSuffix(" of removed\n"))
        #expect(
            try copy.text("etc/sensors3.conf").hasPrefix("# for removed\nchip \"thinkpad-isa-*\"\n  label "),
            "a chip's pattern is no host")
        #expect(try copy.text("etc/sensors3.conf").hasSuffix(" \"removed CPU\"\n"))
    }

    @Test(arguments: ["devices", "platform", "coretemp.0"]) func aFlattenedLinkStillMeetsItsTarget(_ host: String)
        throws
    {
        let tree = try tree(host: host)
        try tree.write("sys/devices/platform/coretemp.0/hwmon/hwmon1/name", "coretemp\n")
        try tree.write("sys/class/hwmon/hwmon1", "../../devices/platform/coretemp.0/hwmon/hwmon1\n")
        let box = try RecordedBox(tree)
        #expect(box["sys/class/hwmon/hwmon1"] == "../../devices/platform/coretemp.0/hwmon/hwmon1\n")
        #expect(box["sys/devices/platform/coretemp.0/hwmon/hwmon1/name"] == "coretemp\n")
    }

    @Test(arguments: ["core", "cpu0", "thinkpad", "domains", "energy"])
    func theReportKeepsItsKeysAndItsVocabulary(_ host: String) throws {
        let report = Self.report.replacing("%", with: host)
        let box = try RecordedBox(tree(host: host), report: report)
        #expect(box["kerf/doctor.json"] == report.replacing("6.1.0-\(host)", with: "6.1.0-removed"))
    }

    @Test func whatIsNoJSONIsTakenAsText() throws {
        for text in ["{\"a\": \"kerfbox", "kerfbox\n", "{\"a\": kerfbox}\n", "\"\\"] {
            let box = try RecordedBox(tree(host: "kerfbox"), report: text)
            #expect(box["kerf/doctor.json"] == text.replacing("kerfbox", with: "removed"))
        }
    }

    @Test func stringsWithEscapesAreReadAsTheyAreMeant() throws {
        let box = try RecordedBox(
            tree(host: "kerfbox"), report: #"{"text": "\u006berfbox \"\\ \n", "k\"ey": "kerfbox\\", "kerfbox": 1e300}"#)
        #expect(box["kerf/doctor.json"] == #"{"text": "removed \"\\ \n", "k\"ey": "removed\\", "kerfbox": 1e300}"#)
    }

    /// RFC 4343: names are the same in any case.
    @Test(arguments: ["kerfbox.lab.example.org", "KERFBOX.Lab.Example.org", "KerfBox", "kerfbox.lab.example.org."])
    func namesAndDomainsGoInAnyCase(_ host: String) throws {
        let tree = try tree(host: "x")
        try tree.write("proc/sys/kernel/hostname", host + "\n")
        try tree.write("etc/hosts", "127.0.0.1 localhost\n127.0.1.1\tKerfbox.Lab.example.org kerfbox # own\n")
        try tree.write("etc/resolv.conf", "nameserver 192.0.2.1\nsearch lan corp.example.net\n")
        let texts = [
            "kerfbox", "KERFBOX", "Kerfbox.lab.example.org", "root@KERFBOX.LAB.EXAMPLE.ORG", "x-kerfbox-y",
            "by lab.example.org", "you@Example.ORG", "www.example.org", "at corp.example.net",
        ]
        try tree.write("etc/sensors3.conf", texts.map { "# \($0)\n" }.joined())
        try tree.write("proc/sys/kernel/osrelease", "6.1.0-KERFBOX\n")
        let box = try RecordedBox(tree)
        let expected = [
            "removed", "removed", "removed", "root@removed", "x-removed-y", "by removed", "you@removed", "www.removed",
            "at removed",
        ]
        #expect(box["etc/sensors3.conf"] == expected.map { "# \($0)\n" }.joined())
        #expect(box["proc/sys/kernel/osrelease"] == "6.1.0-removed\n")
    }

    @Test func wordsThatOnlyHoldANameStay() throws {
        let tree = try tree(host: "kerf.lan")
        try tree.write("etc/sensors3.conf", "# kerfs, mykerf, kerf_x on the lan; kerf.lan, kerf\n")
        #expect(try RecordedBox(tree)["etc/sensors3.conf"] == "# kerfs, mykerf, kerf_x on the lan; removed, removed\n")
    }

    @Test(arguments: ["localhost", "LOCALHOST", "Debian", "localhost.localdomain", "(none)"])
    func namesThatManyBoxesHaveStay(_ host: String) throws {
        let tree = try tree(host: host)
        #expect(try RecordedBox(tree)["etc/sensors3.conf"] == tree.text("etc/sensors3.conf"))
    }
}
