/// Whether a probe can deliver, why, and what the reader can do about it.
public struct Availability: Sendable, Codable, Hashable {
    public enum Status: String, Sendable, Codable, Hashable {
        /// Readings can be taken now.
        case present
        /// The hardware, the driver or the file is not there.
        case absent
        /// It is there, and this process may not read it.
        case forbidden
    }

    public var status: Status
    /// What was found, or what is missing and where it was looked for. One sentence.
    public var reason: String
    /// The exact command or setting that would make it present, or put right what is wrong with it; `nil` when nothing is
    /// to be done or nothing can.
    public var remedy: String?

    public init(_ status: Status, reason: String, remedy: String? = nil) {
        self.status = status
        self.reason = reason
        self.remedy = remedy
    }
}
