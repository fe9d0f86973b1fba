import Quantities
import Statistics

/// How far a figure may be off: its standard error, and how well that is known.
struct Spread {
    var standardError: Double
    var degreesOfFreedom: Double

    /// From a quantity's interval; `nil` where it has none or is known exactly.
    ///
    /// An interval that does not state its degrees of freedom is taken as a plain mean's, which is on the safe side.
    init?(_ quantity: Quantity) {
        guard let value = quantity.value, let lower = quantity.lower, let upper = quantity.upper,
            let confidence = quantity.confidence
        else { return nil }
        let width = max(upper - value, value - lower)
        // More than a million are as good as all.
        degreesOfFreedom = min(1e6, quantity.degreesOfFreedom ?? Double(quantity.count - 1))
        guard width > 0, degreesOfFreedom > 0 else { return nil }
        standardError = width / StudentT.quantile(0.5 + confidence / 2, degreesOfFreedom: degreesOfFreedom)
    }

    init(standardError: Double, degreesOfFreedom: Double) {
        self.standardError = standardError
        self.degreesOfFreedom = degreesOfFreedom
    }
}
