import ProfileFormat
import SystemIO

extension EnergyDomain {
    /// The energy between two readings of this domain's counter; see ``EnergyCounter``.
    package func microjoules(
        from start: UInt64, to end: UInt64, elapsedSeconds: Double
    ) throws(KerfError) -> UInt64 {
        try EnergyCounter.microjoules(
            from: start, to: end, range: wrapRangeMicrojoules, elapsedSeconds: elapsedSeconds,
            maximumWatts: maximumWatts ?? EnergyCounter.maximumWatts)
    }

    /// Two readings less than this apart have one answer, whatever was drawn between them.
    package var unambiguousSeconds: Double {
        wrapRangeMicrojoules.map { Double($0) * 1e-6 / (maximumWatts ?? EnergyCounter.maximumWatts) } ?? .infinity
    }
}
