/// A capture that cannot be made or used: what, where, and what to do about it.
public struct CaptureError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable, Hashable {
        /// The archive is cut off, damaged, or holds what no capture may.
        case malformed
        /// The box does not let it be done.
        case unavailable
        /// A file or directory cannot be made.
        case uncreatable
    }

    public var code: Code
    /// The archive, or the place in the tree.
    public var place: String
    public var message: String
    public var remedy: String?

    public init(_ code: Code, at place: String, _ message: String, remedy: String? = nil) {
        self.code = code
        self.place = place
        self.message = message
        self.remedy = remedy
    }

    /// One line: place, message, remedy.
    public var description: String { "\(place): \(message)" + (remedy.map { "; \($0)" } ?? "") }
}
