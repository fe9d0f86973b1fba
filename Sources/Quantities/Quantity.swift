/// A number with its interval, count and origin.
///
/// The unit is in the name of the field that holds it (`time_seconds`, `energy_joules`).
public struct Quantity: Codable, Sendable, Hashable {
    /// `nil` if and only if the origin is `unavailable`.
    public var value: Double?
    /// Bounds of the two-sided confidence interval; `nil` when it is not known.
    public var lower: Double?
    public var upper: Double?
    /// The interval's confidence, 0.95 for 95 %; `nil` with the bounds.
    public var confidence: Double?
    /// Number of observations.
    public var count: Int
    /// Degrees of freedom of a Student's t interval; `nil` for another kind. With observations of unequal weight, or left
    /// out as outliers, they are fewer than the count less one.
    public var degreesOfFreedom: Double?
    public var origin: Origin
    /// Why there is no value or no interval, or the source of a modelled value.
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

    /// A quantity that could not be obtained, with the reason.
    public static func unavailable(_ reason: String) -> Quantity {
        Quantity(value: nil, origin: .unavailable, reason: reason)
    }

    /// Half the interval's width over the value.
    public var relativeHalfWidth: Double? {
        guard let value, let lower, let upper, value != 0 else { return nil }
        return (upper - lower) / 2 / abs(value)
    }
}

/// Validation of every quantity that is decoded.
extension Quantity {
    // Not private: the compiler crashes on the synthesized encoder.
    enum CodingKeys: String, CodingKey {
        case value, lower, upper, confidence, count, degreesOfFreedom, origin, reason
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            value: try container.decodeIfPresent(Double.self, forKey: .value),
            lower: try container.decodeIfPresent(Double.self, forKey: .lower),
            upper: try container.decodeIfPresent(Double.self, forKey: .upper),
            confidence: try container.decodeIfPresent(Double.self, forKey: .confidence),
            count: try container.decode(Int.self, forKey: .count),
            degreesOfFreedom: try container.decodeIfPresent(Double.self, forKey: .degreesOfFreedom),
            origin: try container.decode(Origin.self, forKey: .origin),
            reason: try container.decodeIfPresent(String.self, forKey: .reason))
        if let fault {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: fault))
        }
    }

    /// What is wrong with the quantity, or `nil`.
    var fault: String? {
        if (value == nil) != (origin == .unavailable) {
            return "a value must be absent if and only if its origin is unavailable"
        }
        if origin == .unavailable && reason == nil { return "an unavailable quantity must have a reason" }
        if count < 0 { return "a count below zero" }
        // Two observations have one. With far fewer, an interval of any width would be that of an exactly known mean.
        if let degreesOfFreedom, !(degreesOfFreedom >= 0.5 && degreesOfFreedom <= 1e30) || lower == nil {
            return "degrees of freedom that are below 0.5 or have no interval"
        }
        for number in [value, lower, upper].compactMap({ $0 }) where !number.isFinite || abs(number) > 1e30 {
            return "the number \(number) is out of range"
        }
        switch (value, lower, upper, confidence) {
        case (_, nil, nil, nil): return nil
        case (let value?, let lower?, let upper?, let confidence?):
            guard lower <= value && value <= upper else { return "the value lies outside its interval" }
            return confidence > 0 && confidence < 1 ? nil : "a confidence that is not between 0 and 1"
        default: return "an interval needs its value, both bounds and the confidence"
        }
    }
}

/// How a number was obtained. Every quantity in a file has one, so that a simulated or modelled value cannot be taken for
/// a measured one.
public enum Origin: String, Codable, Sendable, Hashable, CaseIterable {
    /// Read from a meter or a clock of this box.
    case measured
    /// Computed from a model or a declared value.
    case modelled
    /// Read from a virtual box, whose true values are known.
    case simulated
    /// Read from a recording of a box, in which nothing changes: never a measurement.
    case recorded
    /// Not obtained. Such a quantity has no value, and is never zero.
    case unavailable

    /// The origin of a value computed from several: the weakest of them.
    ///
    /// From strong to weak: `measured`, `modelled`, `simulated`, `recorded`, `unavailable`.
    public static func weakest(_ origins: some Sequence<Origin>) -> Origin {
        origins.max { $0.weakness < $1.weakness } ?? .unavailable
    }

    private var weakness: Int {
        switch self {
        case .measured: 0
        case .modelled: 1
        case .simulated: 2
        case .recorded: 3
        case .unavailable: 4
        }
    }
}
