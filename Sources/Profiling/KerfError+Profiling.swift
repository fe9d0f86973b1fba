import SystemIO

extension KerfError.Code {
    /// No step survived the checks for throttling, steal time and other disturbances.
    package static let disturbed = KerfError.Code("disturbed", .unavailable)
}
