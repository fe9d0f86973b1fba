import Foundation
import Glibc
import SystemIO
import SystemPackage
import TestSupport
import Testing
import X509

@testable import SplitTraining

@Suite("Keys that are read")
struct CredentialsTests {
    let tree: FixtureTree
    let authority: TestCertificate
    let device: TestCertificate

    init() throws {
        tree = try FixtureTree()
        authority = try TestCertificate(.authority("authority"))
        device = try TestCertificate(.device("pi-4"), by: authority)
        try tree.writeKeys("pi-4", [device], authorities: [authority])
    }

    private func read(at date: Date = .now) throws -> DeviceKeys {
        try DeviceKeys(folder: tree.file("pi-4").string, at: date)
    }

    private func refusal(at date: Date = .now) -> KerfError? {
        let error = #expect(throws: KerfError.self) { try read(at: date) }
        #expect(error.map { PlainText.isPlain($0.description) } == true)
        return error
    }

    @Test("what Kerf makes, Kerf reads")
    func own() throws {
        let folder = KeyFolder(tree.file("keys").string)
        let date = Date(timeIntervalSince1970: 1_800_000_000.25)
        _ = try KeyFolder.create(at: folder.path, hosts: [], days: 50, date: date)
        _ = try folder.addDevice(try DeviceName("pi-5"), days: 20, date: date)
        let server = try ServerKeys(folder: folder.path, at: date)
        #expect(server.credentials.daysLeft(at: date) == 50 && server.credentials.expiryWarning(at: date) == nil)
        let device = try DeviceKeys(folder: folder.path + "/pi-5", at: date)
        #expect(device.name.text == "pi-5" && device.credentials.daysLeft(at: date) == 20)
        #expect(
            device.credentials.expiryWarning(at: date) == "the keys of \"pi-5\" expire on 2027-02-04, in 20 days")
        #expect(try server.device(of: device.credentials.certificate).text == "pi-5")
    }

    @Test("a server knows a device, and no one else")
    func peers() throws {
        let folder = KeyFolder(tree.file("keys").string)
        _ = try KeyFolder.create(at: folder.path, hosts: [])
        for name in ["a", "b"] { _ = try folder.addDevice(try DeviceName(name)) }
        let server = try ServerKeys(folder: folder.path)
        let a = try DeviceKeys(folder: folder.path + "/a").credentials
        let b = try DeviceKeys(folder: folder.path + "/b").credentials
        func code(_ presented: [Certificate], at date: Date = .now) -> KerfError.Code? {
            let error = #expect(throws: KerfError.self) {
                try CertificatePath(
                    presented, authorities: server.credentials.authorities, purpose: .device, at: date, in: "peer")
            }
            return error?.code
        }
        #expect(code([]) == .untrustedCertificate)
        #expect(code([device.certificate]) == .untrustedCertificate)
        #expect(code([device.certificate, authority.certificate]) == .untrustedCertificate)
        #expect(code(server.credentials.certificates) == .untrustedCertificate)
        #expect(code(a.authorities) == .untrustedCertificate)
        #expect(code(a.certificates, at: .now.addingTimeInterval(366 * 86400)) == .expiredCertificate)
        #expect(try server.device(of: a.certificate).text == "a")
        // The list is read anew.
        _ = try folder.revoke(try DeviceName("a"))
        let revoked = #expect(throws: KerfError.self) { try server.device(of: a.certificate) }
        #expect(revoked?.code == .revokedCertificate)
        #expect(try server.device(of: b.certificate).text == "b")
        try tree.write("keys/revoked.txt", "damaged\n")
        let damaged = #expect(throws: KerfError.self) { try server.device(of: b.certificate) }
        #expect(damaged?.code == .malformed)
        #expect(throws: KerfError.self) { try ServerKeys(folder: folder.path) }
    }

    @Test("files and folders in another's place are named")
    func otherPlaces() throws {
        let (certificate, key) = (try tree.text("pi-4/cert.pem"), try tree.text("pi-4/key.pem"))
        try tree.write("pi-4/key.pem", certificate)
        #expect(refusal()?.message == "holds a \"CERTIFICATE\", not a private key")
        try tree.write("pi-4/key.pem", key)
        try tree.write("pi-4/cert.pem", certificate.replacing(" CERTIFICATE--", with: " CERTIFICATE REQUEST--"))
        #expect(refusal()?.message == "holds a \"CERTIFICATE REQUEST\", not a certificate")
        let folder = KeyFolder(tree.file("keys").string)
        _ = try KeyFolder.create(at: folder.path, hosts: [])
        let all = #expect(throws: KerfError.self) { try DeviceKeys(folder: folder.path) }
        #expect(all?.code == .noSuchFile && all?.remedy?.description == "give the folder of this device in it")
        let one = #expect(throws: KerfError.self) { try ServerKeys(folder: folder.path + "/server") }
        #expect(one?.remedy?.description == "give the folder in which the folder server is")
    }

    @Test("a private key that others can read is refused", arguments: [0o640, 0o604, 0o610, 0o602, 0o666])
    func permissions(_ mode: Int) throws {
        try tree.setPermissions("pi-4/key.pem", mode)
        let error = refusal()
        #expect(error?.code == .exposedKey && error?.remedy?.description.hasPrefix("chmod 600 /") == true)
        try tree.setPermissions("pi-4/key.pem", 0o400)
        #expect(try read().name.text == "pi-4")
    }

    @Test("a link is followed to a file that must meet the same rules")
    func links() throws {
        try tree.write("elsewhere", try tree.text("pi-4/key.pem"))
        try tree.remove("pi-4/key.pem")
        try tree.link("pi-4/key.pem", "../elsewhere")
        #expect(try read().name.text == "pi-4")
        try tree.setPermissions("elsewhere", 0o644)
        #expect(refusal()?.code == .exposedKey)
        try tree.remove("elsewhere")
        #expect(refusal()?.code == .noSuchFile)
    }

    @Test("only regular files are read", arguments: ["cert.pem", "key.pem", "ca.pem"])
    func regular(_ name: String) throws {
        let file = "pi-4/\(name)"
        try tree.remove(file)
        #expect(refusal()?.code == .noSuchFile)
        #expect(mkfifo(tree.file(file).string, 0o600) == 0)
        #expect(refusal()?.code == .malformed)
        for target in ["/dev/zero", "/dev/null", "/"] {
            try tree.remove(file)
            try tree.link(file, target)
            #expect(refusal()?.code == .malformed, "\(target)")
        }
    }

    @Test("garbage is refused in one line", arguments: ["cert.pem", "key.pem", "ca.pem"])
    func garbage(_ name: String) throws {
        let good = Array(try tree.text("pi-4/\(name)").utf8)
        let middle = good.count / 2
        let contents: [[UInt8]] = [
            [], [0], [0xff, 0xfe], Array("hello\n".utf8), Array(good.prefix(middle)), Array(good.dropFirst(middle)),
            Array("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n".utf8),
            Array("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".utf8),
            Array("-----BEGIN X-----\nAAAA\n-----END X-----\n".utf8), Array(repeating: 0x2d, count: 65536),
            Array("-----BEGIN CERTIFICATE-----\n".utf8) + Array(repeating: 0x4d, count: 60000)
                + Array("\n-----END CERTIFICATE-----\n".utf8),
            Array(repeating: good, count: 20).flatMap { $0 },
        ]
        for content in contents {
            try tree.write("pi-4/\(name)", bytes: content)
            let error = refusal()
            #expect(error?.code != .internalError && error?.description.contains("\n") == false)
        }
    }

    @Test("a file with one changed byte is refused, or means the same", arguments: ["cert.pem", "key.pem", "ca.pem"])
    func changedBytes(_ name: String) throws {
        let good = Array(try tree.text("pi-4/\(name)").utf8)
        var refusals = 0
        // Within the base64, where a change of case is another letter.
        let places = stride(from: 28, to: good.count - 28, by: 11).filter { good[$0] != 0x0a }
        for place in places {
            var bytes = good
            bytes[place] ^= 0x20
            try tree.write("pi-4/\(name)", bytes: bytes)
            do {
                let credentials = try read().credentials
                // A key's file repeats the public key, which is computed anew.
                #expect(credentials.privateKey == device.key && credentials.authorities == [authority.certificate])
                #expect(credentials.certificates == [device.certificate])
            } catch let error as KerfError {
                refusals += 1
                #expect(error.code != .internalError && PlainText.isPlain(error.description))
            }
        }
        #expect(refusals * 4 > places.count)
    }

    @Test("a file larger than 64 KiB is refused", arguments: ["cert.pem", "key.pem", "ca.pem"])
    func size(_ name: String) throws {
        let text = try tree.text("pi-4/\(name)")
        try tree.write("pi-4/\(name)", text + String(repeating: "\n", count: 65536 - text.utf8.count))
        #expect(try read().name.text == "pi-4")
        try tree.write("pi-4/\(name)", text + String(repeating: "\n", count: 65537 - text.utf8.count))
        let error = refusal()
        #expect(error?.code == .malformed && error?.message.contains("64 KiB") == true)
    }

    @Test("a key of another certificate is refused")
    func mismatch() throws {
        let other = try TestCertificate(.device("pi-5"), by: authority)
        try tree.write("pi-4/key.pem", bytes: try other.key.pemBytes())
        let error = refusal()
        #expect(error?.code == .unusableData && error?.location?.hasSuffix("key.pem") == true)
    }

    @Test("a private key next to the certificate is refused")
    func combined() throws {
        try tree.write("pi-4/cert.pem", try tree.text("pi-4/cert.pem") + tree.text("pi-4/key.pem"))
        #expect(refusal()?.message.contains("private key") == true)
    }

    @Test("expired and not yet valid certificates are told by name and day")
    func validity() throws {
        let expired = refusal(at: device.certificate.notValidAfter.addingTimeInterval(1))
        #expect(expired?.code == .expiredCertificate && expired?.remedy == .makeDeviceKeys(name: "pi-4"))
        #expect(expired?.message.contains("\"pi-4\" expired on \(device.certificate.notValidAfter.day)") == true)
        let early = refusal(at: device.certificate.notValidBefore.addingTimeInterval(-1))
        #expect(early?.code == .expiredCertificate)
        #expect(early?.message.contains("not valid before \(device.certificate.notValidBefore.day)") == true)
        #expect(try read(at: device.certificate.notValidBefore).name.text == "pi-4")
        #expect(
            try read(at: device.certificate.notValidAfter).credentials.daysLeft(at: device.certificate.notValidAfter)
                == 0)
    }

    @Test("an authority that expires first decides how long the keys last")
    func authorityExpires() throws {
        let date = Date(timeIntervalSince1970: 1_800_000_000)
        var options = TestCertificate.Options.authority("short")
        options.until = 10
        let short = try TestCertificate(options, at: date)
        let device = try TestCertificate(.device("pi-4"), by: short, at: date)
        try tree.writeKeys("pi-4", [device], authorities: [short])
        #expect(try read(at: date).credentials.daysLeft(at: date) == 10)
        #expect(try read(at: date).credentials.daysLeft(at: date.addingTimeInterval(1)) == 9)
        #expect(refusal(at: date.addingTimeInterval(11 * 86400))?.message.contains("\"short\" expired") == true)
    }

    @Test("a device's certificate names one device")
    func names() throws {
        let uri = GeneralName.uniformResourceIdentifier
        let cases: [(String, [GeneralName], String?)] = [
            ("x", [uri("urn:kerf:device:a")], "a"), ("x", [uri("https://x"), uri("urn:kerf:device:b")], "b"),
            ("own", [], "own"), ("own", [.dnsName("y")], "own"), ("Own Device", [], nil), ("server", [], nil),
            ("x", [uri("urn:kerf:device:a"), uri("urn:kerf:device:b")], nil), ("x", [uri("urn:kerf:device:")], nil),
            ("x", [uri("urn:kerf:device:ca")], nil), ("x", [uri("urn:kerf:device:a/../b")], nil),
        ]
        for (common, alternatives, name) in cases {
            var options = TestCertificate.Options()
            options.name = common
            options.alternatives = alternatives
            try tree.writeKeys("pi-4", [try TestCertificate(options, by: authority)], authorities: [authority])
            if let name {
                #expect(try read().name.text == name)
            } else {
                #expect(refusal()?.code == .untrustedCertificate, "\(common) \(alternatives)")
            }
        }
    }
}
