import SystemIO

/// Whether a probe can deliver, why, and what the reader can do about it.
package struct Availability: Sendable, Hashable {
    package enum Status: String, Sendable, Codable, Hashable {
        /// Readings can be taken now.
        case present
        /// The hardware, the driver or the file is not there.
        case absent
        /// It is there, and this process may not read it.
        case forbidden
    }

    package var status: Status
    /// What was found, or what is missing and where it was looked for. One sentence.
    package var reason: String
    /// The exact command or setting that would make it present, or put right what is wrong with it; `nil` when nothing is
    /// to be done or nothing can.
    package var remedy: Remedy?

    package init(_ status: Status, reason: String, remedy: Remedy? = nil) {
        self.status = status
        self.reason = reason
        self.remedy = remedy
    }
}
