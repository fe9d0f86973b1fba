import RealModule

/// Student's t distribution.
package enum StudentT {
    /// The value that a t variable stays below with probability `probability`.
    ///
    /// Found by Newton's method on the upper tail, with bisection where a step leaves the bracket. The tail is a
    /// regularized incomplete beta function (Press et al., "Numerical Recipes", section 6.4). Rounded to 30 binary places,
    /// a relative 1e-9, so that math libraries that differ in the last bit give the same number, and files have the same
    /// bytes on any machine. The relative error is below 2e-9 for up to a million degrees of freedom.
    ///
    /// - Parameters:
    ///   - probability: above 0 and below 1.
    ///   - degreesOfFreedom: positive; need not be whole (Welch-Satterthwaite gives fractions).
    package static func quantile(_ probability: Double, degreesOfFreedom: Double) -> Double {
        precondition(probability > 0 && probability < 1 && degreesOfFreedom > 0)
        if probability == 0.5 { return 0 }
        if probability < 0.5 { return -quantile(1 - probability, degreesOfFreedom: degreesOfFreedom) }
        let n = degreesOfFreedom
        let tail = 1 - probability
        var (low, high) = (0.0, 1.0)
        while upperTail(high, n) > tail { high *= 2 }
        // The density is this factor times (1 + t²/n)^-((n + 1)/2).
        let factor = Double.exp(Double.logGamma((n + 1) / 2) - Double.logGamma(n / 2)) / (n * .pi).squareRoot()
        var middle = (low + high) / 2
        for _ in 0..<200 {
            let excess = upperTail(middle, n) - tail
            if excess > 0 { low = middle } else { high = middle }
            let density = factor * Double.exp(-(n + 1) / 2 * .log(onePlus: middle * middle / n))
            let step = excess / density
            let isInside = middle + step > low && middle + step < high
            let next = isInside ? middle + step : (low + high) / 2
            let isFound = abs(next - middle) <= 1e-13 * middle
            middle = next
            if isFound { break }
        }
        let places = 0x1p30
        return Double(
            sign: .plus, exponent: middle.exponent, significand: (middle.significand * places).rounded() / places)
    }

    /// The probability that a t variable stays below `t`.
    package static func cumulative(_ t: Double, degreesOfFreedom n: Double) -> Double {
        t > 0 ? 1 - upperTail(t, n) : upperTail(t, n)
    }

    /// The probability of a value beyond the magnitude of `t`, on one side.
    private static func upperTail(_ t: Double, _ n: Double) -> Double {
        0.5 * regularizedIncompleteBeta(n / (n + t * t), n / 2, 0.5)
    }
}

/// The regularized incomplete beta function I_x(a, b), by its continued fraction (modified Lentz).
func regularizedIncompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    let logFront =
        Double.logGamma(a + b) - Double.logGamma(a) - Double.logGamma(b) + a * .log(x) + b * .log(onePlus: -x)
    let front = Double.exp(logFront)
    // The fraction converges quickly only on this side of the mean; the other side follows by symmetry.
    if x < (a + 1) / (a + b + 2) { return front * betaFraction(x, a, b) / a }
    return 1 - front * betaFraction(1 - x, b, a) / b
}

private func betaFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let tiny = 1e-300
    var c = 1.0
    var d = 1 - (a + b) * x / (a + 1)
    d = 1 / (abs(d) < tiny ? tiny : d)
    var fraction = d
    func multiply(_ numerator: Double) {
        d = 1 + numerator * d
        d = 1 / (abs(d) < tiny ? tiny : d)
        c = 1 + numerator / c
        if abs(c) < tiny { c = tiny }
        fraction *= d * c
    }
    for m in 1...300 {
        let m = Double(m)
        multiply(m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)))
        multiply(-(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)))
        if abs(d * c - 1) < 1e-15 { break }
    }
    return fraction
}
