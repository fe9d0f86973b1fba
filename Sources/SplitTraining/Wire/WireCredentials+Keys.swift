import SystemIO

extension WireCredentials {
    /// The keys of a device or a server.
    ///
    /// - Throws: ``KerfError``, as ``Credentials`` does.
    package init(_ keys: Credentials) throws(KerfError) {
        self.init(
            certificateChain: try keys.certificatesPEM(), privateKey: try keys.privateKeyPEM(),
            trustRoots: try keys.authoritiesPEM())
    }
}

extension ServerSecurity {
    /// TLS with a server's keys: a device is who its certificate says, unless that is revoked.
    ///
    /// The list of revoked certificates is read anew for every exchange and every turn, so that a device that was
    /// revoked is refused without a restart.
    ///
    /// - Throws: ``KerfError``, as ``Credentials`` does.
    package static func tls(_ keys: ServerKeys) throws(KerfError) -> ServerSecurity {
        .tls(try WireCredentials(keys.credentials)) { try keys.device(of: $0).text }
    }
}
