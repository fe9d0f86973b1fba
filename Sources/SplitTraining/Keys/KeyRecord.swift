import FoundationEssentials
import SystemIO
import X509

/// What is known of the keys of one authority, server or device: for the list of a folder's keys.
package struct KeyRecord: Sendable, Hashable, Codable {
    package enum Role: String, Sendable, Hashable, Codable {
        case authority
        case server
        case device
    }

    package enum State: String, Sendable, Hashable, Codable {
        case valid
        case notYetValid = "not_yet_valid"
        case expired
        case revoked
        /// Refused for another reason, which ``KeyRecord/problem`` says.
        case unusable
    }

    /// `ca`, `server` or the device's name.
    package var name: String
    package var role: Role
    package var state: State
    /// Serial number in lower-case hexadecimal digits.
    package var serial: String?
    /// SHA-256 of the certificate in DER, in lower-case hexadecimal digits.
    package var fingerprint: String?
    /// First and last day of the certificate in UTC.
    package var validFrom: String?
    package var validUntil: String?
    /// Whole days until the first certificate of the path expires, rounded down; negative once it has expired.
    package var daysLeft: Int?
    /// Why the keys are refused, in one line.
    package var problem: String?

    init(name: String, role: Role, certificate: Certificate, daysLeft: Int) throws(KerfError) {
        self.name = name
        self.role = role
        state = .valid
        serial = certificate.serialNumber.hexadecimal
        fingerprint = try certificate.fingerprint()
        validFrom = certificate.notValidBefore.day
        validUntil = certificate.notValidAfter.day
        self.daysLeft = daysLeft
    }

    /// The record of keys that cannot be used.
    init(name: String, role: Role, problem: KerfError) {
        self.name = name
        self.role = role
        state = .unusable
        self.problem = problem.description
    }

    /// Whether the keys expire within ``Credentials/warningDays`` or have expired.
    package var expiresSoon: Bool {
        state != .revoked && (daysLeft ?? Credentials.warningDays) < Credentials.warningDays
    }

    /// One line for a terminal: name, state, days, fingerprint; or the problem.
    package var line: String {
        let state = state == .notYetValid ? "not yet valid" : state.rawValue
        if let problem { return "\(name): \(state): \(PlainText.shown(problem))" }
        return "\(name): \(state), until \(validUntil ?? "?") (\(daysLeft ?? 0) days), SHA-256 \(fingerprint ?? "?")"
    }
}
