import GRPCCore
import GRPCNIOTransportHTTP2Posix
import NIOSSL
import SystemIO
import X509

/// One side's key and the certificates that it shows and trusts, as PEM text.
package struct WireCredentials: Sendable {
    /// The own certificate, then intermediate ones.
    package var certificateChain: [UInt8]
    package var privateKey: [UInt8]
    /// The certificate authorities that the peer's certificate must come from. The system's are not trusted.
    package var trustRoots: [UInt8]

    package init(certificateChain: [UInt8], privateKey: [UInt8], trustRoots: [UInt8]) {
        self.certificateChain = certificateChain
        self.privateKey = privateKey
        self.trustRoots = trustRoots
    }

    /// The checks that the transport would fail late or without a reason.
    ///
    /// - Throws: ``KerfError/Code/malformed``.
    private func parsed() throws(KerfError) -> (
        chain: [NIOSSLCertificate], key: NIOSSLPrivateKey, roots: [NIOSSLCertificate]
    ) {
        func read<Value>(_ name: String, _ value: () throws -> Value) throws(KerfError) -> Value {
            do { return try value() } catch {
                throw KerfError(.malformed, at: name, "not in PEM format, or damaged")
            }
        }
        let chain = try read("certificate") { try NIOSSLCertificate.fromPEMBytes(certificateChain) }
        let key = try read("private key") { try NIOSSLPrivateKey(bytes: privateKey, format: .pem) }
        let roots = try read("certificate authority") { try NIOSSLCertificate.fromPEMBytes(trustRoots) }
        guard !chain.isEmpty, !roots.isEmpty else {
            throw KerfError(.malformed, at: "certificate", "no certificate in it")
        }
        return (chain, key, roots)
    }

    /// What a client's connections use: TLS 1.3 only, HTTP/2 only, the server's name or address checked.
    ///
    /// - Throws: ``KerfError/Code/malformed``.
    func clientContext() throws(KerfError) -> NIOSSLContext {
        let (chain, key, roots) = try parsed()
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv13
        configuration.certificateVerification = .fullVerification
        configuration.trustRoots = .certificates(roots)
        configuration.certificateChain = chain.map { .certificate($0) }
        configuration.privateKey = .privateKey(key)
        configuration.applicationProtocols = ["h2"]
        do { return try NIOSSLContext(configuration: configuration) } catch {
            throw KerfError(
                .malformed, at: "private key", "does not belong to the certificate, or cannot be used with it")
        }
    }

    /// What a server's connections use. The transport allows TLS 1.2 too, which ``ConnectionGuard`` refuses.
    ///
    /// - Throws: ``KerfError/Code/malformed``.
    func serverSecurity() throws(KerfError) -> HTTP2ServerTransport.Posix.TransportSecurity {
        _ = try clientContext()
        return .mTLS(
            certificateChain: [.bytes(certificateChain, format: .pem)], privateKey: .bytes(privateKey, format: .pem)
        ) { tls in
            tls.trustRoots = .certificates([.bytes(trustRoots, format: .pem)])
            tls.clientCertificateVerification = .noHostnameVerification
            tls.requireALPN = true
        }
    }
}

/// How a server is protected.
package enum ServerSecurity: Sendable {
    /// TLS 1.3 with client certificates from the own authority.
    ///
    /// `verify` gets the client's certificate after the handshake has checked its chain, dates and purpose, and returns
    /// the device's name. It is called for every exchange. An error that it throws is sent to the client as its reason,
    /// and the client is served nothing.
    case tls(WireCredentials, verify: @Sendable (Certificate) throws -> String)
    /// No protection; every client is one of this machine, and all have the same name.
    case insecureLoopback
}

/// How a client is protected.
package enum ClientSecurity: Sendable {
    /// TLS 1.3 with the own certificate.
    case tls(WireCredentials)
    /// No protection; the server must be on this machine.
    case insecureLoopback
}
