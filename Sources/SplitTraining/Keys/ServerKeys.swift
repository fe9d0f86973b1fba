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
    /// The list of revoked certificates; read anew for each exchange.
    package let revocationList: String

    /// - Parameters:
    ///   - folder: holds the folder `server`, in it `cert.pem`, `key.pem` and `ca.pem`; see ``Credentials``.
    ///   - date: the time at which all certificates must be valid.
    /// - Throws: ``KerfError``, as ``Credentials`` and ``RevocationList`` do: a list that cannot be read is told before
    ///   the first device connects.
    package init(folder: String, at date: Date = .now) throws(KerfError) {
        let folder = FilePath(folder)
        if SmallFile.exists(folder.appending("key.pem").string), !SmallFile.exists(folder.appending("server").string) {
            throw KerfError(
                .noSuchFile, at: folder.string, "holds the keys of one side alone",
                remedy: "give the folder in which the folder server is")
        }
        credentials = try Credentials(folder: folder.appending("server").string, purpose: .server, at: date)
        revocationList = folder.appending("revoked.txt").string
        _ = try RevocationList(path: revocationList)
    }

    /// The device that a certificate names. The handshake has checked its path to a root.
    ///
    /// The list of revoked certificates is read anew. It may also hold intermediates, as far as they are among this server's
    /// authorities: those that a device sends along are not known here.
    ///
    /// - Throws: ``KerfError/Code/revokedCertificate``; the errors of ``DeviceName`` and ``RevocationList``. The device must
    ///   be refused for any of them.
    package func device(of certificate: Certificate) throws(KerfError) -> DeviceName {
        let name = try DeviceName(in: certificate)
        let list = try RevocationList(path: revocationList)
        let issuers = CertificatePath.issuers(of: certificate, among: credentials.authorities)
        for revoked in [certificate] + issuers where list.contains(revoked) {
            throw KerfError(
                .revokedCertificate,
                revoked == certificate
                    ? "the certificate of \(name) is revoked"
                    : "the authority \(revoked.shownName), which issued the certificate of \(name), is revoked",
                remedy: "give the device new keys")
        }
        return name
    }
}
