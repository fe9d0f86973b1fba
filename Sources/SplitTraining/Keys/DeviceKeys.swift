import FoundationEssentials
import SystemIO
import SystemPackage

/// The keys of a device: the folder that is copied to it.
package struct DeviceKeys: Sendable {
    package let name: DeviceName
    package let credentials: Credentials

    /// - Parameters:
    ///   - folder: holds `cert.pem`, `key.pem` and `ca.pem`; see ``Credentials``.
    ///   - date: the time at which all certificates must be valid.
    /// - Throws: ``KerfError``, as ``Credentials`` and ``DeviceName`` do.
    package init(folder: String, at date: Date = .now) throws(KerfError) {
        let path = FilePath(folder)
        if SmallFile.exists(path.appending("server").string), !SmallFile.exists(path.appending("key.pem").string) {
            throw KerfError(
                .noSuchFile, at: folder, "holds the keys of all devices, not those of one",
                remedy: "give the folder of this device in it")
        }
        credentials = try Credentials(folder: folder, purpose: .device, at: date)
        name = try DeviceName(in: credentials.certificate, at: folder)
    }
}
