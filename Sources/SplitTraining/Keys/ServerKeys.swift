import FoundationEssentials
import SwiftASN1
import SystemIO
import SystemPackage
import X509

/// The keys of a server, and the check of the devices that connect to it.
///
/// A server needs the folder `server` and, once a device was revoked, the list `revoked.txt` next to it. It needs neither
/// the authority's private key nor the devices' folders.
package struct ServerKeys: Sendable {
    package let credentials: Credentials
    /// The list of revoked certificates; read anew at each handshake.
    package let revocationList: String

    /// - Parameters:
    ///   - folder: holds the folder `server`, in it `cert.pem`, `key.pem` and `ca.pem`; see ``Credentials``.
    ///   - date: the time at which all certificates must be valid.
    /// - Throws: ``KerfError``, as ``Credentials`` and ``RevocationList`` do: a list that cannot be read is told before
    ///   the first device connects.
    package init(folder: String, at date: Date = .now) throws(KerfError) {
        let folder = FilePath(folder)
        credentials = try Credentials(folder: folder.appending("server").string, purpose: .server, at: date)
        revocationList = folder.appending("revoked.txt").string
        _ = try RevocationList(path: revocationList)
    }

    /// The device that presented these certificates, after all checks: path, validity, purpose, revocation, name.
    ///
    /// It does not depend on checks of a TLS library, so that it can take their place.
    ///
    /// - Parameters:
    ///   - presented: the peer's certificate, then its intermediates.
    ///   - peer: the peer's address, for the error.
    /// - Throws: ``KerfError``; the peer must be refused for any of them.
    package func identify(
        _ presented: [Certificate], from peer: String, at date: Date = .now
    ) throws(KerfError) -> PeerIdentity {
        let path = try CertificatePath(
            presented, authorities: credentials.authorities, purpose: .device, at: date, in: peer)
        return try PeerIdentity(path, revoked: try RevocationList(path: revocationList), from: peer)
    }

    /// As ``identify(_:from:at:)`` for certificates in DER, as a TLS library hands them over.
    ///
    /// - Throws: ``KerfError``; ``KerfError/Code/malformed`` for bytes that are no certificate.
    package func identify(
        der presented: [[UInt8]], from peer: String, at date: Date = .now
    ) throws(KerfError) -> PeerIdentity {
        guard presented.count <= PEMFile.maximumCertificates,
            presented.allSatisfy({ $0.count <= PEMFile.maximumBytes })
        else { throw KerfError(.malformed, at: peer, "presents too many or too large certificates") }
        var certificates: [Certificate] = []
        for bytes in presented {
            do {
                certificates.append(try Certificate(derEncoded: bytes))
            } catch {
                throw KerfError(.malformed, at: peer, "presents a certificate that cannot be read")
            }
        }
        return try identify(certificates, from: peer, at: date)
    }
}
