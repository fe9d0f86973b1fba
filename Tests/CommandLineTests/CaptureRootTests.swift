import Foundation
import SystemPackage
import TestSupport
import Testing

/// `--root` in its spellings, and what of it must not be in a capture.
struct CaptureRootTests {
    /// A box whose report has failures with paths in them.
    private func box() throws -> FixtureTree {
        let tree = try FixtureTree()
        try tree.write("e/proc/cpuinfo", "processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: fpu\n")
        try tree.write("e/proc/sys/kernel/hostname", "status\n")
        try tree.write("e/sys/devices/system/cpu/online", "0\n")
        try tree.write(under: "e/sys/devices/rapl/intel-rapl:0", ["name": "package-0", "energy_uj": "none"])
        // What a link becomes in an archive without links.
        try tree.write("e/sys/class/powercap/intel-rapl:0", "../../devices/rapl/intel-rapl:0")
        try tree.write(under: "e/sys/class/hwmon/hwmon0", ["name": "chip", "temp1_input": "none"])
        return tree
    }

    private func view(_ tree: FixtureTree, root: String, in directory: String) throws -> String {
        let archive = tree.file("\(UUID().uuidString).tar").string
        let outcome = try KerfProcess.run("capture", "--root", root, "--out", archive, in: tree.file(directory).string)
        try #require(outcome.status == 0, "\(outcome.standardError)")
        try #require(system("tar -x -O -f '\(archive)' kerf/doctor.json > '\(archive).json'") == 0)
        return try String(contentsOfFile: archive + ".json", encoding: .utf8)
    }

    @Test func theRootIsNotShownHoweverItIsSpelled() throws {
        let tree = try box()
        let expected = try view(tree, root: tree.file("e").string, in: "")
        #expect(expected.contains("/sys/class/hwmon") && expected.contains("Some CPU"))
        for (root, directory) in [
            ("e", ""), ("./e/", ""), (".", "e"), ("./", "e"), ("../e", "e"), ("../..", "e/sys/class"),
        ] {
            let text = try view(tree, root: root, in: directory)
            #expect(text == expected, "--root \(root) in \(directory)")
            let report = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            #expect(report?["schema"] as? String == "kerf.doctor" && report?["root"] as? String == "/")
            #expect(!text.contains(tree.path.string))
        }
    }

    @Test(arguments: [".", "./"]) func theDoctorTakesTheCurrentDirectory(_ root: String) throws {
        let tree = try box()
        let outcome = try KerfProcess.run("doctor", "--json", "--root", root, in: tree.file("e").string)
        #expect(outcome.status == 0, "\(outcome.standardError)")
        #expect(outcome.standardOutput.contains("package-0"), "a flattened link below the root is followed")
    }

    @Test func noPathIsNoRoot() throws {
        let outcome = try KerfProcess.run("doctor", "--root", "")
        #expect(outcome.status == 66 && outcome.failureLine?.contains("no such directory") == true)
    }
}
