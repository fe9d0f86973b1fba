import FoundationEssentials
import SwiftASN1
import SystemIO
import X509

extension Certificate {
    /// Common names of the subject that are text; usually one.
    var commonNames: [String] {
        subject.flatMap { $0 }
            .filter { $0.type == ASN1ObjectIdentifier.RDNAttributeType.commonName }
            .compactMap { String($0.value) }
    }

    /// How messages name the certificate: its common name, or its serial number. Safe to show.
    var shownName: String {
        commonNames.first.map { PlainText.quoted($0, limit: 64) } ?? "with serial number \(serialNumber.hexadecimal)"
    }

    /// The certificate in DER, the bytes that the authority signed and its signature.
    ///
    /// - Throws: ``KerfError/Code/internalError``: a certificate that was parsed or made can be written.
    func derBytes() throws(KerfError) -> [UInt8] {
        do {
            var serializer = DER.Serializer()
            try serializer.serialize(self)
            return serializer.serializedBytes
        } catch {
            throw KerfError(.internalError, "a certificate cannot be written: \(error)")
        }
    }

    /// SHA-256 of the certificate in DER: 64 lower-case hexadecimal digits, as `openssl x509 -fingerprint -sha256` prints
    /// them with colons and in capitals.
    func fingerprint() throws(KerfError) -> String { SHA256.hexDigest(of: try derBytes()) }

    /// Whole days until the certificate expires, rounded down; negative once it has expired.
    package func daysLeft(at date: Date) -> Int { Int((notValidAfter.timeIntervalSince(date) / 86400).rounded(.down)) }
}

extension Certificate.SerialNumber {
    /// Lower-case hexadecimal digits, two a byte, without leading zero bytes: the form of the list of revoked
    /// certificates.
    package var hexadecimal: String {
        let digits = Array("0123456789abcdef")
        let kept = bytes.drop { $0 == 0 }
        return kept.isEmpty ? "00" : String(kept.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}

extension Date {
    /// The day in UTC: `2026-11-28`.
    var day: String { formatted(.iso8601.year().month().day()) }
}
