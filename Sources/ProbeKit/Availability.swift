import SystemIO

/// Whether a probe or a meter can take readings, the reason, and a remedy.
///
/// The doctor, the selection of a meter and a run give this answer in the same words: all of them make it from the error
/// that the interface gave.
package struct Availability: Sendable, Hashable {
    package enum Status: String, Sendable, Codable, Hashable, CaseIterable {
        /// Readings can be taken now.
        case present
        /// The hardware, the driver or the file is missing.
        case absent
        /// This process may not read it.
        case forbidden
        /// It is there, and a container or a mount hides it.
        case masked
        /// It is there, and reading it fails.
        case broken
        /// It gives a value that cannot be right.
        case implausible
        /// Its value does not change over a time in which a working one does.
        case stale
    }

    package var status: Status
    /// What was found, or what is missing and where. One sentence, without command-line options.
    package var reason: String
    /// The command or setting that would make it available or correct it; `nil` when nothing is needed or possible.
    package var remedy: Remedy?

    package init(_ status: Status, reason: String, remedy: Remedy? = nil) {
        self.status = status
        self.reason = reason
        self.remedy = remedy
    }

    /// The answer of an interface that failed.
    package init(_ error: KerfError) {
        self.init(Status(error.code), reason: error.placed, remedy: error.remedy)
    }

    /// One sentence with its subject: `hwmon stale: the value did not change`.
    package func text(of subject: String) -> String { "\(subject) \(status.rawValue): \(reason)" }
}

extension Availability.Status {
    /// The only place that decides which answer an error is.
    package init(_ code: KerfError.Code) {
        switch code {
        case .notFound, .noSuchFile, .unavailable: self = .absent
        case .permissionDenied: self = .forbidden
        case .masked: self = .masked
        case .implausibleReading: self = .implausible
        case .staleReading: self = .stale
        default: self = .broken
        }
    }

    /// The code of an error that gives this answer.
    fileprivate var code: KerfError.Code {
        switch self {
        case .present, .absent: .notFound
        case .forbidden: .permissionDenied
        case .masked: .masked
        case .broken: .ioError
        case .implausible: .implausibleReading
        case .stale: .staleReading
        }
    }
}

extension KerfError {
    /// The error of an interface that is not available.
    package init(_ availability: Availability) {
        self.init(availability.status.code, availability.reason, remedy: availability.remedy)
    }

    /// The error with advice for what is there and cannot be used; as it is where it has advice already, and where
    /// nothing is there, for which the advice depends on the interface.
    ///
    /// - Parameter files: what a user has to be allowed to read: `/sys/class/hwmon/*/`.
    package func advised(toRead files: String) -> KerfError {
        guard remedy == nil else { return self }
        var error = self
        switch Availability.Status(code) {
        case .forbidden:
            error.remedy = .text("run as root, or give this user read access to the files in \(files)")
        case .broken, .implausible:
            error.remedy = "it is there and its driver is loaded: see dmesg for what its bus or firmware reports"
        case .present, .absent, .masked, .stale: break
        }
        return error
    }

    /// Place and message, without the remedy.
    package var placed: String { (location.map { "\($0): " } ?? "") + message }
}
