import RealModule

/// The posterior of values that may be equal, of which some may stand apart.
///
/// Blocks of one shape do the same work, so that each tells something about the others. With y the measured values and s
/// their standard errors:
///
///     yᵢ ~ N(θᵢ, sᵢ²),   θᵢ ~ (1 - π) N(μ, τ²) + π N(μ, τ² + ω²)
///
/// μ is free. τ is zero or, each case half as probable as the one before, of the order of thousandths, hundredths or tenths
/// of the values. Values that differ by no more than their noise are drawn together. The wide part gives the prior heavy
/// tails: a value that is far from the others keeps what was measured, as a slow block does (a contaminated normal: Box and
/// Tiao, "A Bayesian approach to some outlier problems", Biometrika 55, 1968; partial pooling: Gelman et al., "Bayesian
/// Data Analysis", 3rd ed., section 5.4).
///
/// The posterior is summed over a grid of τ and μ. For each of its cells the values are independent, and each is one of two
/// normals. Takes some milliseconds for thirty values.
package struct RobustPooling: Sendable {
    /// What the posterior says of one value.
    package struct Member: Sendable, Hashable {
        /// Mean of the true value, in the measurements' unit.
        package var mean: Double
        /// Half the width of the interval about the mean that holds 95 % of the probability, over a normal's 1.96. The
        /// standard deviation would count what lies far outside that interval.
        package var standardError: Double
        /// Share of the way from the measured value to the common one, 0 to 1.
        package var shrinkage: Double
        /// Probability that the value is not one of the common kind.
        package var outlierProbability: Double
    }

    package let members: [Member]
    /// μ: mean and standard deviation.
    package let center: (mean: Double, standardError: Double)
    /// Mean of τ.
    package let spread: Double

    /// π.
    static let outlierShare = 0.02
    /// ω, relative to the values.
    static let outlierSpread = 0.3
    /// Values of τ for each factor of ten.
    private static let spreadsPerDecade = 8
    /// Nodes of μ on either side of its most probable value, and their distance in its standard errors.
    private static let nodes = 12
    private static let nodeDistance = 0.4
    /// Cells with a smaller share of the greatest probability are left out.
    private static let negligible = 1e-8

    /// A pair of τ² and μ, relative to ``scale``.
    private struct Cell {
        var variance: Double
        var center: Double
        var width: Double
        var probability: Double
    }

    private let cells: [Cell]
    private let cumulative: [Double]
    private let scale: Double
    /// Measured values and variances, relative to ``scale``.
    private let values: [Double]
    private let variances: [Double]

    /// - Parameters:
    ///   - values: the measured values; at least two, not all zero.
    ///   - errors: standard errors of their independent parts, above zero.
    package init(values given: [Double], errors: [Double]) {
        precondition(given.count > 1 && given.count == errors.count, "an error for each of two values or more")
        let median = abs(given.sorted().quantile(0.5))
        let scale = median > 0 ? median : given.reduce(0) { max($0, abs($1)) }
        let values = given.map { $0 / scale }
        let variances = errors.map { ($0 / scale) * ($0 / scale) }
        let cells = Self.grid(values, variances)
        (self.scale, self.values, self.variances, self.cells) = (scale, values, variances, cells)
        var sum = 0.0
        cumulative = cells.map {
            sum += $0.probability
            return sum
        }
        members = values.indices.map { Self.member($0, values, variances, cells, scale) }
        let mean = cells.reduce(0) { $0 + $1.probability * $1.center }
        let square = cells.reduce(0) { $0 + $1.probability * ($1.center - mean) * ($1.center - mean) }
        center = (mean * scale, square.squareRoot() * scale)
        spread = cells.reduce(0) { $0 + $1.probability * $1.variance.squareRoot() } * scale
    }

    /// One sample of the true values, in the measurements' unit.
    package func draw(_ generator: inout SeededGenerator) -> [Double] {
        let position = generator.uniform() * (cumulative.last ?? 0)
        let cell = cells[cumulative.firstIndex { position <= $0 } ?? 0]
        let center = cell.center + (generator.uniform() - 0.5) * cell.width
        return values.indices.map { place in
            let parts = Parts(values[place], variances[place], center, cell.variance)
            let part = generator.uniform() < parts.outlierProbability ? parts.wide : parts.narrow
            return (part.mean + part.variance.squareRoot() * generator.normal()) * scale
        }
    }
}

extension RobustPooling {
    /// The posterior of one value, given μ and τ.
    private struct Parts {
        var narrow: (mean: Double, variance: Double)
        var wide: (mean: Double, variance: Double)
        var outlierProbability: Double
        /// Log of the value's probability density, less a constant.
        var logDensity: Double

        private static let priorLogOdds = Double.log(outlierShare / (1 - outlierShare))

        init(_ value: Double, _ noise: Double, _ center: Double, _ variance: Double) {
            func part(_ variance: Double) -> (mean: Double, variance: Double, logDensity: Double) {
                let total = variance + noise
                let own = variance / total
                let distance = value - center
                return (
                    center + own * distance, own * noise, -0.5 * (distance * distance / total + .log(total))
                )
            }
            let narrow = part(variance)
            let wide = part(variance + outlierSpread * outlierSpread)
            let logOdds = wide.logDensity - narrow.logDensity + Self.priorLogOdds
            self.narrow = (narrow.mean, narrow.variance)
            self.wide = (wide.mean, wide.variance)
            outlierProbability = 1 / (1 + .exp(-logOdds))
            // Neither overflows: the exponents are below zero.
            logDensity =
                logOdds > 0
                ? narrow.logDensity + logOdds + .log(onePlus: .exp(-logOdds))
                : narrow.logDensity + .log(onePlus: .exp(logOdds))
        }
    }

