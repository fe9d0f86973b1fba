import Foundation
import Synchronization
import SystemIO
import SystemPackage
import TestSupport
import Testing
import X509

@testable import SplitTraining

@Suite("Folders of keys")
struct KeyFolderTests {
    let tree: FixtureTree
    let folder: KeyFolder

    init() throws {
        tree = try FixtureTree()
        folder = KeyFolder(tree.file("keys").string)
    }

    private func create(hosts: [HostName] = [], days: Int = 100, date: Date = .now) throws {
        _ = try KeyFolder.create(at: folder.path, hosts: hosts, days: days, date: date)
    }

    @Test("private keys are readable by their owner alone, folders too")
    func permissions() throws {
        try create()
        _ = try folder.addDevice(try DeviceName("pi-4"))
        for name in ["keys", "keys/server", "keys/pi-4"] { #expect(try tree.permissions(name) == 0o700) }
        for name in ["keys/ca-key.pem", "keys/server/key.pem", "keys/pi-4/key.pem"] {
            #expect(try tree.permissions(name) == 0o600)
        }
        #expect(try tree.names("keys") == ["ca-key.pem", "ca.pem", "issued.txt", "pi-4", "server"])
        #expect(try tree.names("keys/pi-4") == ["ca.pem", "cert.pem", "key.pem"])
        #expect(try tree.names(".") == ["keys"])
    }

    @Test("openssl verifies each certificate for its own purpose only", .requires(.openssl))
    func verification() throws {
        try create()
        _ = try folder.addDevice(try DeviceName("pi-4"))
        for (name, purpose, isRight) in [
            ("server", "sslserver", true), ("server", "sslclient", false), ("pi-4", "sslclient", true),
            ("pi-4", "sslserver", false),
        ] {
            let status = try OpenSSL.run(
                ["verify", "-x509_strict", "-purpose", purpose, "-CAfile", "keys/ca.pem", "keys/\(name)/cert.pem"],
                in: tree
            ).status
            #expect((status == 0) == isRight, "\(name) \(purpose)")
        }
        for (host, isRight) in [("localhost", true), ("edge.example.com", false)] {
            let arguments = ["verify", "-CAfile", "keys/ca.pem", "-verify_hostname", host, "keys/server/cert.pem"]
            #expect((try OpenSSL.run(arguments, in: tree).status == 0) == isRight)
        }
    }

    @Test("openssl reads the fields of the certificates", .requires(.openssl))
    func fields() throws {
        try create(hosts: [try HostName("edge.example.com"), try HostName("2001:db8::7"), try HostName("localhost")])
        let record = try folder.addDevice(try DeviceName("pi-4"), days: 30)
        let server = try OpenSSL.make("x509 -noout -text -in keys/server/cert.pem", in: tree)
        #expect(
            server.contains(
                "DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:edge.example.com, "
                    + "IP Address:2001:DB8:0:0:0:0:0:7\n"))
        #expect(server.contains("TLS Web Server Authentication\n") && server.contains("CA:FALSE"))
        let device = try OpenSSL.make("x509 -noout -text -in keys/pi-4/cert.pem", in: tree)
        for text in [
            "Subject: CN = pi-4\n", "URI:urn:kerf:device:pi-4\n", "TLS Web Client Authentication\n", "prime256v1",
            "ecdsa-with-SHA256", "CA:FALSE",
        ] { #expect(device.contains(text), "\(text)") }
        let authority = try OpenSSL.make("x509 -noout -text -in keys/ca.pem", in: tree)
        for text in ["CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign", "Subject Key Identifier"] {
            #expect(authority.contains(text), "\(text)")
        }
        let printed = try OpenSSL.make("x509 -noout -serial -fingerprint -sha256 -in keys/pi-4/cert.pem", in: tree)
            .lowercased().replacing(":", with: "")
        #expect(printed.contains("serial=\(try #require(record.serial))\n"))
        #expect(printed.contains("fingerprint=\(try #require(record.fingerprint))\n"))
        #expect(record.daysLeft == 30)
    }

    @Test("serial numbers have 128 random bits, whatever their first bit", .requires(.openssl))
    func serials() throws {
        let authority = try CertificateAuthority(days: 10, at: .now)
        var serials: Set<String> = []
        for index in 0..<32 {
            let issued = try authority.issue(.device, commonName: "d", names: [], days: 1, at: .now)
            try tree.write("\(index).pem", bytes: try [issued.certificate].pemBytes())
            let printed = try OpenSSL.make("x509 -noout -serial -in \(index).pem", in: tree)
            // A negative number would be printed with a sign.
            let serial = issued.certificate.serialNumber.hexadecimal
            #expect(printed.lowercased() == "serial=\(serial)\n")
            serials.insert(serial)
        }
        #expect(serials.count == 32 && serials.contains { $0.count == 32 && $0 > "8" })
    }

    @Test("a device's keys do not outlive the authority, and nothing is made from an expired one")
    func validity() throws {
        let date = Date(timeIntervalSince1970: 1_800_000_000)
        try create(days: 10, date: date)
        let record = try folder.addDevice(try DeviceName("a"), days: 365, date: date.addingTimeInterval(86400))
        #expect(record.daysLeft == 9 && record.validFrom == "2027-01-16" && record.validUntil == "2027-01-25")
        let error = #expect(throws: KerfError.self) {
            try folder.addDevice(try DeviceName("b"), date: date.addingTimeInterval(11 * 86400))
        }
        #expect(error?.code == .expiredCertificate && error?.message.contains("2027-01-25") == true)
        for days in [0, -1, 7301, .max] {
            #expect(throws: KerfError.self) { try folder.addDevice(try DeviceName("c"), days: days, date: date) }
        }
    }

