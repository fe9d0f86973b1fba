import FoundationEssentials
import SystemIO
import SystemPackage
import X509

/// A folder of keys: an authority, a server and its devices.
///
/// | file | holds |
/// |---|---|
/// | `ca.pem` | the authority's certificate |
/// | `ca-key.pem` | its private key; needed to make devices' keys only, and best kept off the server |
/// | `server/` | `cert.pem`, `key.pem`, `ca.pem`: what a server needs, with `revoked.txt` |
/// | `NAME/` | the same of a device: this folder alone is copied to it |
/// | `issued.txt` | serial numbers of all certificates that devices got, with name and date as a comment |
/// | `revoked.txt` | the like of those that are revoked; a server reads it anew for each exchange |
///
/// Folders have the permissions 0700, private keys 0600. Nothing that exists is overwritten; folders appear whole or not at
/// all, and lists are replaced whole.
package struct KeyFolder: Sendable {
    package let path: String

    /// A folder that ``create(at:hosts:days:date:)`` made, or one laid out like it.
    package init(_ path: String) { self.path = path }

    /// Days that an authority and its server's keys last unless stated: one does not outlive the other.
    package static let authorityDays = 1825
    /// Days that a device's keys last unless stated, but no longer than its authority.
    package static let deviceDays = 365

    /// Makes a folder with an authority and the keys of its server.
    ///
    /// - Parameters:
    ///   - path: does not exist, or is an empty folder.
    ///   - hosts: names and addresses by which devices reach the server, besides those of the own machine.
    ///   - days: validity of both certificates, 1 to 7300.
    ///   - date: now.
    /// - Throws: ``KerfError/Code/cannotCreate`` for a path that is taken; the errors of ``NewFolder/create(at:)``.
    package static func create(
        at path: String, hosts: [HostName], days: Int = authorityDays, date: Date = .now
    ) throws(KerfError) -> [KeyRecord] {
        guard hosts.count <= HostName.maximumCount else {
            throw KerfError(.invalidArgument, "\(hosts.count) hosts; at most \(HostName.maximumCount)")
        }
        let authority = try CertificateAuthority(days: days, at: date)
        var names: [GeneralName] = []
        for name in (HostName.local + hosts).map(\.generalName) where !names.contains(name) { names.append(name) }
        let server = try authority.issue(.server, commonName: "server", names: names, days: days, at: date)
        var files = [
            NewFolder.File("ca.pem", try [authority.certificate].pemBytes(), permissions: publicFile),
            NewFolder.File("ca-key.pem", try authority.privateKey.pemBytes(), permissions: .ownerReadWrite),
        ]
        files += try Self.files(of: server, authority, in: "server")
        try NewFolder(files: files).create(at: FilePath(path))
        return [
            try KeyRecord(
                name: "ca", role: .authority, certificate: authority.certificate,
                daysLeft: authority.certificate.daysLeft(at: date)),
            try KeyRecord(
                name: "server", role: .server, certificate: server.certificate,
                daysLeft: server.certificate.daysLeft(at: date)),
        ]
    }

    /// Prevents other changes of the folder between reading and writing its lists, for milliseconds.
    private func lock() throws(KerfError) -> FileLock {
        do throws(KerfError) {
            return try FileLock(waitingFor: FilePath(path), .readOnly, options: .directory)
        } catch {
            guard [.noSuchFileOrDirectory, .notDirectory].contains(error.cause) else { throw error }
            throw KerfError(.noSuchFile, at: path, "no such folder of keys", cause: error.cause, remedy: .makeKeys)
        }
    }

    /// Makes the keys of a device.
    ///
    /// - Parameter days: validity, 1 to 7300, but no longer than the authority's.
    /// - Throws: ``KerfError/Code/cannotCreate`` where there are keys of that name; an authority that cannot be used.
    package func addDevice(
        _ name: DeviceName, days: Int = deviceDays, date: Date = .now
    ) throws(KerfError) -> KeyRecord {
        let lock = try lock()
        defer { withExtendedLifetime(lock) {} }
        let authority = try CertificateAuthority(folder: path, at: date)
        let device = try authority.issue(
            .device, commonName: name.text,
            names: [.uniformResourceIdentifier(DeviceName.uriPrefix + name.text)], days: days, at: date)
        let folder = FilePath(path).appending(name.text)
        guard !SmallFile.exists(folder.string) else {
            throw KerfError(
                .cannotCreate, "there are keys of \(name) already", at: folder,
                remedy: "revoke them and move them away, or choose another name")
        }
        // Listed first: a certificate that is listed but lost does no harm, one that cannot be revoked does.
        try append([device.certificate.serialNumber.hexadecimal], of: name, to: issuedList, date)
        let files = try Self.files(of: device, authority, in: FilePath())
        try NewFolder(files: files).create(at: folder)
        return try KeyRecord(
            name: name.text, role: .device, certificate: device.certificate,
            daysLeft: min(device.certificate.daysLeft(at: date), authority.certificate.daysLeft(at: date)))
    }

    /// Revokes every certificate that a device got: those of `issued.txt` and the one in its folder.
    ///
    /// - Returns: serial numbers that were not on the list before.
    /// - Throws: ``KerfError/Code/noSuchFile`` for a name without keys; a list that is damaged.
    package func revoke(_ name: DeviceName, date: Date = .now) throws(KerfError) -> [String] {
        let lock = try lock()
        defer { withExtendedLifetime(lock) {} }
        var serials: [String] = []
        for entry in try RevocationList(path: issuedList).entries where Self.isOf(name, entry) {
            serials.append(entry.serial)
        }
        let file = FilePath(path).appending(name.text).appending("cert.pem")
        if SmallFile.exists(file.string) {
            serials.append(try PEMFile.certificates(file.string)[0].serialNumber.hexadecimal)
        }
        guard !serials.isEmpty else {
            throw KerfError(
                .noSuchFile, at: path, "no keys of a device \(name)",
                remedy: "check the name, or add its serial number to revoked.txt")
        }
        let revoked = Set(try RevocationList(path: revocationList).entries.map(\.serial))
        var new: [String] = []
        for serial in serials where !revoked.contains(serial) && !new.contains(serial) { new.append(serial) }
        if !new.isEmpty { try append(new, of: name, to: revocationList, date) }
        return new
    }

    /// Path of the list of revoked certificates.
    package var revocationList: String { FilePath(path).appending("revoked.txt").string }
    private var issuedList: String { FilePath(path).appending("issued.txt").string }

    private static let publicFile: FilePermissions = [.ownerReadWrite, .groupRead, .otherRead]

    private static func files(
        of key: CertificateAuthority.Issued, _ authority: CertificateAuthority, in folder: FilePath
    ) throws(KerfError) -> [NewFolder.File] {
        [
            .init(folder.appending("cert.pem"), try [key.certificate].pemBytes(), permissions: publicFile),
            .init(folder.appending("key.pem"), try key.privateKey.pemBytes(), permissions: .ownerReadWrite),
            .init(folder.appending("ca.pem"), try [authority.certificate].pemBytes(), permissions: publicFile),
        ]
    }

    /// The device's name starts the comment of a line.
    private static func isOf(_ name: DeviceName, _ entry: RevocationList.Entry) -> Bool {
        entry.comment.prefix { $0 != "," && $0 != " " } == name.text
    }

    /// To be called with the lock held.
    private func append(_ serials: [String], of name: DeviceName, to list: String, _ date: Date) throws(KerfError) {
        // Parsed first: nothing is added to a list that nobody can read.
        var bytes = try RevocationList(path: list).bytes
        for serial in serials { bytes += Array("\(serial)  # \(name), \(date.day)\n".utf8) }
        guard bytes.count <= RevocationList.maximumBytes else {
            throw KerfError(.malformed, at: list, "full: larger than \(RevocationList.maximumBytes >> 20) MiB")
        }
        try AtomicFile.write(bytes, to: list)
    }
}
