import Glibc
import SystemIO
import SystemPackage
import TestSupport
import Testing
import X509

@testable import SplitTraining

@Suite("The list of revoked certificates")
struct RevocationListTests {
    private func list(_ text: String) throws -> RevocationList {
        let tree = try FixtureTree()
        try tree.write("revoked.txt", text)
        return try RevocationList(path: tree.file("revoked.txt").string)
    }

    @Test("serial numbers are read as openssl prints them, whatever the case, colons and leading zeros")
    func spellings() throws {
        let list = try list("# a comment\n\n0A1b  # pi-4, 2026-11-28\r\n 00:ff:10\t\nc\n0\n")
        #expect(list.entries.map(\.serial) == ["0a1b", "ff10", "0c", "00"])
        #expect(list.entries.map(\.comment) == ["pi-4, 2026-11-28", "", "", ""])
    }

    @Test("a certificate is found by its serial number alone")
    func containment() throws {
        let authority = try TestCertificate(.authority("authority"))
        let first = try TestCertificate(.device("a"), by: authority).certificate
        let second = try TestCertificate(.device("a"), by: authority).certificate
        let list = try list(first.serialNumber.hexadecimal.uppercased() + "\n")
        #expect(list.contains(first) && !list.contains(second))
        #expect(try !self.list("").contains(first))
    }

    @Test(
        "a line that is none is an error, never skipped",
        arguments: [
            "0x1f\n", "1f 2f\n", "pi-4\n", "1f,\n", "serial=1F\n", "1g\n", ":\n", "1f\n\u{e9}\n", "１\n", "-1\n",
            String(repeating: "1", count: 65) + "\n", "1f\n2f", "1f # a\n# b",
        ])
    func malformed(_ text: String) {
        let error = #expect(throws: KerfError.self) { try list(text) }
        #expect(error?.code == .malformed)
    }

    @Test func bytesThatAreNoText() throws {
        let tree = try FixtureTree()
        try tree.write("revoked.txt", bytes: [0x31, 0xff, 0x0a])
        let error = #expect(throws: KerfError.self) { try RevocationList(path: tree.file("revoked.txt").string) }
        #expect(error?.code == .malformed)
    }

    @Test("only an absent file means that nothing is revoked")
    func absence() throws {
        let tree = try FixtureTree()
        #expect(try RevocationList(path: tree.file("revoked.txt").string).entries.isEmpty)
        try tree.link("dangling.txt", "nowhere")
        try tree.directory("directory.txt")
        try tree.write("file", "")
        #expect(mkfifo(tree.file("pipe.txt").string, 0o600) == 0)
        for name in ["dangling.txt", "directory.txt", "no-folder/revoked.txt", "file/revoked.txt", "pipe.txt"] {
            #expect(throws: KerfError.self, "\(name)") { try RevocationList(path: tree.file(name).string) }
        }
    }

    @Test("a list larger than 4 MiB is refused")
    func size() throws {
        let line = String(repeating: "1", count: 63) + "\n"
        #expect(try list(String(repeating: line, count: 65536)).entries.count == 65536)
        let error = #expect(throws: KerfError.self) { try list(String(repeating: line, count: 65537)) }
        #expect(error?.code == .malformed)
    }
}