    @Test("what exists is never overwritten")
    func exclusive() throws {
        try create()
        let before = try tree.text("keys/ca-key.pem")
        #expect(throws: KerfError.self) { try create() }
        _ = try folder.addDevice(try DeviceName("a"))
        let key = try tree.text("keys/a/key.pem")
        let error = #expect(throws: KerfError.self) { try folder.addDevice(try DeviceName("a")) }
        #expect(error?.code == .cannotCreate)
        #expect(try tree.text("keys/ca-key.pem") == before && tree.text("keys/a/key.pem") == key)
        #expect(try tree.text("keys/issued.txt").split(separator: "\n").count == 1)
    }

    @Test("of many that make the same folder one succeeds, and different devices all do")
    func concurrency() throws {
        let made = Mutex(0)
        let failures = Mutex<[String]>([])
        @Sendable func attempt(_ work: () throws -> Void) {
            do {
                try work()
                made.withLock { $0 += 1 }
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        let folder = folder
        var threads = (0..<6).map { _ in
            BackgroundThread { attempt { _ = try KeyFolder.create(at: folder.path, hosts: []) } }
        }
        threads.forEach { $0.join() }
        #expect(made.withLock { $0 } == 1, "\(failures.withLock { $0 })")
        threads = (0..<12).map { index in
            BackgroundThread { attempt { _ = try folder.addDevice(try DeviceName("d\(index % 6)")) } }
        }
        threads.forEach { $0.join() }
        #expect(made.withLock { $0 } == 7, "\(failures.withLock { $0 })")
        threads = (0..<6).map { index in
            BackgroundThread { attempt { _ = try folder.revoke(try DeviceName("d\(index)")) } }
        }
        threads.forEach { $0.join() }
        #expect(made.withLock { $0 } == 13, "\(failures.withLock { $0 })")
        let records = try folder.records()
        #expect(records.map(\.name) == ["ca", "server", "d0", "d1", "d2", "d3", "d4", "d5"])
        #expect(records.dropFirst(2).allSatisfy { $0.state == .revoked })
        #expect(try tree.names(".") == ["keys"])
    }

    @Test("every certificate that a device got is revoked, also those whose folder is gone")
    func revocation() throws {
        try create()
        let name = try DeviceName("a")
        let first = try folder.addDevice(name)
        try tree.remove("keys/a")
        let second = try folder.addDevice(name)
        _ = try folder.addDevice(try DeviceName("ab"))
        #expect(try folder.revoke(name) == [first.serial, second.serial])
        #expect(try folder.revoke(name).isEmpty)
        let list = try RevocationList(path: folder.revocationList)
        #expect(list.entries.map(\.serial) == [first.serial, second.serial])
        #expect(list.entries.allSatisfy { $0.comment.hasPrefix("a, 20") })
        #expect(try folder.records().map(\.state) == [.valid, .valid, .revoked, .valid])
        let error = #expect(throws: KerfError.self) { try folder.revoke(try DeviceName("b")) }
        #expect(error?.code == .noSuchFile)
    }

    @Test("a damaged list is neither extended nor replaced")
    func damagedList() throws {
        try create()
        _ = try folder.addDevice(try DeviceName("a"))
        try tree.write("keys/revoked.txt", "not a number\n")
        #expect(throws: KerfError.self) { try folder.revoke(try DeviceName("a")) }
        #expect(throws: KerfError.self) { try folder.records() }
        #expect(try tree.text("keys/revoked.txt") == "not a number\n")
    }

    @Test("the list of keys tells expired, unusable and soon expiring ones apart")
    func records() throws {
        let date = Date(timeIntervalSince1970: 1_800_000_000.25)
        try create(days: 200, date: date)
        _ = try folder.addDevice(try DeviceName("long"), days: 100, date: date)
        _ = try folder.addDevice(try DeviceName("short"), days: 40, date: date)
        _ = try folder.addDevice(try DeviceName("exposed"), days: 100, date: date)
        try tree.setPermissions("keys/exposed/key.pem", 0o644)
        try tree.directory("keys/empty")
        let records = try folder.records(at: date.addingTimeInterval(20 * 86400))
        #expect(records.map(\.name) == ["ca", "server", "empty", "exposed", "long", "short"])
        #expect(records.map(\.state) == [.valid, .valid, .unusable, .unusable, .valid, .valid])
        #expect(records.map(\.expiresSoon) == [false, false, false, false, false, true])
        #expect(records[3].problem?.contains("chmod 600") == true)
        let later = try folder.records(at: date.addingTimeInterval(41 * 86400))
        #expect(later[5].state == .expired && later[5].daysLeft == -1 && later[5].expiresSoon)
        let earlier = try folder.records(at: date.addingTimeInterval(-86400))
        #expect(earlier[0].state == .notYetValid && earlier[4].state == .notYetValid)
        #expect((records + later).allSatisfy { PlainText.isPlain($0.line) })
    }
}
