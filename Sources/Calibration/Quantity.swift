public import Statistics

/// A number as Kerf writes it: never bare.
///
/// The unit stands in the name of the field that holds it (`time_seconds`, `energy_joules`).
public struct Quantity: Codable, Sendable, Hashable {
    /// `nil` exactly when the origin is `unavailable`.
    public var value: Double?
    /// Bounds of the two-sided confidence interval; `nil` when it is not known.
    public var lower: Double?
    public var upper: Double?
    /// The interval's confidence, 0.95 for 95 %; `nil` with the bounds.
    public var confidence: Double?
    /// Observations behind the value.
    public var count: Int
    /// Of Student's t, where the interval is one of it; `nil` where it is of another kind. Observations of unequal weight, or
    /// left out as outliers, leave fewer than the count less one.
    public var degreesOfFreedom: Double?
    public var origin: Origin
    /// Why there is no value or no interval, or what a modelled value was computed from.
    public var reason: String?

    public init(
        value: Double?, lower: Double? = nil, upper: Double? = nil, confidence: Double? = nil, count: Int = 0,
        degreesOfFreedom: Double? = nil, origin: Origin, reason: String? = nil
    ) {
        self.value = value
        self.lower = lower
        self.upper = upper
        self.confidence = confidence
        self.count = count
        self.degreesOfFreedom = degreesOfFreedom
        self.origin = origin
        self.reason = reason
    }

    public init(_ estimate: Estimate, confidence: Double = 0.95, origin: Origin, reason: String? = nil) {
        let bounded = estimate.halfWidth.isFinite
        self.init(
            value: estimate.value, lower: bounded ? estimate.lower : nil, upper: bounded ? estimate.upper : nil,
            confidence: bounded ? confidence : nil, count: estimate.count,
            degreesOfFreedom: bounded ? estimate.spread?.degreesOfFreedom : nil, origin: origin,
            reason: reason ?? (bounded ? nil : "too few observations for an interval"))
    }

    /// A quantity that could not be obtained, and why.
    public static func unavailable(_ reason: String) -> Quantity {
        Quantity(value: nil, origin: .unavailable, reason: reason)
    }

    /// Half the interval's width over the value.
    public var relativeHalfWidth: Double? {
        guard let value, let lower, let upper, value != 0 else { return nil }
        return (upper - lower) / 2 / abs(value)
    }
}
