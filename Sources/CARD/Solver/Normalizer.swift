/// Scales delay or energy to a dimensionless cost: (value - minimum) / (maximum - minimum).
public struct Normalizer: Codable, Sendable, Hashable {
    public enum Method: String, Codable, Sendable, Hashable {
        /// From the corner decisions: everything on the server at its highest frequency; everything on the device.
        case corners
        /// From the smallest and largest value of any cut, because the corners are in reverse order.
        case range
        /// All decisions are equal; the term is left out.
        case constant
        /// There are no values; the term is left out.
        case unavailable
    }

    public var method: Method
    public var minimum: Double?
    public var maximum: Double?

    /// Between two corners when they are in order, else between the extremes of all values.
    ///
    /// Device-only is the faster corner where the device is faster than the server or the link slower than what the
    /// server gains. The span of the corners is then negative and would reward slow decisions. The range of all
    /// decisions keeps sign and scale.
    ///
    /// - Parameter values: read only where the corners are not in order: Monte Carlo samples build many normalizers.
    package init(least: Double, greatest: Double, values: @autoclosure () -> [Double]) {
        if Self.isSpan(least, greatest) {
            (method, minimum, maximum) = (.corners, least, greatest)
            return
        }
        let values = values()
        let extremes = (values.min() ?? least, values.max() ?? greatest)
        method = Self.isSpan(extremes.0, extremes.1) ? .range : .constant
        (minimum, maximum) = extremes
    }

    /// For a term without values.
    package init() { method = .unavailable }

    /// The width that values are divided by; `nil` when the term is left out.
    package var span: Double? {
        guard method == .corners || method == .range, let minimum, let maximum else { return nil }
        return maximum - minimum
    }

    package func share(_ value: Double) -> Double {
        guard let span, let minimum else { return 0 }
        return (value - minimum) / span
    }

    /// Whether `high` is above `low` by more than rounding.
    private static func isSpan(_ low: Double, _ high: Double) -> Bool {
        high - low > 1e-12 * max(abs(low), abs(high))
    }
}
