import PCI
import SystemIO
import SystemPackage
import TestSupport
import Testing

@Suite("dumps by lspci")
struct PCIDumpTests {
    private func dump(_ text: String) throws -> (FixtureTree, FilePath) {
        let tree = try FixtureTree()
        try tree.write("dump", text)
        try tree.write("pci.ids", "")
        return (tree, tree.file("dump"))
    }

    private func lines(_ bytes: [UInt8]) -> String {
        let hexadecimal = { (value: Int) in (value < 16 ? "0" : "") + String(value, radix: 16) }
        return stride(from: 0, to: bytes.count, by: 16).map { start in
            hexadecimal(start) + ": "
                + bytes[start..<start + 16].map { hexadecimal(Int($0)) }.joined(separator: " ") + "\n"
        }.joined()
    }

    @Test("a full dump gives the link, one of 64 bytes does not")
    func lengths() throws {
        let bytes = PCIFixture.configuration(capabilities: 0x105, status: 0x103)
        let (tree, file) = try dump(
            "41:00.0 3D controller\n" + lines(bytes) + "\n0001:42:00.1 3D controller\n" + lines(Array(bytes[..<64])))
        let survey = try PCIDump.survey(of: file, namesFile: tree.file("pci.ids"))
        #expect(survey.devices.map(\.address) == ["0000:41:00.0", "0001:42:00.1"])
        #expect(survey.devices.map(\.identifier) == ["10de:2331", "10de:2331"])
        #expect(
            survey.devices.map(\.link) == [
                PCILink(
                    currentGigatransfersPerSecond: 8, bestGigatransfersPerSecond: 32, currentWidth: 16, bestWidth: 16),
                nil,
            ])
    }

    @Test(
        "what is no dump is refused with the file's name",
        arguments: ["", "hello\n", "00: 86 80\n", String(repeating: "x", count: 70_000)])
    func garbage(text: String) throws {
        let (_, file) = try dump(text)
        let error = try #require(throws: KerfError.self) { try PCIDump.survey(of: file) }
        #expect(error.location == file.string)
    }

    @Test("no file, or a directory in its place")
    func noFile() throws {
        let tree = try FixtureTree()
        for path in [tree.file("nothing"), tree.path] {
            let error = try #require(throws: KerfError.self) { try PCIDump.survey(of: path) }
            #expect(error.code == .notFound)
        }
    }

    struct Known: Sendable {
        var file: String
        var identifiers: [String]
        var links: [PCILink?]
    }

    /// Expected by the text of `lspci -vv` that stands in the dumps, or by hand from the registers.
    static let known = [
        Known(
            file: "cap-pcie-1", identifiers: ["8086:3408"],
            links: [
                PCILink(
                    currentGigatransfersPerSecond: 2.5, bestGigatransfersPerSecond: 5, currentWidth: 4, bestWidth: 4)
            ]),
        Known(
            file: "cap-exp-dev2", identifiers: ["8086:9d10"],
            links: [
                PCILink(
                    currentGigatransfersPerSecond: 5, bestGigatransfersPerSecond: 8, currentWidth: 1, bestWidth: 1)
            ]),
        // Link Capabilities 0x00400103, Link Status 0x1103.
        Known(
            file: "cap-rebar", identifiers: ["1002:7300"],
            links: [
                PCILink(
                    currentGigatransfersPerSecond: 8, bestGigatransfersPerSecond: 8, currentWidth: 16, bestWidth: 16)
            ]),
        // Parts integrated into the root complex.
        Known(file: "cap-dvsec-cxl", identifiers: ["8086:0d93", "10ee:c084"], links: [nil, nil]),
    ]

    @Test(
        "real devices", .enabled(if: SharedBoxes.arePresent, Comment(rawValue: SharedBoxes.reason)), arguments: known)
    func realDevices(_ known: Known) throws {
        let path = try SharedBoxes.folder("lspci-dumps").appending(known.file)
        let survey = try PCIDump.survey(of: path)
        #expect(survey.failures.isEmpty)
        #expect(survey.devices.map(\.identifier) == known.identifiers)
        #expect(survey.devices.map(\.link) == known.links)
    }
}
