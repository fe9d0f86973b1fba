import SystemIO

extension KerfError.Code {
    /// A certificate has expired, or is not valid yet.
    package static let expiredCertificate = KerfError.Code("expired_certificate", .badData)
    /// A certificate does not chain to a trusted authority, or was issued for another purpose.
    package static let untrustedCertificate = KerfError.Code("untrusted_certificate", .permission)
    /// A certificate is on the list of revoked ones.
    package static let revokedCertificate = KerfError.Code("revoked_certificate", .permission)
    /// A private key that others can read.
    package static let exposedKey = KerfError.Code("exposed_key", .permission)
}
