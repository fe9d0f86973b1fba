import SystemIO

/// Power that another program reports in samples: of a wall plug, a laboratory meter, a management controller.
///
/// A sample arrives after it is true, and is an average over the time before. So it is not read at the ends of a window:
/// a window is measured first, and what the meter says of it is known some time later.
package protocol ReportedPower: Sendable {
    /// Time between two samples.
    var intervalSeconds: Double { get }
    /// A window of this length holds two complete samples wherever it begins.
    var minimumWindowSeconds: Double { get }
    /// How long to wait for the samples of a window that is over.
    var longestWaitSeconds: Double { get }

    /// Whether every sample of the time before `instant` has arrived.
    ///
    /// - Throws: ``KerfError/Code/meterEnded`` where none will; ``KerfError/Code/staleReading`` for a value that no longer
    ///   changes.
    func hasReported(until instant: MonotonicInstant) throws(KerfError) -> Bool

    /// What the samples say that lie within a window.
    ///
    /// - Throws: as ``hasReported(until:)``.
    func energy(from start: MonotonicInstant, to end: MonotonicInstant) throws(KerfError) -> ReportedEnergy
}

/// What samples say of a window.
package enum ReportedEnergy: Sendable, Hashable {
    /// - Parameters:
    ///   - joules: by domain, of the samples that lie within the window.
    ///   - seconds: how long they are together: the window without its ends.
    ///   - edgeSeconds: how far the times of the first sample's begin and the last one's end may be off, summed.
    case known(joules: [String: Double], seconds: Double, edgeSeconds: Double)
    /// The window holds less than two complete samples.
    case tooShort
    /// Too many samples are missing within the window.
    case missing
}

extension KerfError.Code {
    /// The program that reports power has ended, or says nothing any more. What it reported before is sound.
    package static let meterEnded = KerfError.Code("meter_ended", .unavailable)
}
