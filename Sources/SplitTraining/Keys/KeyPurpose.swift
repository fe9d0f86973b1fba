import X509

/// What a certificate may be used for: the two ends of a connection.
package enum KeyPurpose: String, Sendable, Hashable, Codable {
    case server
    case device

    /// The extended key usage that stands for it, RFC 5280 section 4.2.1.12.
    var usage: ExtendedKeyUsage.Usage {
        switch self {
        case .server: .serverAuth
        case .device: .clientAuth
        }
    }

    /// The purpose in a message: "is not a certificate for ...".
    var words: String {
        switch self {
        case .server: "a server (extended key usage serverAuth)"
        case .device: "a device (extended key usage clientAuth)"
        }
    }
}
