import FoundationEssentials
import SystemIO

/// The keys of a device: the folder that is copied to it.
package struct DeviceKeys: Sendable {
    package let name: DeviceName
    package let credentials: Credentials

    /// - Parameters:
    ///   - folder: holds `cert.pem`, `key.pem` and `ca.pem`; see ``Credentials``.
    ///   - date: the time at which all certificates must be valid.
    /// - Throws: ``KerfError``, as ``Credentials`` and ``DeviceName`` do.
    package init(folder: String, at date: Date = .now) throws(KerfError) {
        credentials = try Credentials(folder: folder, purpose: .device, at: date)
        name = try DeviceName(in: credentials.certificate, at: folder)
    }
}
