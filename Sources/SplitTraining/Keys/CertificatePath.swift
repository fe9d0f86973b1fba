import Crypto
import FoundationEssentials
import SwiftASN1
import SystemIO
import X509

/// A path from a certificate to a root that is trusted.
///
/// Follows RFC 5280 section 6 for paths without name constraints, policies and revocation lists, none of which Kerf
/// issues. What is not understood is refused. At each step the first issuer that fits is taken and no other is tried, so
/// that certificates of a peer cost at most one signature check for each pair of them.
package struct CertificatePath: Sendable {
    /// Certificates of a path, its root included.
    static let maximumLength = 8

    /// The leaf, its issuer, and so on up to the root.
    package let certificates: [Certificate]
    /// When the first of them expires.
    package var expires: Date { certificates.map(\.notValidAfter).min() ?? .distantPast }

    /// - Parameters:
    ///   - presented: the leaf, then intermediates in any order.
    ///   - authorities: trusted roots; certificates among them that another authority issued only serve as intermediates.
    ///   - date: the time at which every certificate of the path must be valid.
    ///   - place: the file or peer, for the error.
    /// - Throws: ``KerfError/Code/expiredCertificate`` or ``KerfError/Code/untrustedCertificate``.
    package init(
        _ presented: [Certificate], authorities: [Certificate], purpose: KeyPurpose, at date: Date, in place: String
    ) throws(KerfError) {
        guard let leaf = presented.first, presented.count <= PEMFile.maximumCertificates else {
            throw KerfError(
                .untrustedCertificate, at: place, "presents \(presented.count) certificates, not 1 to 16")
        }
        let roots = authorities.filter { $0.subject == $0.issuer }
        let intermediates = presented.dropFirst() + authorities.filter { $0.subject != $0.issuer }
        var path = [leaf]
        try Self.check(leaf, purpose: purpose, at: date, in: place)
        try Self.checkLeaf(leaf, in: place)
        while true {
            let tip = path[path.count - 1]
            guard path.count < Self.maximumLength else {
                throw KerfError(
                    .untrustedCertificate, at: place, "a path of more than \(Self.maximumLength) certificates")
            }
            let root = roots.first { Self.hasIssued($0, tip) }
            guard let issuer = root ?? intermediates.first(where: { !path.contains($0) && Self.hasIssued($0, tip) })
            else {
                throw KerfError(
                    .untrustedCertificate, at: place,
                    "the certificate \(tip.shownName) was not issued by a trusted authority",
                    remedy: "use keys and ca.pem of the same authority")
            }
            try Self.check(issuer, purpose: purpose, at: date, in: place)
            try Self.checkIssuer(issuer, intermediatesBelow: path.count - 1, in: place)
            path.append(issuer)
            if root != nil { break }
        }
        certificates = path
    }

    /// The intermediates that lead from a certificate to a root, as far as they are known.
    static func issuers(of certificate: Certificate, among authorities: [Certificate]) -> [Certificate] {
        let intermediates = authorities.filter { $0.subject != $0.issuer }
        var path = [certificate]
        while path.count < maximumLength,
            let issuer = intermediates.first(where: { !path.contains($0) && hasIssued($0, path[path.count - 1]) })
        { path.append(issuer) }
        return Array(path.dropFirst())
    }

    /// Whether the names and the signature say so.
    static func hasIssued(_ issuer: Certificate, _ certificate: Certificate) -> Bool {
        issuer.subject == certificate.issuer
            && issuer.publicKey.isValidSignature(certificate.signature, for: certificate)
    }

    /// What holds for every certificate of a path.
    private static func check(
        _ certificate: Certificate, purpose: KeyPurpose, at date: Date, in place: String
    ) throws(KerfError) {
        let name = certificate.shownName
        guard date >= certificate.notValidBefore else {
            throw KerfError(
                .expiredCertificate, at: place,
                "the certificate \(name) is not valid before \(certificate.notValidBefore.day)",
                remedy: "check the clock of this box")
        }
        guard date <= certificate.notValidAfter else {
            throw KerfError(
                .expiredCertificate, at: place, "the certificate \(name) expired on \(certificate.notValidAfter.day)",
                remedy: renewal(of: certificate, purpose))
        }
        guard isStrong(certificate.signatureAlgorithm), isSupported(certificate.publicKey) else {
            throw KerfError(
                .untrustedCertificate, at: place, "the certificate \(name) has an unsupported key or signature",
                remedy: "use P-256, P-384 or RSA, signed with SHA-256 or longer")
        }
        let known: Set<ASN1ObjectIdentifier> = [
            .X509ExtensionID.basicConstraints, .X509ExtensionID.keyUsage, .X509ExtensionID.extendedKeyUsage,
            .X509ExtensionID.subjectAlternativeName,
        ]
        for item in certificate.extensions
        where item.critical && !known.contains(item.oid) || item.oid == .X509ExtensionID.nameConstraints {
            throw KerfError(
                .untrustedCertificate, at: place,
                "the certificate \(name) has the extension \(item.oid), which Kerf does not support")
        }
        let usages = try parsed(certificate, in: place) { try $0.extendedKeyUsage }
        guard usages?.contains(purpose.usage) ?? true else {
            throw KerfError(
                .untrustedCertificate, at: place, "the certificate \(name) is not for \(purpose.words)",
                remedy: "use the keys of this side")
        }
    }

    /// A device's keys can be made anew alone; others only with the authority.
    private static func renewal(of certificate: Certificate, _ purpose: KeyPurpose) -> Remedy {
        guard purpose == .device, let name = try? DeviceName(in: certificate) else { return .makeKeys }
        return .makeDeviceKeys(name: name.text)
    }

    private static func checkLeaf(_ leaf: Certificate, in place: String) throws(KerfError) {
        if case .isCertificateAuthority? = try parsed(leaf, in: place, { try $0.basicConstraints }) {
            throw KerfError(
                .untrustedCertificate, at: place, "the certificate \(leaf.shownName) is an authority's own",
                remedy: "use a certificate that the authority issued")
        }
        let usage = try parsed(leaf, in: place) { try $0.keyUsage }
        guard usage?.digitalSignature ?? true else {
            throw KerfError(
                .untrustedCertificate, at: place,
                "the key usage of the certificate \(leaf.shownName) lacks digitalSignature, which TLS 1.3 needs")
        }
    }

    /// - Parameter count: intermediates between the issuer and the leaf.
    private static func checkIssuer(
        _ issuer: Certificate, intermediatesBelow count: Int, in place: String
    ) throws(KerfError) {
        let constraints = try parsed(issuer, in: place) { try $0.basicConstraints }
        let usage = try parsed(issuer, in: place) { try $0.keyUsage }
        guard issuer.version == .v3, case .isCertificateAuthority(let maximum)? = constraints,
            usage?.keyCertSign ?? true
        else {
            throw KerfError(
                .untrustedCertificate, at: place, "the certificate \(issuer.shownName) is not an authority's")
        }
        guard count <= maximum ?? count else {
            throw KerfError(
                .untrustedCertificate, at: place,
                "the authority \(issuer.shownName) permits \(maximum ?? 0) authorities below it, not \(count)")
        }
    }

    private static func parsed<Value>(
        _ certificate: Certificate, in place: String, _ read: (Certificate.Extensions) throws -> Value?
    ) throws(KerfError) -> Value? {
        do {
            return try read(certificate.extensions)
        } catch {
            throw KerfError(
                .malformed, at: place, "the certificate \(certificate.shownName) has a damaged extension")
        }
    }

    private static func isStrong(_ algorithm: Certificate.SignatureAlgorithm) -> Bool {
        [
            .ecdsaWithSHA256, .ecdsaWithSHA384, .ecdsaWithSHA512, .sha256WithRSAEncryption, .sha384WithRSAEncryption,
            .sha512WithRSAEncryption,
        ].contains(algorithm)
    }

    /// BoringSSL accepts neither Ed25519 nor P-521 in a handshake unless told to. RSA keys of fewer than 2048 bits are
    /// refused where they are parsed.
    private static func isSupported(_ key: Certificate.PublicKey) -> Bool {
        Curve25519.Signing.PublicKey(key) == nil && P521.Signing.PublicKey(key) == nil
    }
}
