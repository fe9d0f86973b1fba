import RealModule

/// Variances of several estimates of one kind, each moderated by what all have in common.
///
/// With few observations a variance is itself known badly, and some come out far too small by chance. The true
/// variances are taken to be drawn from a scaled inverse χ² distribution with `priorDegrees` and `priorVariance`, both
/// fitted to the measured ones. Each posterior mean then lies between the measured variance and the common one: near
/// the common one where the estimates are equally noisy, and near the measured one where they are not (Smyth, "Linear
/// models and empirical Bayes methods", Statistical Applications in Genetics and Molecular Biology 3, 2004, section
/// 6.2).
package struct ModeratedVariances: Sendable {
    /// In the measurements' unit, squared; above zero.
    package let variances: [Double]
    /// Degrees of freedom of each moderated variance, at most those of all together.
    package let degreesOfFreedom: [Double]

    /// A measured variance of less than this share of the mean is a rounding artifact, not a measurement.
    private static let minimumShare = 1e-3

    /// - Returns: `nil` without a variance above zero.
    package init?(_ measured: [Double], degreesOfFreedom: [Double]) {
        precondition(measured.count == degreesOfFreedom.count, "degrees of freedom for each variance")
        let total = degreesOfFreedom.reduce(0, +)
        let mean = zip(measured, degreesOfFreedom).reduce(0) { $0 + $1.0 * $1.1 } / total
        guard mean > 0, mean.isFinite else { return nil }
        let measured = measured.map { max($0, Self.minimumShare * mean) }
        let deviations = zip(measured, degreesOfFreedom).map { variance, degrees in
            Double.log(variance) - Gamma.digamma(degrees / 2) + .log(degrees / 2)
        }
        let center = deviations.reduce(0, +) / Double(deviations.count)
        let scatter = deviations.reduce(0) { $0 + ($1 - center) * ($1 - center) } / Double(max(1, deviations.count - 1))
        let expected = degreesOfFreedom.reduce(0) { $0 + Gamma.trigamma($1 / 2) } / Double(degreesOfFreedom.count)
        guard scatter > expected else {
            // They scatter no more than variances of equally noisy estimates do.
            variances = measured.map { _ in mean }
            self.degreesOfFreedom = degreesOfFreedom.map { _ in total }
            return
        }
        let priorDegrees = 2 * Gamma.inverseTrigamma(scatter - expected)
        let priorVariance = Double.exp(center + Gamma.digamma(priorDegrees / 2) - .log(priorDegrees / 2))
        variances = zip(measured, degreesOfFreedom).map { variance, degrees in
            (priorDegrees * priorVariance + degrees * variance) / (priorDegrees + degrees)
        }
        self.degreesOfFreedom = degreesOfFreedom.map { min($0 + priorDegrees, total) }
    }
}

/// Derivatives of the logarithm of the gamma function, for arguments above zero.
enum Gamma {
    /// ψ(x), by its recurrence up to 6 and its asymptotic series from there (Abramowitz and Stegun, 6.3.5 and 6.3.18);
    /// the error is below 1e-9.
    static func digamma(_ x: Double) -> Double {
        var (x, shift) = (x, 0.0)
        while x < 6 {
            shift -= 1 / x
            x += 1
        }
        let square = 1 / (x * x)
        return shift + .log(x) - 0.5 / x
            - square * (1.0 / 12 - square * (1.0 / 120 - square * (1.0 / 252 - square * (1.0 / 240 - square / 132))))
    }

    /// ψ'(x), in the same way (6.4.6 and 6.4.12).
    static func trigamma(_ x: Double) -> Double {
        var (x, shift) = (x, 0.0)
        while x < 6 {
            shift += 1 / (x * x)
            x += 1
        }
        let square = 1 / (x * x)
        return shift + 1 / x + square / 2
            + square / x * (1.0 / 6 - square * (1.0 / 30 - square * (1.0 / 42 - square / 30)))
    }

    /// The x above zero with ψ'(x) = `value`, between 1e-4 and 1e8. ψ' falls steadily, so halving the interval of log x
    /// finds it.
    static func inverseTrigamma(_ value: Double) -> Double {
        var (low, high) = (Double.log(1e-4), Double.log(1e8))
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if trigamma(.exp(middle)) > value { low = middle } else { high = middle }
        }
        return .exp((low + high) / 2)
    }
}
