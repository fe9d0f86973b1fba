import SystemIO
import X509

extension DeviceName {
    /// Starts the URI that names a device.
    static let uriPrefix = "urn:kerf:device:"

    /// The name in a device's certificate.
    ///
    /// It is in a URI of the subject alternative name, `urn:kerf:device:NAME`. A certificate without such a URI, which
    /// another tool issued, names its device by the common name.
    ///
    /// - Parameter place: the file or peer, for the error.
    /// - Throws: ``KerfError/Code/untrustedCertificate`` for a certificate that names no device, several, or one whose name
    ///   is invalid.
    init(in certificate: Certificate, at place: String = "peer") throws(KerfError) {
        let alternatives: SubjectAlternativeNames?
        do {
            alternatives = try certificate.extensions.subjectAlternativeNames
        } catch {
            throw KerfError(.untrustedCertificate, at: place, "the subject alternative name is damaged")
        }
        let uris = (alternatives ?? SubjectAlternativeNames()).compactMap { name -> String? in
            guard case .uniformResourceIdentifier(let uri) = name, uri.hasPrefix(Self.uriPrefix) else { return nil }
            return String(uri.dropFirst(Self.uriPrefix.count))
        }
        let names = uris.isEmpty ? certificate.commonNames : uris
        guard names.count == 1 else {
            throw KerfError(.untrustedCertificate, at: place, "the certificate names \(names.count) devices, not one")
        }
        do {
            try self.init(names[0])
        } catch {
            throw KerfError(
                .untrustedCertificate, at: place, "the certificate names no device: \(error.message)",
                remedy: "issue one with a name that can be a device's")
        }
    }
}
