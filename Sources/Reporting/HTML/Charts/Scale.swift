import Quantities
import RealModule

/// Maps the values of an axis to places in a drawing, with round ticks.
struct Scale: Sendable {
    enum Kind: Sendable { case linear, logarithmic }

    let kind: Kind
    let lower: Double
    let upper: Double
    let start: Double
    let end: Double

    /// - Parameters:
    ///   - values: what has to be on the axis; those that are not finite, and on a logarithmic axis those that are not above
    ///     zero, are left out.
    ///   - includesZero: whether a linear axis begins (or ends) at zero, so that lengths can be compared.
    ///   - start: where the lowest value is.
    ///   - end: where the highest value is.
    init(_ values: [Double], _ kind: Kind = .linear, includesZero: Bool = true, from start: Double, to end: Double) {
        (self.kind, self.start, self.end) = (kind, start, end)
        let shown = values.filter { $0.isFinite && (kind == .linear || $0 > 0) }
        var (low, high) = (shown.min() ?? (kind == .linear ? 0 : 1), shown.max() ?? 1)
        if kind == .linear {
            if includesZero { (low, high) = (min(low, 0), max(high, 0)) }
            // A file may hold any number.
            (low, high) = (max(low, -1e300), min(high, 1e300))
            let width = high - low
            // One value has an axis around it.
            let margin = width > 0 ? 0.04 * width : max(abs(high) * 0.1, 1e-12)
            lower = includesZero && low == 0 ? 0 : low - margin
            upper = includesZero && high == 0 && low < 0 ? 0 : high + margin
        } else {
            let margin = high > low ? 1.15 : 2
            (lower, upper) = (max(low / margin, 1e-300), min(high * margin, 1e300))
        }
    }

    /// Whole numbers, such as layers, with half a unit on either side.
    init(wholeNumbers range: ClosedRange<Int>, from start: Double, to end: Double) {
        (kind, self.start, self.end) = (.linear, start, end)
        (lower, upper) = (Double(range.lowerBound) - 0.6, Double(range.upperBound) + 0.6)
    }

    func place(_ value: Double) -> Double { start + (end - start) * min(max(share(value), 0), 1) }

    private func share(_ value: Double) -> Double {
        switch kind {
        case .linear: (value - lower) / (upper - lower)
        case .logarithmic:
            value > 0 ? (Double.log(value) - Double.log(lower)) / (Double.log(upper) - Double.log(lower)) : 0
        }
    }

    /// About `count` round values on a linear axis; powers of ten on a logarithmic one, with 2 and 5 where there are few.
    func ticks(_ count: Int = 5) -> [Double] {
        switch kind {
        case .linear:
            let step = Self.round(width: (upper - lower) / Double(max(count, 1)))
            guard step > 0, step.isFinite, (upper - lower) / step < 100 else { return [] }
            let first = (lower / step).rounded(.up)
            return (0...Int((upper / step - first).rounded(.down).clamped(to: 0...100))).map { index in
                // Zero is not to be a rounding error.
                let multiple = first + Double(index)
                return multiple == 0 ? 0 : multiple * step
            }.filter { $0 <= upper }
        case .logarithmic:
            guard lower < upper else { return [] }
            let exponents = Int(Double.log10(lower).rounded(.down))...Int(Double.log10(upper).rounded(.up))
            let factors = exponents.count <= 4 ? [1.0, 2, 5] : [1]
            return exponents.flatMap { exponent in factors.map { $0 * Double.exp10(Double(exponent)) } }
                .filter { $0 >= lower && $0 <= upper }
        }
    }

    /// The next of 1, 2, 5 times a power of ten.
    private static func round(width: Double) -> Double {
        guard width > 0, width.isFinite else { return 0 }
        let power = Double.exp10(Double.log10(width).rounded(.down))
        let mantissa = width / power
        return (mantissa <= 1 ? 1 : mantissa <= 2 ? 2 : mantissa <= 5 ? 5 : 10) * power
    }
}

extension Double {
    fileprivate func clamped(to range: ClosedRange<Double>) -> Double {
        isNaN ? range.lowerBound : Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }
}
