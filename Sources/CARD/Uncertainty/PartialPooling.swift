import Glibc
import Statistics

/// The posterior of values that may be equal, by a normal hierarchical model. For calibrations without pooling groups:
/// those of earlier versions, whose decisions stay as they were, and models of two blocks.
///
/// Blocks of one shape do the same work, and each is measured with independent noise. The best of several cuts is
/// probably one whose layers the noise favored, so that the measurements taken one by one overstate the confidence in
/// it. Therefore the true values are drawn as θ ~ N(μ, τ²), each measured as N(θ, s²). μ is free, and τ is estimated:
/// measurements that differ by no more than their noise shrink towards their mean, and others stay as measured (Gelman
/// et al., "Bayesian Data Analysis", 3rd ed., section 5.4).
///
/// The prior gives equal probability to four cases: the values are equal (τ = 0), or τ is of the order of thousandths,
/// hundredths or tenths of their mean.
struct PartialPooling {
    private let values: [Double]
    private let errors: [Double]
    private let degreesOfFreedom: [Double]
    private let spreads: [Double]
    /// Cumulative, not normalized probabilities of the spreads.
    private var cumulative: [Double] = []

    /// - Parameters:
    ///   - values: the measured values; at least two.
    ///   - errors: standard errors of their independent parts, above zero.
    init(values: [Double], errors: [Double], degreesOfFreedom: [Double]) {
        self.values = values
        self.errors = errors
        self.degreesOfFreedom = degreesOfFreedom
        let mean = abs(values.reduce(0, +)) / Double(values.count)
        let places = 24
        spreads = [0] + (0...places).map { mean * pow(10, -3 * (1 - Double($0) / Double(places))) }
        let likelihoods = spreads.map { Self.logLikelihood($0, values, errors) }
        let greatest = likelihoods.max() ?? 0
        var sum = 0.0
        for (place, likelihood) in likelihoods.enumerated() {
            sum += exp(likelihood - greatest) * (place == 0 ? 0.25 : 0.75 / Double(places + 1))
            cumulative.append(sum)
        }
    }

    /// Log likelihood of a spread, with μ integrated out.
    private static func logLikelihood(_ spread: Double, _ values: [Double], _ errors: [Double]) -> Double {
        let variances = errors.map { $0 * $0 + spread * spread }
        let precision = variances.reduce(0) { $0 + 1 / $1 }
        let mean = zip(values, variances).reduce(0) { $0 + $1.0 / $1.1 } / precision
        let misfit = zip(values, variances).reduce(0) { $0 + ($1.0 - mean) * ($1.0 - mean) / $1.1 }
        return -0.5 * (variances.reduce(0) { $0 + log($1) } + log(precision) + misfit)
    }

    /// One sample: true values less measured ones, in the measurements' unit.
    func draw(_ generator: inout SeededGenerator) -> [Double] {
        let position = generator.uniform() * (cumulative.last ?? 1)
        let spread = spreads[cumulative.firstIndex { position <= $0 } ?? 0]
        let noises = zip(errors, degreesOfFreedom).map { error, degrees in
            error * error / generator.meanSquare(degreesOfFreedom: degrees)
        }
        let variance = spread * spread
        let precision = noises.reduce(0) { $0 + 1 / ($1 + variance) }
        let center =
            zip(values, noises).reduce(0) { $0 + $1.0 / ($1.1 + variance) } / precision
            + generator.normal() / precision.squareRoot()
        return zip(values, noises).map { value, noise in
            let ownShare = variance / (variance + noise)
            return (1 - ownShare) * (center - value) + (ownShare * noise).squareRoot() * generator.normal()
        }
    }
}

extension SeededGenerator {
    /// χ² over its degrees of freedom, by the cube of a normal (Wilson and Hilferty, PNAS 17, 1931): accurate to 1 %
    /// from 4 degrees of freedom on.
    fileprivate mutating func meanSquare(degreesOfFreedom n: Double) -> Double {
        let part = 2 / (9 * n)
        let root = max(1 - part + part.squareRoot() * normal(), 0.05)
        return root * root * root
    }
}
