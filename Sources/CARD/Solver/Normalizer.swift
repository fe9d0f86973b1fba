/// What turns delay, or energy, into a share of the cost: (value - minimum) / (maximum - minimum).
public struct Normalizer: Codable, Sendable, Hashable {
    public enum Method: String, Codable, Sendable, Hashable {
        /// From the corner decisions: everything on the server at its highest clock; everything on the device.
        case corners
        /// From the least and the greatest value of any cut, because the corners are not in their order.
        case range
        /// All decisions are alike; the term says nothing and is left out.
        case constant
        /// There are no figures; the term is left out.
        case unavailable
    }

    public var method: Method
    public var minimum: Double?
    public var maximum: Double?

    /// Between two corners when they are in order, else between the extremes of all values given.
    ///
    /// A device that is faster than the server, or a link that eats what the server gains, makes device-only the
    /// quicker corner. The corners' span would be negative then and turn the weight round: slow decisions would be
    /// rewarded. The range of all decisions keeps the sign and the scale.
    init(least: Double, greatest: Double, values: [Double]) {
        let extremes = (values.min() ?? least, values.max() ?? greatest)
        if Self.isSpan(least, greatest) {
            (method, minimum, maximum) = (.corners, least, greatest)
        } else if Self.isSpan(extremes.0, extremes.1) {
            (method, minimum, maximum) = (.range, extremes.0, extremes.1)
        } else {
            (method, minimum, maximum) = (.constant, extremes.0, extremes.1)
        }
    }

    /// For a term without figures.
    init() { method = .unavailable }

    /// The width that values are divided by; `nil` when the term is left out.
    public var span: Double? {
        guard method == .corners || method == .range, let minimum, let maximum else { return nil }
        return maximum - minimum
    }

    func share(_ value: Double) -> Double {
        guard let span, let minimum else { return 0 }
        return (value - minimum) / span
    }

    /// Apart by more than rounding.
    private static func isSpan(_ low: Double, _ high: Double) -> Bool {
        high - low > 1e-12 * max(abs(low), abs(high))
    }
}
