import Statistics

/// What a quantity read from a file must hold, checked wherever one is decoded.
extension Quantity {
    // Not private: the synthesised encoder lies in another file, and the compiler crashes on it.
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
            return "a value must be absent exactly when its origin is unavailable"
        }
        if origin == .unavailable && reason == nil { return "an unavailable quantity must say why" }
        if count < 0 { return "a count below zero" }
        // Two observations have one; far fewer would make an interval of any width that of a mean known exactly.
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
