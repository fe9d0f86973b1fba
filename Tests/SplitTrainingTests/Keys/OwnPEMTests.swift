import Foundation
import SystemIO
import SystemPackage
import TestSupport
import Testing
import X509

@testable import SplitTraining

/// Keys and certificates that openssl made.
@Suite("Keys of another tool", .requires(.openssl))
struct OwnPEMTests {
    let tree: FixtureTree

    init() throws {
        tree = try FixtureTree()
        try OpenSSL.make("ecparam -name secp384r1 -genkey -noout -out root.key", in: tree)
        try OpenSSL.make("req -x509 -new -key root.key -sha384 -days 100 -subj /CN=Root -out root.pem", in: tree)
        try tree.write(
            "authority.ext", "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\n")
        try tree.write("device.ext", "extendedKeyUsage=clientAuth\nkeyUsage=digitalSignature\n")
        try tree.write("server.ext", "extendedKeyUsage=serverAuth\nsubjectAltName=DNS:edge\n")
        try OpenSSL.make("genrsa -out middle.key 2048", in: tree)
        try sign("middle", "Middle", by: "root", "authority")
    }

    private func sign(_ file: String, _ name: String, by issuer: String, _ extensions: String) throws {
        try OpenSSL.make("req -new -key \(file).key -subj /CN=\(name) -out \(file).csr", in: tree)
        try OpenSSL.make(
            "x509 -req -in \(file).csr -CA \(issuer).pem -CAkey \(issuer).key -CAcreateserial -days 50 -sha256 "
                + "-extfile \(extensions).ext -out \(file).pem", in: tree)
    }

    private func install(_ file: String, in folder: String, chain: [String] = []) throws {
        try tree.write("\(folder)/cert.pem", try ([file] + chain).map { try tree.text("\($0).pem") }.joined())
        try tree.write("\(folder)/key.pem", try tree.text("\(file).key"))
        try tree.write("\(folder)/ca.pem", try tree.text("root.pem"))
    }

    private var device: DeviceKeys { get throws { try DeviceKeys(folder: tree.file("d").string) } }

    static let commands = [
        "ecparam -name prime256v1 -genkey -noout -out d.key", "ecparam -name secp384r1 -genkey -out d.key",
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out d.key", "genrsa -out d.key 2048",
        "genrsa -traditional -out d.key 3072", "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out d.key",
    ]

    @Test("RSA, P-256 and P-384 in PKCS#8, SEC1 and PKCS#1 are read", arguments: commands)
    func kinds(_ command: String) throws {
        try OpenSSL.make(command, in: tree)
        try sign("d", "edge-box-1", by: "root", "device")
        try install("d", in: "d")
        let keys = try device
        #expect(keys.name.text == "edge-box-1" && keys.credentials.daysLeft(at: .now) == 49)
        // What is handed to the TLS library is the same key and certificate.
        try tree.write("out.key", bytes: try keys.credentials.privateKeyPEM())
        try tree.write("out.pem", bytes: try keys.credentials.certificatesPEM())
        let key = try OpenSSL.make("pkey -in out.key -pubout", in: tree)
        #expect(try key == OpenSSL.make("pkey -in d.key -pubout", in: tree))
        #expect(try key == OpenSSL.make("x509 -in out.pem -noout -pubkey", in: tree))
    }

    @Test("a chain with an intermediate is read, and refused without it")
    func chain() throws {
        try OpenSSL.make("genrsa -out d.key 2048", in: tree)
        try sign("d", "edge-box-1", by: "middle", "device")
        try install("d", in: "d", chain: ["middle"])
        #expect(try device.credentials.path.certificates.map(\.commonNames) == [["edge-box-1"], ["Middle"], ["Root"]])
        try OpenSSL.make("genrsa -out s.key 2048", in: tree)
        try sign("s", "edge", by: "root", "server")
        try install("s", in: "keys/server")
        let server = try ServerKeys(folder: tree.file("keys").string)
        let certificate = try device.credentials.certificate
        #expect(try server.device(of: certificate).text == "edge-box-1")
        // The intermediate may be revoked too, where the server knows it.
        let serial = try OpenSSL.make("x509 -in middle.pem -noout -serial", in: tree).dropFirst("serial=".count)
        try tree.write("keys/revoked.txt", String(serial))
        #expect(try server.device(of: certificate).text == "edge-box-1")
        try tree.write("keys/server/ca.pem", try tree.text("root.pem") + tree.text("middle.pem"))
        let knowing = try ServerKeys(folder: tree.file("keys").string)
        let revoked = #expect(throws: KerfError.self) { try knowing.device(of: certificate) }
        #expect(revoked?.code == .revokedCertificate && revoked?.message.contains("Middle") == true)
        try install("d", in: "d")
        let error = #expect(throws: KerfError.self) { try device }
        #expect(error?.code == .untrustedCertificate)
    }

    static let refusals = [
        ("genrsa -out d.key 1024", "2048"), ("genpkey -algorithm ED25519 -out d.key", "unsupported key"),
        ("ecparam -name secp521r1 -genkey -noout -out d.key", "unsupported key"),
        ("ecparam -name secp256k1 -genkey -noout -out d.key", "cannot be read|can be read"),
        ("genrsa -aes128 -passout pass:abcd -out d.key 2048", "encrypted"),
        ("genrsa -traditional -aes128 -passout pass:abcd -out d.key 2048", "encrypted"),
    ]

    @Test("keys of other kinds are refused by name", arguments: refusals)
    func others(_ command: String, _ words: String) throws {
        try OpenSSL.make(command, in: tree)
        if words == "encrypted" {
            try tree.write("d.pem", try tree.text("root.pem"))
        } else {
            try sign("d", "edge-box-1", by: "root", "device")
        }
        try install("d", in: "d")
        let error = #expect(throws: KerfError.self) { try device }
        let text = error?.description ?? ""
        #expect(words.split(separator: "|").contains { text.contains($0) }, "\(text)")
    }

    @Test("a certificate signed with SHA-1 is refused")
    func digest() throws {
        try OpenSSL.make("ecparam -name prime256v1 -genkey -noout -out d.key", in: tree)
        try OpenSSL.make("req -new -key d.key -subj /CN=a -out d.csr", in: tree)
        try OpenSSL.make("x509 -req -in d.csr -CA root.pem -CAkey root.key -days 9 -sha1 -out d.pem", in: tree)
        try install("d", in: "d")
        #expect(throws: KerfError.self) { try device }
    }

    @Test("an authority of another tool issues devices' keys")
    func authority() throws {
        try tree.write("keys/ca.pem", try tree.text("root.pem"))
        try tree.write("keys/ca-key.pem", try tree.text("root.key"))
        let folder = KeyFolder(tree.file("keys").string)
        _ = try folder.addDevice(try DeviceName("pi-4"))
        #expect(try DeviceKeys(folder: folder.path + "/pi-4").name.text == "pi-4")
        let arguments = ["verify", "-purpose", "sslclient", "-CAfile", "root.pem", "keys/pi-4/cert.pem"]
        #expect(try OpenSSL.run(arguments, in: tree).status == 0)
    }
}
