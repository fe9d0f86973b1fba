import FoundationEssentials
import SystemIO
import SystemPackage
import X509

extension KeyFolder {
    /// The keys of the folder: the authority, the server, and the devices by name. Keys that cannot be used are listed with
    /// the reason.
    ///
    /// - Throws: ``KerfError/Code/noSuchFile`` for a folder without an authority; a list of revoked certificates that is
    ///   damaged.
    package func records(at date: Date = .now) throws(KerfError) -> [KeyRecord] {
        let root = SystemRoot()
        let folder = FilePath(path)
        guard root.isDirectory(folder) else {
            throw KerfError(.noSuchFile, at: path, "no such folder of keys", remedy: .makeKeys)
        }
        let authority = try PEMFile.certificates(folder.appending("ca.pem").string)[0]
        let revoked = try RevocationList(path: revocationList)
        var records = [
            try Self.record("ca", .authority, authority, revoked, daysLeft: authority.daysLeft(at: date), at: date)
        ]
        for name in ["server"] + root.names(in: folder).filter({ $0 != "server" }) {
            let place = folder.appending(name)
            guard root.isDirectory(place), !name.hasPrefix(".") else { continue }
            records.append(try record(name, in: place.string, revoked, at: date))
        }
        return records
    }

    private func record(
        _ name: String, in place: String, _ revoked: RevocationList, at date: Date
    ) throws(KerfError) -> KeyRecord {
        let role: KeyRecord.Role = name == "server" ? .server : .device
        do {
            // Read at a time when the certificate is valid, so that expired keys are told from unusable ones.
            let certificate = try PEMFile.certificates(FilePath(place).appending("cert.pem").string)[0]
            let moment = min(max(date, certificate.notValidBefore), certificate.notValidAfter)
            let purpose: KeyPurpose = role == .server ? .server : .device
            let credentials = try Credentials(folder: place, purpose: purpose, at: moment)
            if role == .device { _ = try DeviceName(in: certificate, at: place) }
            return try Self.record(
                name, role, certificate, revoked, daysLeft: credentials.daysLeft(at: date), at: date)
        } catch {
            return KeyRecord(name: name, role: role, problem: error)
        }
    }

    private static func record(
        _ name: String, _ role: KeyRecord.Role, _ certificate: Certificate, _ revoked: RevocationList,
        daysLeft: Int, at date: Date
    ) throws(KerfError) -> KeyRecord {
        var record = try KeyRecord(name: name, role: role, certificate: certificate, daysLeft: daysLeft)
        if revoked.contains(certificate) {
            record.state = .revoked
        } else if daysLeft < 0 {
            record.state = .expired
        } else if date < certificate.notValidBefore {
            record.state = .notYetValid
        }
        return record
    }
}