    /// Values of τ with their prior probabilities.
    private static var spreads: [(spread: Double, probability: Double)] {
        var spreads = [(spread: 0.0, probability: 0.9)]
        for (decade, probability) in [0.07, 0.02, 0.01].enumerated() {
            for place in 0..<spreadsPerDecade {
                let exponent = Double(decade) - 3 + (Double(place) + 0.5) / Double(spreadsPerDecade)
                spreads.append((.exp10(exponent), probability / Double(spreadsPerDecade)))
            }
        }
        return spreads
    }

    private static func grid(_ values: [Double], _ variances: [Double]) -> [Cell] {
        var cells: [Cell] = []
        var logs: [Double] = []
        for (spread, probability) in spreads {
            let variance = spread * spread
            let (center, error) = mode(values, variances, variance)
            for node in -nodes...nodes {
                let place = center + Double(node) * nodeDistance * error
                let logLikelihood = values.indices.reduce(0.0) {
                    $0 + Parts(values[$1], variances[$1], place, variance).logDensity
                }
                cells.append(
                    Cell(variance: variance, center: place, width: nodeDistance * error, probability: probability))
                logs.append(logLikelihood + .log(nodeDistance * error))
            }
        }
        let greatest = logs.max() ?? 0
        for place in cells.indices { cells[place].probability *= .exp(logs[place] - greatest) }
        let sum = cells.reduce(0) { $0 + $1.probability }
        for place in cells.indices { cells[place].probability /= sum }
        return cells.filter { $0.probability > negligible }
    }

    /// The most probable μ for a τ, from the median by weights (expectation and maximization), and its standard error.
    private static func mode(_ values: [Double], _ variances: [Double], _ variance: Double) -> (Double, Double) {
        var center = values.sorted().quantile(0.5)
        var precision = 0.0
        for _ in 0..<12 {
            var sum = 0.0
            precision = 0
            for (value, noise) in zip(values, variances) {
                let outlier = Parts(value, noise, center, variance).outlierProbability
                let weight =
                    (1 - outlier) / (variance + noise) + outlier / (variance + outlierSpread * outlierSpread + noise)
                precision += weight
                sum += weight * value
            }
            center = sum / precision
        }
        return (center, 1 / precision.squareRoot())
    }

    private static func member(
        _ place: Int, _ values: [Double], _ variances: [Double], _ cells: [Cell], _ scale: Double
    ) -> Member {
        let value = values[place]
        // The posterior as one normal for every τ, or two: μ is averaged over.
        var normals: [Normal] = []
        var variance = -1.0
        var (shrinkage, outlier) = (0.0, 0.0)
        for cell in cells {
            if cell.variance != variance {
                normals += [Normal(), Normal()]
                variance = cell.variance
            }
            let parts = Parts(value, variances[place], cell.center, cell.variance)
            for (kind, part, share) in [
                (2, parts.narrow, 1 - parts.outlierProbability), (1, parts.wide, parts.outlierProbability),
            ] {
                let probability = cell.probability * share
                normals[normals.count - kind].add(probability, part.mean - value, part.variance)
                // The variance is the own share of the noise.
                shrinkage += probability * (1 - part.variance / variances[place])
            }
            outlier += cell.probability * parts.outlierProbability
        }
        let (mean, halfWidth) = Normal.interval(of: normals.filter { $0.probability > negligible })
        return Member(
            mean: (value + mean) * scale, standardError: halfWidth / Normal.quantile * scale,
            shrinkage: min(max(shrinkage, 0), 1), outlierProbability: min(outlier, 1))
    }

    /// A part of a mixture of normals.
    private struct Normal {
        private(set) var probability = 0.0
        private var sum = 0.0
        private var squares = 0.0

        static let quantile = 1.959_963_984_540_054

        mutating func add(_ probability: Double, _ mean: Double, _ variance: Double) {
            self.probability += probability
            sum += probability * mean
            squares += probability * (variance + mean * mean)
        }

        private var mean: Double { sum / probability }
        private var error: Double { max(squares / probability - mean * mean, 0).squareRoot() }

        /// The mean of the mixture, and the half width about it that holds 95 % of the probability.
        static func interval(of normals: [Normal]) -> (mean: Double, halfWidth: Double) {
            let mean = normals.reduce(0) { $0 + $1.sum }
            let parts = normals.map { (probability: $0.probability, distance: $0.mean - mean, error: $0.error) }
            func outside(_ halfWidth: Double) -> Double {
                parts.reduce(0) { sum, part in
                    let scale = part.error * (2.0).squareRoot()
                    guard scale > 0 else { return sum + (abs(part.distance) > halfWidth ? part.probability : 0) }
                    return sum + part.probability / 2
                        * (.erfc((halfWidth - part.distance) / scale) + .erfc((halfWidth + part.distance) / scale))
                }
            }
            var (low, high) = (0.0, parts.reduce(0) { max($0, abs($1.distance) + 3 * $1.error) })
            for _ in 0..<40 {
                let middle = (low + high) / 2
                if outside(middle) > 0.05 { low = middle } else { high = middle }
            }
            return (mean, (low + high) / 2)
        }
    }
}
