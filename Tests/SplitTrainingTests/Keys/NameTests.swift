import SwiftASN1
import SystemIO
import Testing
import X509

@testable import SplitTraining

@Suite("Names of devices and hosts")
struct NameTests {
    @Test(arguments: ["a", "0", "pi-4", "a-", "serverx", "ca2", String(repeating: "x", count: 63)])
    func deviceNames(_ text: String) throws {
        #expect(try DeviceName(text).text == text)
    }

    @Test(
        arguments: [
            "", "-a", "A", "a b", "a.b", "a/b", "..", ".", "a\n", "a\0", "ä", "a_b", "server", "ca",
            String(repeating: "x", count: 64),
        ])
    func otherNames(_ text: String) {
        let error = #expect(throws: KerfError.self) { try DeviceName(text) }
        #expect(error?.code == .invalidArgument)
        #expect(error.map { PlainText.isPlain($0.description) } == true)
    }

    @Test("a name is not both a device's and that of another file of the folder")
    func filesOfTheFolder() {
        for name in ["ca.pem", "ca-key.pem", "issued.txt", "revoked.txt", "server"] {
            #expect(throws: KerfError.self) { try DeviceName(name) }
        }
    }

    @Test(
        arguments: [
            ("127.0.0.1", [127, 0, 0, 1]), ("192.0.2.7", [192, 0, 2, 7]),
            ("2001:db8::1", [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        ] as [(String, [UInt8])])
    func addresses(_ text: String, _ bytes: [UInt8]) throws {
        #expect(try HostName(text).generalName == .ipAddress(ASN1OctetString(contentBytes: bytes[...])))
    }

    @Test(arguments: [("edge", "edge"), ("Edge.Example.COM", "edge.example.com"), ("1a.b-c", "1a.b-c")])
    func hostNames(_ text: String, _ name: String) throws {
        #expect(try HostName(text).generalName == .dnsName(name))
    }

    @Test(
        arguments: [
            "", ".", "a..b", "a.", "-a", "a-", "*.example.com", "a b", "a\nb", "ä.de", "1.2.3", "1.2.3.4.5",
            "300.1.1.1",
            "fe80::1%eth0", "[::1]", "edge:443", "127.0.0.1\0x", String(repeating: "x", count: 64),
            Array(repeating: "abc", count: 64).joined(separator: "."),
        ])
    func otherHosts(_ text: String) {
        let error = #expect(throws: KerfError.self) { try HostName(text) }
        #expect(error?.code == .invalidArgument)
    }
}
