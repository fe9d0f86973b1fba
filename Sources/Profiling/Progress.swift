/// Progress of a run.
package struct Progress: Sendable, Hashable {
    package var elapsedSeconds: Double
    /// Upper limit of the remaining time. The run ends earlier when every interval is narrow enough.
    package var remainingSeconds: Double
    /// The current activity: `warm-up`, `idle`, `measuring`.
    package var activity: String
    /// Whole steps kept so far, with and without instruments.
    package var steps: Int
    package var energyWindows: Int
    /// The widest relative half width among the times of passes that matter; `nil` without one.
    package var maximumRelativeHalfWidth: Double?

    package var fraction: Double {
        let total = elapsedSeconds + remainingSeconds
        return total > 0 ? min(1, elapsedSeconds / total) : 0
    }
}
