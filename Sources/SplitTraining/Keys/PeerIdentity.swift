import SystemIO
import X509

/// Who a device is: the name in its certificate.
///
/// The name is in a URI of the subject alternative name, `urn:kerf:device:NAME`. A certificate without such a URI, which
/// another tool issued, names its device by the common name.
package struct PeerIdentity: Sendable, Hashable {
    package let name: DeviceName
    /// Serial number, in lower-case hexadecimal digits.
    package let serial: String
    /// SHA-256 of the certificate in DER, in lower-case hexadecimal digits.
    package let fingerprint: String

    /// Starts the URI that names a device.
    static let uriPrefix = "urn:kerf:device:"

    /// - Parameters:
    ///   - path: from the peer's certificate to a trusted root.
    ///   - peer: the peer's address, for the error.
    /// - Throws: ``KerfError/Code/revokedCertificate`` where a certificate of the path but the root is revoked, and the
    ///   errors of ``init(certificate:from:)``.
    package init(_ path: CertificatePath, revoked: RevocationList, from peer: String) throws(KerfError) {
        for certificate in path.certificates.dropLast() where revoked.contains(certificate) {
            throw KerfError(
                .revokedCertificate, at: peer, "the certificate \(certificate.shownName) is revoked",
                remedy: "give the device new keys")
        }
        try self.init(certificate: path.certificates[0], from: peer)
    }

    /// The identity in a certificate that a handshake has checked: its path to a root is not examined again.
    ///
    /// - Throws: ``KerfError/Code/untrustedCertificate`` for a certificate that names no device, several, or one whose name
    ///   is invalid.
    package init(certificate: Certificate, from peer: String = "peer") throws(KerfError) {
        name = try Self.name(in: certificate, at: peer)
        serial = certificate.serialNumber.hexadecimal
        fingerprint = try certificate.fingerprint()
    }

    static func name(in certificate: Certificate, at place: String) throws(KerfError) -> DeviceName {
        let alternatives: SubjectAlternativeNames?
        do {
            alternatives = try certificate.extensions.subjectAlternativeNames
        } catch {
            throw KerfError(.untrustedCertificate, at: place, "the subject alternative name is damaged")
        }
        let uris = (alternatives ?? SubjectAlternativeNames()).compactMap { name -> String? in
            guard case .uniformResourceIdentifier(let uri) = name, uri.hasPrefix(uriPrefix) else { return nil }
            return String(uri.dropFirst(uriPrefix.count))
        }
        let names = uris.isEmpty ? certificate.commonNames : uris
        guard names.count == 1 else {
            throw KerfError(.untrustedCertificate, at: place, "the certificate names \(names.count) devices, not one")
        }
        do {
            return try DeviceName(names[0])
        } catch {
            throw KerfError(
                .untrustedCertificate, at: place, "the certificate names no device: \(error.message)",
                remedy: "issue one with a name that can be a device's")
        }
    }
}
