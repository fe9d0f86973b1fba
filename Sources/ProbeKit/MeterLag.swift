/// How much later than true a program's samples are, as an interval.
///
/// A sample that is dated `t` is an average over a part of the time from `t - longestSeconds` to `t - shortestSeconds`.
package struct MeterLag: Sendable, Hashable {
    /// The least delay that is possible.
    package var shortestSeconds: Double
    /// The greatest delay that is possible, and for power what it is averaged over. For a counter its sample's own length is
    /// not in it.
    package var longestSeconds: Double

    package init(shortestSeconds: Double, longestSeconds: Double) {
        self.shortestSeconds = shortestSeconds
        self.longestSeconds = longestSeconds
    }
}
