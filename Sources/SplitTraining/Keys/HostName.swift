import Glibc
import SwiftASN1
import SystemIO
import X509

/// A name or an address by which devices reach a server.
package struct HostName: Sendable, Hashable {
    /// As it is given; names in lower case.
    package let text: String
    /// Its entry in a subject alternative name: a DNS name, or the 4 or 16 bytes of an address.
    let generalName: GeneralName

    /// Names of the own machine, which every server's certificate holds.
    static let local = [
        HostName(text: "localhost", generalName: .dnsName("localhost")),
        HostName(text: "127.0.0.1", generalName: .ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1]))),
        HostName(
            text: "::1",
            generalName: .ipAddress(ASN1OctetString(contentBytes: [UInt8](repeating: 0, count: 15) + [1]))),
    ]

    /// Hosts of one certificate.
    static let maximumCount = 64

    private init(text: String, generalName: GeneralName) {
        self.text = text
        self.generalName = generalName
    }

    /// - Parameter text: an IPv4 or IPv6 address, or a DNS name without a wildcard.
    /// - Throws: ``KerfError/Code/invalidArgument``.
    package init(_ text: String) throws(KerfError) {
        if let bytes = Self.address(text) {
            self.init(text: text, generalName: .ipAddress(ASN1OctetString(contentBytes: bytes[...])))
            return
        }
        let name = text.lowercased()
        let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        // Digits and dots alone are an address with a mistake in it.
        guard name.utf8.count <= 253, labels.allSatisfy(Self.isLabel), !(labels.last?.allSatisfy(Self.isDigit) ?? true)
        else {
            throw KerfError(
                .invalidArgument, "\(PlainText.quoted(text, limit: 80)) is neither a host's name nor an address",
                remedy: "give a name such as edge.example.com, or an IPv4 or IPv6 address")
        }
        self.init(text: name, generalName: .dnsName(name))
    }

    /// The bytes of an address in network order.
    private static func address(_ text: String) -> [UInt8]? {
        // The C function would stop at a NUL and take what comes before it.
        guard !text.utf8.contains(0) else { return nil }
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: count)
            if inet_pton(family, text, &bytes) == 1 { return bytes }
        }
        return nil
    }

    private static func isLabel(_ label: Substring.UTF8View) -> Bool {
        let hyphen = UInt8(ascii: "-")
        return (1...63).contains(label.count) && label.first != hyphen && label.last != hyphen
            && label.allSatisfy { isDigit($0) || $0 == hyphen || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
