import FoundationEssentials
import SwiftASN1
import SystemIO
import SystemPackage
import X509

/// What one end of a connection shows and trusts: `cert.pem`, `key.pem` and `ca.pem` of a folder.
///
/// The files may be another tool's: `cert.pem` the certificate and then its intermediates, `ca.pem` roots, `key.pem` a
/// key of RSA (2048 bits or more), P-256 or P-384 in PKCS#8, SEC1 or PKCS#1.
package struct Credentials: Sendable {
    /// The certificate, its issuer, and so on up to the root.
    package let path: CertificatePath
    /// What ``path`` starts with: the certificate and the intermediates of `cert.pem`.
    package let certificates: [Certificate]
    /// Trusted roots.
    package let authorities: [Certificate]
    package let privateKey: Certificate.PrivateKey

    package var certificate: Certificate { certificates[0] }
    /// When the first certificate of the path expires.
    package var expires: Date { path.expires }

    /// Warned about when fewer days are left.
    package static let warningDays = 30

    /// - Parameter date: the time at which all certificates must be valid.
    /// - Throws: ``KerfError``: a file that is missing, damaged or too large; ``KerfError/Code/exposedKey``;
    ///   ``KerfError/Code/expiredCertificate``; ``KerfError/Code/untrustedCertificate``;
    ///   ``KerfError/Code/unusableData`` for a key of another certificate.
    package init(folder: String, purpose: KeyPurpose, at date: Date) throws(KerfError) {
        let folder = FilePath(folder)
        let certificateFile = folder.appending("cert.pem").string
        let authorityFile = folder.appending("ca.pem").string
        let keyFile = folder.appending("key.pem").string
        privateKey = try PEMFile.privateKey(keyFile)
        certificates = try PEMFile.certificates(certificateFile)
        authorities = try PEMFile.certificates(authorityFile)
        // Nobody else's signature vouches for a root; its own tells a damaged file.
        for root in authorities where root.subject == root.issuer && !CertificatePath.hasIssued(root, root) {
            throw KerfError(
                .malformed, at: authorityFile, "the certificate \(root.shownName) is damaged",
                remedy: "copy all files of one folder together")
        }
        guard privateKey.publicKey == certificates[0].publicKey else {
            throw KerfError(
                .unusableData, at: keyFile, "not the key of the certificate \(certificates[0].shownName) in cert.pem",
                remedy: "copy all files of one folder together")
        }
        path = try CertificatePath(
            certificates, authorities: authorities, purpose: purpose, at: date, in: certificateFile)
    }

    /// Whole days until ``expires``, rounded down.
    package func daysLeft(at date: Date) -> Int {
        path.certificates.map { $0.daysLeft(at: date) }.min() ?? 0
    }

    /// One line where fewer than ``warningDays`` days are left; `nil` otherwise.
    package func expiryWarning(at date: Date) -> String? {
        let days = daysLeft(at: date)
        guard days < Self.warningDays else { return nil }
        return "the keys of \(certificate.shownName) expire on \(expires.day), in \(days) days"
    }

    /// The certificate and its intermediates in PEM, to show in a handshake.
    package func certificatesPEM() throws(KerfError) -> [UInt8] { try certificates.pemBytes() }

    /// The trusted roots in PEM.
    package func authoritiesPEM() throws(KerfError) -> [UInt8] { try authorities.pemBytes() }

    /// The private key in PEM, without the parameters that may precede it in the file.
    package func privateKeyPEM() throws(KerfError) -> [UInt8] { try privateKey.pemBytes() }
}

extension [Certificate] {
    func pemBytes() throws(KerfError) -> [UInt8] {
        var text = ""
        for certificate in self {
            let document = PEMDocument(
                type: Certificate.defaultPEMDiscriminator, derBytes: try certificate.derBytes())
            text += document.pemString + "\n"
        }
        return [UInt8](text.utf8)
    }
}

extension Certificate.PrivateKey {
    func pemBytes() throws(KerfError) -> [UInt8] {
        do {
            return [UInt8]((try serializeAsPEM().pemString + "\n").utf8)
        } catch {
            // Without the error's text, which may hold bytes of the key.
            throw KerfError(.internalError, "a private key cannot be written")
        }
    }
}
