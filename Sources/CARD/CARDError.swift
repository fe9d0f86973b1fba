/// A decision that cannot be made: why, and what to do.
public struct CARDError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable, Hashable {
        /// A link, weight, power or number of steps that means nothing.
        case argument
        /// The two calibrations are not of the same model and workload.
        case incompatible
        /// A calibration lacks what the rung needs.
        case incomplete
        /// No figure of the server's energy, and the weight asks for one.
        case noEnergy
        /// Limits that leave no cut.
        case infeasible
    }

    public var code: Code
    public var message: String
    public var remedy: String?

    public init(_ code: Code, _ message: String, remedy: String? = nil) {
        self.code = code
        self.message = message
        self.remedy = remedy
    }

    /// One line.
    public var description: String { message + (remedy.map { "; " + $0 } ?? "") }
}
