import ProfileFormat
import Statistics

/// What instruments cost a step in time, from steps in which they were on by turns.
package enum InstrumentationOverheadEstimate {
    /// Seconds that a step takes longer with every instrument on, over those of a step without; `nil` without pairs.
    ///
    /// A step may differ from the next by some per cent; a pass with instruments differs from the same pass without as
    /// randomly, but there are many passes, and since a coin decided which of the two came first, what the box did adds to
    /// their differences as often as it takes away. So differences scatter evenly around what instruments cost, and a
    /// trimmed mean finds it whatever the scatter looks like. All passes are taken together: what instruments add to one
    /// is a few marks and the caches that a look leaves cold, however long it takes itself. What lies between passes is a
    /// look at the counters and nothing else: it is averaged as it is.
    ///
    /// - Parameter pairs: of one model.
    package static func ratio(of pairs: [InstrumentationOverheadPair], confidence: Double = 0.95) -> Estimate? {
        let differences = pairs.flatMap { zip($0.instrumentedSeconds, $0.plainSeconds).map { $0 - $1 } }
        guard let looks = Estimate.mean(of: pairs.map(\.samplingSeconds), confidence: confidence),
            let pass = TrimmedSteps(totals: differences).total(confidence: confidence),
            let step = TrimmedSteps(totals: pairs.map { $0.plainSeconds.reduce(0, +) }).total()?.value, step > 0
        else { return nil }
        let passes = pass.scaled(by: Double(differences.count) / Double(pairs.count))
        return (passes + looks).scaled(by: 1 / step)
    }
}
