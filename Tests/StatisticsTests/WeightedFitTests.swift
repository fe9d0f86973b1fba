import RealModule
import Statistics
import Testing

struct WeightedFitTests {
    @Test func findsALineExactly() throws {
        let x = [1.0, 1.5, 2, 3.25]
        let fit = try #require(
            WeightedFit(rows: x.map { [1, $0] }, values: x.map { 0.25 + 4 * $0 }, weights: [1, 2, 3, 0.5]))
        #expect(abs(fit.coefficients[0] - 0.25) < 1e-12 && abs(fit.coefficients[1] - 4) < 1e-12)
        #expect(fit.squares < 1e-20)
        #expect(fit.degreesOfFreedom == 2)
    }

    /// By hand: y = 1, 2, 4 over x = 0, 1, 2 with weights 1, 1, 2.
    @Test func weighsAsByHand() throws {
        let fit = try #require(WeightedFit(rows: [[1, 0], [1, 1], [1, 2]], values: [1, 2, 4], weights: [1, 1, 2]))
        // Normal equations: 4 a + 5 b = 11, 5 a + 9 b = 18.
        #expect(abs(fit.coefficients[0] - 9 / 11.0) < 1e-12)
        #expect(abs(fit.coefficients[1] - 17 / 11.0) < 1e-12)
        // Residuals 2/11, -4/11, 1/11: 4/121 + 16/121 + 2 * 1/121.
        #expect(abs(fit.squares - 22 / 121.0) < 1e-12)
        // s^2 times the inverse of the normal matrix, whose determinant is 11.
        #expect(abs(fit.covariance[0][0] - 22 / 121.0 * 9 / 11) < 1e-12)
        #expect(abs(fit.covariance[0][1] + 22 / 121.0 * 5 / 11) < 1e-12)
    }

    @Test func refusesWhatTheDataDoNotDetermine() {
        #expect(WeightedFit(rows: [[1, 2], [1, 3]], values: [1, 2], weights: [1, 1]) == nil)
        #expect(WeightedFit(rows: [[1, 2], [1, 2], [1, 2]], values: [1, 2, 3], weights: [1, 1, 1]) == nil)
        #expect(WeightedFit(rows: [[0], [0]], values: [1, 2], weights: [1, 1]) == nil)
        let x = [1.0, 1, 2, 2, 3, 3]
        #expect(PowerLawFit(x: x, y: x, weights: x.map { _ in 1 }) == nil, "three points, three unknowns")
        let flat = [0.3, 0.5, 0.8, 0.9, 1]
        #expect(PowerLawFit(x: flat, y: flat.map { _ in 7 }, weights: flat.map { _ in 1 }) == nil)
    }

    /// Intervals of both fits hold the truth as often as they say, with relative noise at eight clocks, three visits each.
    @Test func intervalsCoverTheTruth() throws {
        var generator = SeededGenerator(seed: 11)
        let x = (0..<24).map { 0.3 + 0.1 * Double($0 % 8) }
        let trials = 400
        var inside = [0, 0, 0, 0, 0]
        for _ in 0..<trials {
            let line = x.map { (2 + 3 / $0) * (1 + 0.02 * generator.normal()) }
            let weights = line.map { 1 / ($0 * $0) }
            let fit = try #require(WeightedFit(rows: x.map { [1, 1 / $0] }, values: line, weights: weights))
            let law = x.map { (7 + 12 * Double.pow($0, 2.6)) * (1 + 0.01 * generator.normal()) }
            let power = try #require(PowerLawFit(x: x, y: law, weights: law.map { 1 / ($0 * $0) }))
            let pairs = [
                (fit.estimate(0), 2.0), (fit.estimate(1), 3.0), (power.constant, 7.0), (power.factor, 12.0),
                (power.exponent, 2.6),
            ]
            for (index, (estimate, truth)) in pairs.enumerated() where abs(estimate.value - truth) <= estimate.halfWidth
            {
                inside[index] += 1
            }
        }
        // 95 % of 400, within three standard errors (1.1 %).
        for count in inside { #expect((367...393).contains(count), "\(inside)") }
    }
}

extension SeededGenerator {
    /// Normally distributed, mean 0, standard deviation 1, but for the tails beyond 6.
    fileprivate mutating func normal() -> Double {
        (0..<12).reduce(-6.0) { sum, _ in sum + Double(next() >> 11) * 0x1p-53 }
    }
}
