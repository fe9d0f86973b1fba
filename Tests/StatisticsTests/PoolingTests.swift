import Testing

@testable import Statistics

@Suite("Pooling")
struct PoolingTests {
    @Test("derivatives of the gamma function at arguments where they are known")
    func gamma() {
        #expect(abs(Gamma.digamma(1) + 0.577_215_664_901_532_9) < 1e-9)
        #expect(abs(Gamma.digamma(0.5) + 1.963_510_026_021_423_5) < 1e-9)
        #expect(abs(Gamma.trigamma(1) - .pi * .pi / 6) < 1e-9)
        #expect(abs(Gamma.trigamma(0.5) - .pi * .pi / 2) < 1e-9)
        for x in [0.01, 0.5, 3, 40, 1e5] {
            #expect(abs(Gamma.inverseTrigamma(Gamma.trigamma(x)) / x - 1) < 1e-6, "\(x)")
        }
    }

    /// The tail of χ² on an even number of degrees of freedom n is a sum: e^(-Q/2) Σ (Q/2)^k / k!, k < n/2.
    @Test("Cochran's test of exactly known errors is that of χ²")
    func cochran() {
        let values = [1.0, 1.3, 0.8, 1.1, 0.7]
        let test = HeterogeneityTest(
            values, variances: [0.04, 0.04, 0.04, 0.04, 0.04], errorDegrees: 1e7)
        // The mean is 0.98, the squares add up to 0.228.
        #expect(abs(test.statistic - 5.7) < 1e-9 && test.degreesOfFreedom == 4)
        let tail = 0.057_844_320_874_838_46 * (1 + 5.7 / 2)
        #expect(abs(test.pValue - tail) < 1e-5)
        let uncertain = HeterogeneityTest(values, variances: [0.04, 0.04, 0.04, 0.04, 0.04], errorDegrees: 5)
        #expect(uncertain.pValue > test.pValue, "errors that are known badly prove less")
    }

