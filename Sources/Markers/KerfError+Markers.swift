import SystemIO

extension KerfError.Code {
    /// A program that runs the profiled step ended, stopped, or broke the marker protocol.
    package static let programFailed = KerfError.Code("program_failed", .unavailable)
}
