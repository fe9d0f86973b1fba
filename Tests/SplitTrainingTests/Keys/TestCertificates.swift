import Crypto
import Foundation
import SwiftASN1
import SystemIO
import SystemPackage
import TestSupport
import X509

@testable import SplitTraining

/// A certificate with every choice open, right or wrong, and its key.
struct TestCertificate {
    var certificate: Certificate
    var key: Certificate.PrivateKey

    struct Options {
        var name = "test"
        var alternatives: [GeneralName] = []
        /// Days from now.
        var from = -1.0
        var until = 100.0
        var constraints: BasicConstraints? = .notCertificateAuthority
        var keyUsage: KeyUsage? = KeyUsage(digitalSignature: true)
        var usages: [ExtendedKeyUsage.Usage]? = [.clientAuth]
        var other: Certificate.Extension?
        var isTampered = false
        /// Signed by a key that is not the issuer's.
        var isForged = false

        static func authority(_ name: String, pathLength: Int? = nil) -> Options {
            var options = Options()
            options.name = name
            options.constraints = .isCertificateAuthority(maxPathLength: pathLength)
            options.keyUsage = KeyUsage(keyCertSign: true, cRLSign: true)
            options.usages = nil
            return options
        }

        static func device(_ name: String) -> Options {
            var options = Options()
            options.name = name
            options.alternatives = [.uniformResourceIdentifier("urn:kerf:device:\(name)")]
            return options
        }
    }

    /// - Parameter issuer: `nil` for a certificate that signs itself.
    init(_ options: Options, by issuer: TestCertificate? = nil, at date: Date = .now) throws {
        let own = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let subject = try DistinguishedName { CommonName(options.name) }
        let signer = options.isForged ? Certificate.PrivateKey(P256.Signing.PrivateKey()) : issuer?.key ?? own
        var extensions = try Certificate.Extensions {
            SubjectKeyIdentifier(hash: own.publicKey)
        }
        if let constraints = options.constraints {
            try extensions.append(Critical(constraints).makeCertificateExtension())
        }
        if let usage = options.keyUsage { try extensions.append(Critical(usage).makeCertificateExtension()) }
        if let usages = options.usages {
            try extensions.append(try ExtendedKeyUsage(usages).makeCertificateExtension())
        }
        if !options.alternatives.isEmpty {
            try extensions.append(SubjectAlternativeNames(options.alternatives).makeCertificateExtension())
        }
        if let other = options.other { try extensions.append(other) }
        key = own
        certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: own.publicKey,
            notValidBefore: date.addingTimeInterval(options.from * 86400),
            notValidAfter: date.addingTimeInterval(options.until * 86400),
            issuer: issuer?.certificate.subject ?? subject, subject: subject, extensions: extensions,
            issuerPrivateKey: signer)
        if options.isTampered { certificate = try Self.tampered(certificate) }
    }

    /// The certificate with a letter of its names changed and the old signature: the last "n" of "common name" values.
    private static func tampered(_ certificate: Certificate) throws -> Certificate {
        var bytes = try certificate.derBytes()
        let name = Array((certificate.commonNames.first ?? "").utf8)
        let place = (0...(bytes.count - name.count)).last { bytes[$0..<($0 + name.count)].elementsEqual(name) }
        guard let place else { throw OpenSSL.Failure(description: "no name to change") }
        bytes[place] ^= 1
        return try Certificate(derEncoded: bytes)
    }
}

extension FixtureTree {
    /// Writes `cert.pem`, `key.pem` and `ca.pem` of a folder, all with the permissions 0600.
    func writeKeys(
        _ folder: String, _ certificates: [TestCertificate], authorities: [TestCertificate]
    ) throws {
        try write("\(folder)/cert.pem", bytes: try certificates.map(\.certificate).pemBytes())
        try write("\(folder)/key.pem", bytes: try certificates[0].key.pemBytes())
        try write("\(folder)/ca.pem", bytes: try authorities.map(\.certificate).pemBytes())
    }

    func names(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: file(folder).string).sorted()
    }

    func permissions(_ relative: String) throws -> Int? {
        let attributes = try FileManager.default.attributesOfItem(atPath: file(relative).string)
        return (attributes[.posixPermissions] as? NSNumber)?.intValue
    }

    func setPermissions(_ relative: String, _ value: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: value], ofItemAtPath: file(relative).string)
    }
}
