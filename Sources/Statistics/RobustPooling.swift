import RealModule

/// The posterior of values that may be equal, of which some may stand apart.
///
/// Blocks of one shape do the same work, so that each tells something about the others. With y the measured values and
/// s their standard errors:
///
///     yᵢ ~ N(θᵢ, sᵢ²),   θᵢ ~ (1 - π) N(μ, τ²) + π N(μ, τ² + ω²)
///
/// μ is free. τ is zero with a probability of 90 %, as of blocks that run the same code on as much data; or, each case
/// less probable than the one before, of the order of thousandths, hundredths or tenths of the values. Values that
/// differ by no more than their noise are drawn together. The wide part gives the prior heavy tails: a value that is
/// far from the others keeps what was measured, as a slow block does (a contaminated normal: Box and Tiao, "A Bayesian
/// approach to some outlier problems", Biometrika 55, 1968; partial pooling: Gelman et al., "Bayesian Data Analysis",
/// 3rd ed., section 5.4).
///
/// The posterior is summed over a grid of τ and μ. For each of its cells the values are independent, and each is one of
/// two normals. Takes some milliseconds for thirty values.
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
    private static let nodes = 8
    private static let nodeDistance = 0.5
    /// Cells with a smaller share of the greatest probability are left out.
    private static let negligible = 1e-8

    /// A value of τ, and what does not depend on μ.
    private struct Level {
        /// τ².
        var variance: Double
        /// For each value, the log odds that it is an outlier where it is at μ.
        var logOdds: [Double]
        /// Log of the density of values at μ that are no outliers, less a constant.
        var logDensity: Double

        init(_ variance: Double, noises: [Double]) {
            self.variance = variance
            let narrow = noises.map { Double.log($0 + variance) }
            logOdds = zip(noises, narrow).map { noise, narrow in
                .log(outlierShare / (1 - outlierShare))
                    + (narrow - .log(noise + variance + outlierSpread * outlierSpread)) / 2
            }
            logDensity = -0.5 * narrow.reduce(0, +)
        }
    }

    /// A pair of τ and μ, relative to ``scale``.
    private struct Cell {
        /// Place of τ among the levels.
        var level: Int
        var center: Double
        var width: Double
        var probability: Double
    }

    private let levels: [Level]
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
        let levels = Self.spreads.map { Level($0.spread * $0.spread, noises: variances) }
        let cells = Self.grid(values, variances, levels)
        (self.scale, self.values, self.variances, self.levels, self.cells) = (scale, values, variances, levels, cells)
        var sum = 0.0
        cumulative = cells.map {
            sum += $0.probability
            return sum
        }
        members = values.indices.map { Self.member($0, values, variances, levels, cells, scale) }
        let mean = cells.reduce(0) { $0 + $1.probability * $1.center }
        let square = cells.reduce(0) { $0 + $1.probability * ($1.center - mean) * ($1.center - mean) }
        center = (mean * scale, square.squareRoot() * scale)
        spread = cells.reduce(0) { $0 + $1.probability * levels[$1.level].variance.squareRoot() } * scale
    }

    /// One sample of the true values, in the measurements' unit.
    package func draw(_ generator: inout SeededGenerator) -> [Double] {
        let position = generator.uniform() * (cumulative.last ?? 0)
        let cell = cells[cumulative.firstIndex { position <= $0 } ?? 0]
        let center = cell.center + (generator.uniform() - 0.5) * cell.width
        return values.indices.map { place in
            let parts = Parts(values[place], variances[place], center, levels[cell.level], place)
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
        init(_ value: Double, _ noise: Double, _ center: Double, _ level: Level, _ place: Int) {
            let distance = value - center
            func part(_ variance: Double) -> (mean: Double, variance: Double) {
                let own = variance / (variance + noise)
                return (center + own * distance, own * noise)
            }
            narrow = part(level.variance)
            wide = part(level.variance + outlierSpread * outlierSpread)
            outlierProbability = 1 / (1 + .exp(-Self.logOdds(distance, noise, level, place)))
        }

        /// Log odds that a value at a distance from μ is an outlier.
        static func logOdds(_ distance: Double, _ noise: Double, _ level: Level, _ place: Int) -> Double {
            let narrow = level.variance + noise
            let wide = narrow + outlierSpread * outlierSpread
            return level.logOdds[place] + distance * distance * (1 / narrow - 1 / wide) / 2
        }
    }

    /// Values of τ with their prior probabilities.
    private static let spreads: [(spread: Double, probability: Double)] = {
        var spreads = [(spread: 0.0, probability: 0.9)]
        for (decade, probability) in [0.07, 0.02, 0.01].enumerated() {
            for place in 0..<spreadsPerDecade {
                let exponent = Double(decade) - 3 + (Double(place) + 0.5) / Double(spreadsPerDecade)
                spreads.append((.exp10(exponent), probability / Double(spreadsPerDecade)))
            }
        }
        return spreads
    }()

    private static func grid(_ values: [Double], _ variances: [Double], _ levels: [Level]) -> [Cell] {
        var cells: [Cell] = []
        var logs: [Double] = []
        for (place, level) in levels.enumerated() {
            let (center, error) = mode(values, variances, level)
            for node in -nodes...nodes {
                let center = center + Double(node) * nodeDistance * error
                cells.append(
                    Cell(
                        level: place, center: center, width: nodeDistance * error,
                        probability: spreads[place].probability))
                logs.append(logLikelihood(center, values, variances, level) + .log(nodeDistance * error))
            }
        }
        let greatest = logs.max() ?? 0
        for place in cells.indices { cells[place].probability *= .exp(logs[place] - greatest) }
        let sum = cells.reduce(0) { $0 + $1.probability }
        for place in cells.indices { cells[place].probability /= sum }
        return cells.filter { $0.probability > negligible }
    }

    private static func logLikelihood(
        _ center: Double, _ values: [Double], _ variances: [Double], _ level: Level
    ) -> Double {
        var sum = level.logDensity
        // Σ log (1 + odds), with one logarithm for all values near the center.
        var product = 1.0
        for place in values.indices {
            let distance = values[place] - center
            sum -= distance * distance / (level.variance + variances[place]) / 2
            let logOdds = Parts.logOdds(distance, variances[place], level, place)
            if logOdds > 5 {
                sum += logOdds + .log(onePlus: .exp(-logOdds))
            } else {
                product *= 1 + .exp(logOdds)
            }
            if product > 1e200 {
                sum += .log(product)
                product = 1
            }
        }
        return sum + .log(product)
    }

    /// The most probable μ for a τ, from the median by weights (expectation and maximization), and its standard error.
    private static func mode(_ values: [Double], _ variances: [Double], _ level: Level) -> (Double, Double) {
        var center = values.sorted().quantile(0.5)
        var precision = 0.0
        for _ in 0..<20 {
            var sum = 0.0
            precision = 0
            for (place, value) in values.enumerated() {
                let narrow = level.variance + variances[place]
                let odds = Parts.logOdds(value - center, variances[place], level, place)
                let outlier = 1 / (1 + Double.exp(-odds))
                let weight = (1 - outlier) / narrow + outlier / (narrow + outlierSpread * outlierSpread)
                precision += weight
                sum += weight * value
            }
            let previous = center
            center = sum / precision
            if abs(center - previous) < 0.01 / precision.squareRoot() { break }
        }
        return (center, 1 / precision.squareRoot())
    }

    private static func member(
        _ place: Int, _ values: [Double], _ variances: [Double], _ levels: [Level], _ cells: [Cell], _ scale: Double
    ) -> Member {
        let value = values[place]
        // The posterior as one normal for every τ, or two: μ is averaged over.
        var normals: [NormalPart] = []
        var level = -1
        var (shrinkage, outlier) = (0.0, 0.0)
        for cell in cells {
            if cell.level != level {
                normals += [NormalPart(), NormalPart()]
                level = cell.level
            }
            let parts = Parts(value, variances[place], cell.center, levels[level], place)
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
        let (mean, halfWidth) = NormalPart.interval(of: normals.filter { $0.probability > negligible })
        return Member(
            mean: (value + mean) * scale, standardError: halfWidth / NormalPart.quantile * scale,
            shrinkage: min(max(shrinkage, 0), 1), outlierProbability: min(outlier, 1))
    }
}
