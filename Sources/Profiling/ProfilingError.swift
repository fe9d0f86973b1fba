/// A profiling run that cannot go on: what, why, and what to do.
public struct ProfilingError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable, Hashable {
        /// The caller asked to stop.
        case interrupted
        /// No step survived the checks for throttling and stolen time.
        case spoiled
    }

    public var code: Code
    public var message: String
    public var remedy: String?

    public init(_ code: Code, _ message: String, remedy: String? = nil) {
        self.code = code
        self.message = message
        self.remedy = remedy
    }

    public var description: String { message + (remedy.map { "; " + $0 } ?? "") }
}
