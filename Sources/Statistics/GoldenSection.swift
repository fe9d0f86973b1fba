/// Golden-section search (Kiefer, "Sequential minimax search for a maximum", 1953).
package enum GoldenSection {
    /// The argument at which a function with one minimum between `low` and `high` is smallest.
    ///
    /// One evaluation per iteration; the interval shrinks by a factor of 0.618.
    ///
    /// - Parameters:
    ///   - tolerance: width of the interval at which the search ends. Not below the spacing of doubles around the
    ///     bounds.
    ///   - prefersLower: of equal values, follow the lower argument; else the higher.
    /// - Returns: the middle of the last interval.
    package static func minimum(
        from low: Double, to high: Double, tolerance: Double, prefersLower: Bool = false,
        of function: (Double) -> Double
    ) -> Double {
        let ratio = (5.0.squareRoot() - 1) / 2
        var (low, high) = (low, high)
        var (left, right) = (high - ratio * (high - low), low + ratio * (high - low))
        var (atLeft, atRight) = (function(left), function(right))
        // The second condition ends the search where doubles are too coarse for the tolerance.
        while high - low > tolerance, low < left, left < right, right < high {
            if atLeft < atRight || (prefersLower && atLeft == atRight) {
                (high, right, atRight) = (right, left, atLeft)
                left = high - ratio * (high - low)
                atLeft = function(left)
            } else {
                (low, left, atLeft) = (left, right, atRight)
                right = low + ratio * (high - low)
                atRight = function(right)
            }
        }
        return (low + high) / 2
    }
}
