import Foundation
import SystemPackage
import TestSupport
import Testing

/// `kerf keys`: what is printed, where, and the exit status. The keys themselves are tested with their library.
struct KeysTests {
    let tree: FixtureTree
    private var folder: String { tree.file("keys").string }

    init() throws { tree = try FixtureTree() }

    private func run(_ arguments: String...) throws -> KerfProcess.Outcome {
        try KerfProcess(["keys"] + arguments).finish()
    }

    private struct Record: Decodable {
        var name, role, state, serial: String
    }

    private func records(_ outcome: KerfProcess.Outcome) throws -> [Record] {
        try JSONDecoder().decode([Record].self, from: Data(outcome.standardOutput.utf8))
    }

    @Test("keys are made, listed and revoked")
    func lifetime() throws {
        let made = try run("init", "--out", folder, "--host", "edge.example.com", "--host", "192.0.2.7", "--json")
        #expect(made.status == 0 && made.standardError.isEmpty)
        #expect(try records(made).map(\.name) == ["ca", "server"])
        let device = try run("device", "pi-4", "--keys", folder)
        #expect(device.status == 0 && device.standardOutput.hasPrefix("pi-4: valid, until 20"))
        let short = try run("device", "short", "--keys", folder, "--days", "5", "--json")
        #expect(short.status == 0 && short.standardError == "kerf: warning: the keys of short expire in 5 days\n")
        let serial = try records(short)[0].serial
        let revoked = try run("revoke", "short", "--keys", folder)
        #expect(revoked.standardOutput == "short: revoked \(serial)\n")
        #expect(try run("revoke", "short", "--keys", folder).standardOutput == "short: revoked before\n")
        let shown = try records(try run("show", "--keys", folder, "--json"))
        #expect(shown.map(\.state) == ["valid", "valid", "valid", "revoked"])
        #expect(shown.map(\.role) == ["authority", "server", "device", "device"])
        #expect(try run("show", "--keys", folder).standardOutput.split(separator: "\n").count == 4)
    }

    @Test("failures are one line and leave nothing")
    func failures() throws {
        #expect(try run("init", "--out", folder).status == 0)
        #expect(try run("device", "pi-4", "--keys", folder).status == 0)
        let missing = tree.file("missing").string
        let cases: [(arguments: [String], status: Int32, says: String)] = [
            (["init", "--out", folder], 73, "is not an empty folder"),
            (["init", "--out", tree.file("no/keys").string], 73, "above it does not exist"),
            (["init", "--out", missing, "--host", "a b"], 64, "neither a host's name"),
            (["init", "--out", missing, "--days", "0"], 64, "1 to 7300 days"),
            (["device", "pi-4", "--keys", folder], 73, "already"),
            (["device", "Pi 4", "--keys", folder], 64, "not a name of a device"),
            (["device", "server", "--keys", folder], 64, "server"),
            (["device", "pi-5", "--keys", missing], 66, "kerf keys init --out DIR"),
            (["revoke", "pi-6", "--keys", folder], 66, "no keys of a device pi-6"),
            (["show", "--keys", missing], 66, "no such folder"),
        ]
        for (arguments, status, says) in cases {
            let outcome = try KerfProcess(["keys"] + arguments).finish()
            #expect(outcome.status == status && outcome.standardOutput.isEmpty, "\(arguments)")
            #expect(outcome.failureLine?.contains(says) == true, "\(arguments): \(outcome.standardError)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: tree.path.string) == ["keys"])
        try tree.write("keys/revoked.txt", "damaged\n")
        let damaged = try run("show", "--keys", folder)
        #expect(damaged.status == 65 && damaged.failureLine?.contains("refuses every device") == true)
    }
}
