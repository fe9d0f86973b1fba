import ProfileFormat
import Statistics

/// The instrumentation overhead in time, from interleaved steps.
package enum InstrumentationOverheadEstimate {
    /// (A step with every instrument on - a step without) / a step without; `nil` without pairs.
    ///
    /// A step may differ from the next by some percent, and so may a pass with instruments from the same pass without.
    /// But there are many passes, and since a coin decided which of the two came first, the box's changes increase a
    /// difference as often as they decrease it. So differences scatter symmetrically around the overhead, and a trimmed
    /// mean finds it for any shape of the scatter. All passes are taken together: to each, instruments add a few marks and
    /// the caches that a reading leaves cold, however long the pass is. Between passes there is only the reading of the
    /// meter, which is averaged as it is.
    ///
    /// - Parameter pairs: of one model.
    package static func ratio(of pairs: [InstrumentationOverheadPair], confidence: Double = 0.95) -> Estimate? {
        let differences = pairs.flatMap { zip($0.instrumentedSeconds, $0.plainSeconds).map { $0 - $1 } }
        guard let sampling = Estimate.mean(of: pairs.map(\.samplingSeconds), confidence: confidence),
            let pass = TrimmedSteps(totals: differences).total(confidence: confidence),
            let step = TrimmedSteps(totals: pairs.map { $0.plainSeconds.reduce(0, +) }).total()?.value, step > 0
        else { return nil }
        let passes = pass.scaled(by: Double(differences.count) / Double(pairs.count))
        return (passes + sampling).scaled(by: 1 / step)
    }
}
