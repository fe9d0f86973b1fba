/// How far a run is.
package struct Progress: Sendable, Hashable {
    package var elapsedSeconds: Double
    /// Time that remains at most; the run ends earlier when every interval is narrow enough.
    package var remainingSeconds: Double
    /// What is being done: `warm-up`, `idle`, `measuring`.
    package var activity: String
    /// Whole steps kept so far, with and without instruments.
    package var steps: Int
    package var energyWindows: Int
    /// The widest relative half width among the times of passes that matter; `nil` until there is one, and when none
    /// is left.
    package var widestRelativeHalfWidth: Double?

    package var fraction: Double {
        let total = elapsedSeconds + remainingSeconds
        return total > 0 ? min(1, elapsedSeconds / total) : 0
    }
}
