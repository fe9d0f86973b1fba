import FoundationEssentials
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
}
