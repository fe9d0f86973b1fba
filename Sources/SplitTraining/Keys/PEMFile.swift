import Glibc
import SwiftASN1
import SystemIO
import SystemPackage
import X509

/// Certificates and private keys in PEM files (RFC 7468), Kerf's own or another tool's.
enum PEMFile {
    /// A chain of RSA certificates takes about 2 KiB a certificate.
    static let maximumBytes = 64 << 10
    /// Certificates in one file.
    static let maximumCertificates = 16

    /// The certificates of a file, in its order.
    ///
    /// - Throws: ``KerfError``: no regular file, larger than 64 KiB, none or more than 16 certificates, a private key
    ///   among them, or something that is not a certificate.
    static func certificates(_ path: String) throws(KerfError) -> [Certificate] {
        let documents = try documents(path, isSecret: false)
        guard !documents.contains(where: { $0.discriminator.hasSuffix("PRIVATE KEY") }) else {
            throw KerfError(
                .malformed, at: path, "holds a private key next to the certificate",
                remedy: "move the key to a file of its own")
        }
        guard documents.count <= maximumCertificates else {
            throw KerfError(.malformed, at: path, "holds more than \(maximumCertificates) certificates")
        }
        guard !documents.isEmpty else {
            throw KerfError(.malformed, at: path, "holds no certificate in PEM", remedy: copyTogether)
        }
        if let other = documents.first(where: { $0.discriminator != Certificate.defaultPEMDiscriminator }) {
            throw KerfError(
                .malformed, at: path, "holds a \(PlainText.quoted(other.discriminator)), not a certificate",
                remedy: copyTogether)
        }
        var certificates: [Certificate] = []
        for (index, document) in documents.enumerated() {
            do {
                certificates.append(try Certificate(pemDocument: document))
            } catch {
                throw KerfError(
                    .malformed, at: path, "certificate \(index + 1) in it cannot be read: \(reason(error))")
            }
        }
        return certificates
    }

    /// The private key of a file: PKCS#8, or SEC1 with or without its parameters, or PKCS#1.
    ///
    /// - Throws: ``KerfError``: as for certificates; ``KerfError/Code/exposedKey`` where group or others can read it; a
    ///   key that is encrypted or of a kind that TLS connections do not use here.
    static func privateKey(_ path: String) throws(KerfError) -> Certificate.PrivateKey {
        let documents = try documents(path, isSecret: true).filter { $0.discriminator != "EC PARAMETERS" }
        guard documents.count == 1, let document = documents.first else {
            throw KerfError(
                .malformed, at: path, "holds \(documents.count) private keys in PEM, not one", remedy: copyTogether)
        }
        guard document.discriminator != "ENCRYPTED PRIVATE KEY" else {
            throw KerfError(.malformed, at: path, "an encrypted private key", remedy: decrypt)
        }
        guard document.discriminator.hasSuffix("PRIVATE KEY") else {
            throw KerfError(
                .malformed, at: path, "holds a \(PlainText.quoted(document.discriminator)), not a private key",
                remedy: copyTogether)
        }
        let key: Certificate.PrivateKey
        do {
            key = try Certificate.PrivateKey(pemDocument: document)
        } catch {
            throw KerfError(.malformed, at: path, "not a private key that can be read: \(reason(error))")
        }
        return key
    }

    private static let copyTogether: Remedy = "copy all files of one folder together"
    private static let decrypt: Remedy = "decrypt it: openssl pkey -in FILE -out NEW"

    /// The PEM documents of a file.
    ///
    /// The checks are made on the open file, so that no other one can take its place between a check and the reading. A
    /// link is followed to a file that meets them.
    private static func documents(_ path: String, isSecret: Bool) throws(KerfError) -> [PEMDocument] {
        let bytes = try SmallFile.read(path, limit: maximumBytes, isSecret: isSecret)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw KerfError(
                .malformed, at: path, "not text, so not a PEM file",
                remedy: "convert it: openssl x509 (a certificate) or openssl pkey (a key), with -inform DER")
        }
        do {
            return try PEMDocument.parseMultiple(pemString: text)
        } catch {
            throw KerfError(
                .malformed, at: path,
                text.contains("ENCRYPTED") ? "an encrypted private key" : "not a PEM file, or cut off",
                remedy: text.contains("ENCRYPTED") ? decrypt : copyTogether)
        }
    }

    /// The kind of a parser's error. Its text is left out: it may hold the bytes of a key.
    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as ASN1Error: PlainText.shown("\(error.code)", limit: 80)
        case let error as CertificateError: PlainText.shown("\(error.code)", limit: 80)
        default: "an unsupported or damaged key; RSA needs 2048 bits or more"
        }
    }
}
