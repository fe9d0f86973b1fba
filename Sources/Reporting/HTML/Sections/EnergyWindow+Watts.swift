import Calibration
import ProfileFormat
import Quantities
import RealModule

extension EnergyWindow {
    /// Power of the box's total; `nil` where a domain of it is missing.
    func watts(of meter: MeterDescription) -> Double? {
        let joules = meter.totalOf.compactMap { self.joules[$0] }
        guard !joules.isEmpty, joules.count == meter.totalOf.count, seconds > 0 else { return nil }
        return joules.reduce(0, +) / seconds
    }
}

extension PowerLaw {
    /// Watts at a frequency; `nil` where the law could not be fitted.
    func watts(atHertz hertz: Double, reference: Double) -> Double? {
        guard let fixed = staticWatts.value, let dynamic = dynamicWatts.value, let alpha = exponent.value, hertz > 0,
            reference > 0
        else { return nil }
        return fixed + dynamic * Double.pow(hertz / reference, alpha)
    }
}
