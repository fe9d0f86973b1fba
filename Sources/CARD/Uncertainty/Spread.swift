import Calibration
import Statistics

/// How far a figure may be off: its standard error, and how well that is known.
struct Spread {
    var standardError: Double
    var degreesOfFreedom: Double

    /// From a quantity's interval; `nil` where it has none or is known exactly.
    ///
    /// - Parameter trimmed: whether the interval is that of a mean with a fifth left out at each end
    ///   (``TrimmedSteps``), whose degrees of freedom are those of what is kept.
    init?(_ quantity: Quantity, trimmed: Bool = false) {
        guard let value = quantity.value, let lower = quantity.lower, let upper = quantity.upper,
            let confidence = quantity.confidence, quantity.count > 1
        else { return nil }
        let width = max(upper - value, value - lower)
        guard width > 0 else { return nil }
        let left = trimmed ? 2 * Int(Double(quantity.count) * TrimmedSteps.fraction) : 0
        degreesOfFreedom = Double(quantity.count - left - 1)
        guard degreesOfFreedom > 0 else { return nil }
        standardError = width / StudentT.quantile(0.5 + confidence / 2, degreesOfFreedom: degreesOfFreedom)
    }

    init(standardError: Double, degreesOfFreedom: Double) {
        self.standardError = standardError
        self.degreesOfFreedom = degreesOfFreedom
    }
}
