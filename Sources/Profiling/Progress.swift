/// How far a run is.
public struct Progress: Sendable, Hashable {
    public var elapsedSeconds: Double
    /// Time that remains at most; the run ends earlier when every interval is narrow enough.
    public var remainingSeconds: Double
    /// What is being done: `warm-up`, `idle`, `measuring`.
    public var activity: String
    /// Whole steps kept so far, with and without instruments.
    public var steps: Int
    public var energyWindows: Int
    /// The widest relative half width among the times of passes that matter; `nil` until there is one, and when none
    /// is left.
    public var widestRelativeHalfWidth: Double?

    public var fraction: Double {
        let total = elapsedSeconds + remainingSeconds
        return total > 0 ? min(1, elapsedSeconds / total) : 0
    }
}