    @Test("the p value of equal values is uniform, also with moderated errors of few degrees of freedom")
    func uniform() throws {
        var generator = SeededGenerator(seed: 21)
        var below = [0, 0, 0]
        let trials = 2000
        for _ in 0..<trials {
            let samples = (0..<12).map { _ in (0..<6).map { _ in 5 + generator.normal() } }
            let estimates = samples.compactMap { Estimate.mean(of: $0) }
            let spreads = estimates.compactMap(\.spread)
            let moderated = try #require(
                ModeratedVariances(
                    spreads.map { $0.standardError * $0.standardError },
                    degreesOfFreedom: spreads.map(\.degreesOfFreedom)))
            let degrees = moderated.degreesOfFreedom.reduce(0, +) / 12
            let test = HeterogeneityTest(
                estimates.map(\.value), variances: moderated.variances, errorDegrees: degrees)
            for (place, level) in [0.05, 0.2, 0.5].enumerated() where test.pValue < level { below[place] += 1 }
        }
        for (count, level) in zip(below, [0.05, 0.2, 0.5]) {
            #expect(abs(Double(count) / Double(trials) - level) < 0.04, "\(count) of \(trials) below \(level)")
        }
    }

    @Test("equally noisy estimates share one variance, and unequally noisy ones keep theirs")
    func moderated() throws {
        let equal = try #require(ModeratedVariances([0.9, 1, 1.1], degreesOfFreedom: [9, 9, 9]))
        #expect(equal.variances.allSatisfy { abs($0 - 1) < 1e-12 } && equal.degreesOfFreedom == [27, 27, 27])
        let measured = [0.05, 1, 20, 2, 0.3]
        let unequal = try #require(
            ModeratedVariances(measured, degreesOfFreedom: [Double](repeating: 40, count: 5)))
        for (moderated, own) in zip(unequal.variances, measured) { #expect(abs(moderated / own - 1) < 0.4) }
        #expect(unequal.degreesOfFreedom.allSatisfy { $0 > 40 && $0 < 60 })
        #expect(ModeratedVariances([0, 0], degreesOfFreedom: [3, 3]) == nil)
    }

    /// The posterior as its definition has it: true values drawn from the prior, weighted by the likelihood.
    @Test("mean, spread and probability of an outlier agree with weighted draws from the prior")
    func reference() {
        let values = [1.00, 1.03, 0.98, 1.25]
        let errors = [0.03, 0.04, 0.03, 0.06]
        let pooling = RobustPooling(values: values, errors: errors)
        var generator = SeededGenerator(seed: 3)
        var (weight, spread) = (0.0, 0.0)
        var (sums, outliers) = ([Double](repeating: 0, count: 4), [Double](repeating: 0, count: 4))
        for _ in 0..<200_000 {
            let decade = generator.uniform()
            let exponent = Double(decade < 0.97 ? -3 : decade < 0.99 ? -2 : -1) + generator.uniform()
            let tau = decade < 0.9 ? 0 : RobustPoolingReference.powerOfTen(exponent)
            let center = 0.8 + 0.5 * generator.uniform()
            var likelihood = 1.0
            var drawn: [Double] = []
            var isWide: [Bool] = []
            for (value, error) in zip(values, errors) {
                let wide = generator.uniform() < 0.02
                let deviation = (wide ? tau * tau + 0.09 : tau * tau).squareRoot()
                let truth = center + deviation * generator.normal()
                let distance = (value - truth) / error
                likelihood *= RobustPoolingReference.exp(-0.5 * distance * distance)
                drawn.append(truth)
                isWide.append(wide)
            }
            weight += likelihood
            spread += likelihood * tau
            for place in values.indices {
                sums[place] += likelihood * drawn[place]
                outliers[place] += isWide[place] ? likelihood : 0
            }
        }
        for place in values.indices {
            #expect(abs(pooling.members[place].mean - sums[place] / weight) < 0.01, "\(place)")
            #expect(abs(pooling.members[place].outlierProbability - outliers[place] / weight) < 0.05, "\(place)")
        }
        #expect(abs(pooling.spread - spread / weight) < 0.006)
    }

    @Test("draws have the mean and the interval of the posterior")
    func draws() {
        let values = [10.0, 10.4, 9.9, 10.1, 12.5]
        let pooling = RobustPooling(values: values, errors: [0.2, 0.2, 0.1, 0.3, 0.2])
        var generator = SeededGenerator(seed: 9)
        let drawn = (0..<20_000).map { _ in pooling.draw(&generator) }
        for (place, member) in pooling.members.enumerated() {
            let mean = drawn.reduce(0) { $0 + $1[place] } / Double(drawn.count)
            #expect(abs(mean - member.mean) < 0.05 * member.standardError)
            let inside = drawn.count { abs($0[place] - member.mean) < 1.96 * member.standardError }
            #expect(abs(Double(inside) / Double(drawn.count) - 0.95) < 0.006)
        }
    }

    @Test("what is far from the others is not drawn to them, however many they are")
    func outlier() {
        for scale in [1e-9, 1, 1e9] {
            let values = (0..<30).map { scale * ($0 == 6 ? 1.2 : 1) }
            let pooling = RobustPooling(values: values, errors: values.map { _ in 0.01 * scale })
            #expect(abs(pooling.members[6].mean / (1.2 * scale) - 1) < 0.002)
            #expect(pooling.members[6].outlierProbability > 0.999)
            #expect(pooling.members[5].outlierProbability < 0.02)
            #expect(abs(pooling.members[5].mean / scale - 1) < 0.002)
            #expect(pooling.members[5].standardError < 0.4 * 0.01 * scale)
        }
    }
}

private enum RobustPoolingReference {
    static func powerOfTen(_ exponent: Double) -> Double { exp(exponent * 2.302_585_092_994_046) }

    /// By its series, of a small part, squared again and again.
    static func exp(_ x: Double) -> Double {
        if x < -700 { return 0 }
        let part = x / 1024
        var result = 1 + part * (1 + part / 2 * (1 + part / 3 * (1 + part / 4 * (1 + part / 5))))
        for _ in 0..<10 { result *= result }
        return result
    }
}
