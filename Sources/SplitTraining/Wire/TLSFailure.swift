import SystemIO

/// A failed TLS handshake, told apart by the names that BoringSSL gives the alerts and errors.
struct TLSFailure {
    private let text: String

    init(_ error: any Error) { text = "\(error)" }

    /// What happened and what to do: by the words of the error, the first that is contained.
    private static let kinds: [(word: String, code: KerfError.Code, message: String, remedy: String)] = [
        (
            "CERTIFICATE_REQUIRED", .refusedByPeer, "the server requires a certificate of this device",
            "give the folder with this device's keys"
        ),
        (
            "ALERT_CERTIFICATE_EXPIRED", .refusedByPeer, "the server says that this device's certificate has expired",
            "make a new certificate, and check the clocks of both boxes"
        ),
        (
            "ALERT_CERTIFICATE_REVOKED", .refusedByPeer, "the server says that this device's certificate is revoked",
            "ask who runs the server for a new one"
        ),
        (
            "ALERT_UNKNOWN_CA", .refusedByPeer,
            "the server does not know the authority of this device's certificate",
            "use keys that were made with the server's authority"
        ),
        (
            "ALERT_BAD_CERTIFICATE", .refusedByPeer, "the server does not accept this device's certificate",
            "use keys that were made with the server's authority"
        ),
        (
            "ALERT_CERTIFICATE_UNKNOWN", .refusedByPeer, "the server does not accept this device's certificate",
            "use keys that were made with the server's authority, and check the clocks of both boxes"
        ),
        (
            "ALERT_UNSUPPORTED_CERTIFICATE", .refusedByPeer,
            "the server does not accept this device's certificate for a client", "use a device's keys, not a server's"
        ),
        (
            "CERTIFICATE_VERIFY_FAILED", .untrustedPeer,
            "the server's certificate is from another authority, has expired, or is no server's",
            "use keys that were made with the server's authority, and check the clocks of both boxes"
        ),
        (
            "unableToValidateCertificate", .untrustedPeer, "the server's certificate is for another name or address",
            "connect to a name that its certificate has, or make the server's certificate with this one"
        ),
        ("WRONG_VERSION_NUMBER", .unreachable, "the server does not speak TLS", "start it with its keys"),
        ("PROTOCOL_VERSION", .unreachable, "the server does not speak TLS 1.3", "use a Kerf server"),
        ("UNSUPPORTED_PROTOCOL", .unreachable, "the server does not speak TLS 1.3", "use a Kerf server"),
    ]

    /// Why a server refuses the connection, in the same way.
    var refusal: KerfError {
        let reasons = [
            ("CERTIFICATE_VERIFY_FAILED", "its certificate is from another authority, has expired, or is no device's"),
            ("PEER_DID_NOT_RETURN_A_CERTIFICATE", "it shows no certificate"),
            ("ALERT_UNKNOWN_CA", "it does not know the authority of this server's certificate"),
            ("CERTIFICATE", "it does not accept this server's certificate"),
            ("HTTP_REQUEST", "it does not speak TLS"), ("WRONG_VERSION_NUMBER", "it does not speak TLS"),
            ("PROTOCOL", "it does not speak TLS 1.3"),
        ]
        let known = reasons.first { text.contains($0.0) }
        return KerfError(.refusedByPeer, known?.1 ?? "its TLS handshake failed")
    }

    /// `nil` for an error that says no more than that the connection ended.
    func error(at server: HostPort) -> KerfError? {
        guard let kind = Self.kinds.first(where: { text.contains($0.word) }) else { return nil }
        return KerfError(kind.code, at: "\(server)", kind.message, remedy: .text(kind.remedy))
    }
}
