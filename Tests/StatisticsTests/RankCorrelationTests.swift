import Statistics
import Testing

/// Expected values are those of SciPy 1.17 (`spearmanr`, `kendalltau`).
@Suite("Rank correlation")
struct RankCorrelationTests {
    private static let cases: [(left: [Double], right: [Double], spearman: Double, kendall: Double)] = [
        ([1, 2.5, 2.5, 3.7, 5.1, 4.4, 8, 7.2], [2, 1, 3.5, 3.5, 4, 9, 7, 8], 0.7771084337349397, 0.5925925925925926),
        ([10, 20, 30, 40, 50], [1, 3, 2, 5, 4], 0.8, 0.6),
        ([1, 1, 1, 2, 2, 3], [3, 2, 2, 2, 1, 1], -0.7833333333333334, -0.7272727272727273),
    ]

    @Test("with and without equal values", arguments: 0..<3)
    func references(index: Int) throws {
        let (left, right, spearman, kendall) = Self.cases[index]
        #expect(abs(try #require(RankCorrelation.spearman(left, right)) - spearman) < 1e-14)
        #expect(abs(try #require(RankCorrelation.kendall(left, right)) - kendall) < 1e-14)
    }

    @Test("the same and the reversed order, on any scale")
    func extremes() {
        let values = [3.0, 1, 4, 1.5, 9]
        #expect(RankCorrelation.spearman(values, values.map { $0 * $0 }) == 1)
        #expect(RankCorrelation.kendall(values, values.map { -$0 }) == -1)
    }

    @Test("no correlation of one subject, or of a series without an order")
    func undefined() {
        #expect(RankCorrelation.spearman([1], [2]) == nil && RankCorrelation.kendall([1], [2]) == nil)
        #expect(RankCorrelation.spearman([1, 1], [1, 2]) == nil && RankCorrelation.kendall([1, 2], [3, 3]) == nil)
    }
}
