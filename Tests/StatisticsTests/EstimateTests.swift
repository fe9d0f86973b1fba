import Statistics
import Testing

@Suite("Estimates")
struct EstimateTests {
    @Test("the mean and its interval are those of the textbook")
    func mean() throws {
        // scipy.stats.t.interval(0.95, 4, loc=3, scale=sqrt(2.5/5)) = (1.0367568385, 4.9632431615)
        let estimate = try #require(Estimate.mean(of: [1, 2, 3, 4, 5]))
        #expect(estimate.value == 3)
        #expect(abs(estimate.lower - 1.0367568385) < 1e-8)
        #expect(abs(estimate.upper - 4.9632431615) < 1e-8)
        #expect(estimate.count == 5)
    }

    @Test("too few observations give no interval, none give no estimate")
    func few() throws {
        #expect(Estimate.mean(of: []) == nil)
        #expect(Estimate.median(of: []) == nil)
        #expect(Estimate.ratio(of: [], to: []) == nil)
        #expect(try #require(Estimate.mean(of: [4])).halfWidth == .infinity)
        #expect(try #require(Estimate.ratio(of: [4], to: [2])).halfWidth == .infinity)
        #expect(try #require(Estimate.median(of: [1, 2, 3, 4, 5])).halfWidth == .infinity)
        #expect(TrimmedSteps(totals: []).total() == nil)
    }

    /// Ranks of the 95 % sign interval, from the binomial tables (n, lower rank from 1).
    @Test("the median's interval uses the binomial ranks", arguments: [(6, 1), (10, 2), (20, 6), (50, 18), (100, 40)])
    func medianRanks(count: Int, rank: Int) throws {
        let estimate = try #require(Estimate.median(of: (1...count).map(Double.init)))
        let middle = Double(count + 1) / 2
        #expect(estimate.value == middle)
        #expect(estimate.halfWidth == middle - Double(rank))
    }

    @Test("a large sample's ranks join the small ones without a jump")
    func medianLarge() throws {
        let below = try #require(Estimate.median(of: (1...1000).map(Double.init)))
        let above = try #require(Estimate.median(of: (1...1001).map(Double.init)))
        #expect(abs(above.halfWidth - below.halfWidth) <= 2)
        #expect(above.halfWidth >= below.halfWidth - 0.5)
    }

    @Test("sums, products and ratios carry their widths by the delta method")
    func combining() {
        let a = Estimate(value: 3, halfWidth: 0.3, count: 10)
        let b = Estimate(value: 4, halfWidth: 0.4, count: 7)
        #expect((a + b) == Estimate(value: 7, halfWidth: 0.5, count: 7))
        #expect((a - b).value == -1)
        #expect(abs((a - b).halfWidth - 0.5) < 1e-15)
        #expect(abs((a * b).relativeHalfWidth - (0.02).squareRoot()) < 1e-15)
        #expect(abs(a.addingDependent(b).halfWidth - 0.7) < 1e-15)
        #expect(a.addingDependent(b).value == 7)
        #expect(abs(a.multipliedByDependent(b).relativeHalfWidth - 0.2) < 1e-15)
        #expect(abs(a.relativeDifference(to: b).value + 0.25) < 1e-15)
        #expect(abs(a.relativeDifference(to: b).halfWidth - 0.75 * (0.02).squareRoot()) < 1e-15)
        let unknown = Estimate(value: 1, halfWidth: .infinity, count: 1)
        #expect(unknown.scaled(by: 0).halfWidth == .infinity)
        #expect((a * unknown).halfWidth == .infinity)
        #expect(a.multipliedByDependent(unknown).halfWidth == .infinity)
    }

    @Test("a ratio of totals weighs long windows more")
    func ratio() throws {
        let estimate = try #require(Estimate.ratio(of: [10, 90], to: [1, 3]))
        #expect(estimate.value == 25)
        // Residuals -15 and 15; variance 2 * 450 over 16; t(1) = 12.706.
        #expect(abs(estimate.halfWidth - 12.706204736 * (900.0).squareRoot() / 4) < 1e-6)
    }
}
