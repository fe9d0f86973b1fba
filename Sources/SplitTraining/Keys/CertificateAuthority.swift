import Crypto
import FoundationEssentials
import SystemIO
import SystemPackage
import X509

/// The authority that issues the certificates of one folder of keys: `ca.pem` and `ca-key.pem`.
///
/// Keys are P-256 (FIPS 186-5), certificates are X.509 version 3 by RFC 5280, signed with ECDSA and SHA-256.
struct CertificateAuthority: Sendable {
    let certificate: Certificate
    let privateKey: Certificate.PrivateKey

    /// A certificate with its key, fresh from the authority.
    struct Issued: Sendable {
        let certificate: Certificate
        let privateKey: Certificate.PrivateKey
    }

    /// A certificate is valid from an hour before it is made, since the clocks of edge boxes are often off.
    static let clockToleranceSeconds = 3600.0

    /// Days that a certificate may last.
    static let permittedDays = 1...7300

    /// A new authority.
    ///
    /// - Parameter days: validity in days.
    init(days: Int, at date: Date) throws(KerfError) {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let serial = Self.randomSerial()
        let subject = try Self.named("Kerf authority \(serial.hexadecimal.prefix(8))")
        privateKey = key
        certificate = try Self.certificate(
            serial: serial, key: key.publicKey, subject: subject, issuer: subject,
            validity: try Self.validity(days: days, at: date), signedBy: key
        ) {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
            Critical(KeyUsage(keyCertSign: true, cRLSign: true))
            SubjectKeyIdentifier(hash: key.publicKey)
        }
    }

    /// Reads `ca.pem` and `ca-key.pem`.
    ///
    /// - Throws: ``KerfError``, as for ``Credentials``.
    init(folder: String, at date: Date) throws(KerfError) {
        let file = FilePath(folder).appending("ca.pem").string
        let keyFile = FilePath(folder).appending("ca-key.pem").string
        privateKey = try PEMFile.privateKey(keyFile)
        let key = privateKey.publicKey
        guard let own = try PEMFile.certificates(file).first(where: { $0.publicKey == key }) else {
            throw KerfError(
                .unusableData, at: keyFile, "not the key of the authority in ca.pem",
                remedy: "restore both files from one backup")
        }
        certificate = own
        guard own.notValidAfter > date else {
            throw KerfError(
                .expiredCertificate, at: file, "the authority expired on \(own.notValidAfter.day)", remedy: .makeKeys)
        }
    }

    /// A new key with its certificate, valid no longer than the authority's own.
    ///
    /// - Parameter names: entries of the subject alternative name.
    func issue(
        _ purpose: KeyPurpose, commonName: String, names: [GeneralName], days: Int, at date: Date
    ) throws(KerfError) -> Issued {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let wanted = try Self.validity(days: days, at: date)
        let validity =
            max(wanted.lowerBound, certificate.notValidBefore)...min(wanted.upperBound, certificate.notValidAfter)
        let authority = certificate.publicKey
        let issued = try Self.certificate(
            serial: Self.randomSerial(), key: key.publicKey, subject: try Self.named(commonName),
            issuer: certificate.subject, validity: validity, signedBy: privateKey
        ) {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(KeyUsage(digitalSignature: true))
            try ExtendedKeyUsage([purpose.usage])
            SubjectAlternativeNames(names)
            SubjectKeyIdentifier(hash: key.publicKey)
            AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: authority).keyIdentifier)
        }
        return Issued(certificate: issued, privateKey: key)
    }

    /// 128 random bits.
    private static func randomSerial() -> Certificate.SerialNumber {
        Certificate.SerialNumber(bytes: (0..<16).map { _ in UInt8.random(in: 0 ... .max) })
    }

    private static func validity(days: Int, at date: Date) throws(KerfError) -> ClosedRange<Date> {
        guard permittedDays.contains(days) else {
            throw KerfError(
                .invalidArgument,
                "keys last \(permittedDays.lowerBound) to \(permittedDays.upperBound) days, not \(days)")
        }
        // Certificates hold whole seconds; rounded up, so that `days` whole days are left now.
        let now = Date(timeIntervalSince1970: date.timeIntervalSince1970.rounded(.up))
        return now.addingTimeInterval(-clockToleranceSeconds)...now.addingTimeInterval(Double(days) * 86400)
    }

    private static func named(_ name: String) throws(KerfError) -> DistinguishedName {
        do {
            return try DistinguishedName { CommonName(name) }
        } catch {
            throw KerfError(.internalError, "the name \(PlainText.quoted(name)) cannot be written: \(error)")
        }
    }

    private static func certificate(
        serial: Certificate.SerialNumber, key: Certificate.PublicKey, subject: DistinguishedName,
        issuer: DistinguishedName, validity: ClosedRange<Date>, signedBy issuerKey: Certificate.PrivateKey,
        @ExtensionsBuilder extensions: () throws -> Result<Certificate.Extensions, any Error>
    ) throws(KerfError) -> Certificate {
        do {
            return try Certificate(
                version: .v3, serialNumber: serial, publicKey: key, notValidBefore: validity.lowerBound,
                notValidAfter: validity.upperBound, issuer: issuer, subject: subject,
                extensions: try Certificate.Extensions(builder: extensions), issuerPrivateKey: issuerKey)
        } catch {
            throw KerfError(.internalError, "a certificate cannot be made: \(error)")
        }
    }
}
