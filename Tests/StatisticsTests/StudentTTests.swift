import Statistics
import Testing

@Suite("Student's t")
struct StudentTTests {
    /// Quantiles computed by SciPy 1.17 (`scipy.stats.t.ppf`), which agree with the printed tables to all their digits.
    static let table: [(probability: Double, degrees: Double, quantile: Double)] = [
        (0.9, 1, 3.0776835371752544), (0.9, 4.5, 1.5008853175085577), (0.9, 1e6, 1.281552412129939),
        (0.95, 1, 6.313751514675037), (0.95, 2, 2.9199855803537242), (0.95, 30, 1.697260886593957),
        (0.975, 1, 12.706204736174694), (0.975, 2, 4.302652729749462), (0.975, 3, 3.1824463052837078),
        (0.975, 4.5, 2.6589123472044034), (0.975, 10, 2.228138851986274), (0.975, 30, 2.0422724563012378),
        (0.975, 100, 1.9839715185235518), (0.975, 1000, 1.9623390808264083), (0.975, 1e4, 1.960201239890626),
        (0.975, 1e6, 1.959966356814107),
        (0.995, 1, 63.656741162871526), (0.995, 10, 3.16927267261695), (0.995, 1000, 2.580754698065951),
        (0.9995, 1, 636.6192487687897), (0.9995, 2, 31.599054576445365), (0.9995, 100, 3.390491311164263),
        (0.9995, 1e4, 3.2914999659416355), (0.9995, 1e6, 3.2905364612487222),
    ]

    @Test("agrees with published quantiles", arguments: table)
    func quantiles(row: (probability: Double, degrees: Double, quantile: Double)) {
        let found = StudentT.quantile(row.probability, degreesOfFreedom: row.degrees)
        #expect(abs(found / row.quantile - 1) < 2e-9, "\(found)")
        #expect(StudentT.quantile(1 - row.probability, degreesOfFreedom: row.degrees) < 0)
    }

    @Test("the distribution function is a half in the middle and symmetric")
    func symmetry() {
        #expect(StudentT.cumulative(0, degreesOfFreedom: 7) == 0.5)
        for t in [0.1, 1, 3, 20] {
            let sum = StudentT.cumulative(t, degreesOfFreedom: 7) + StudentT.cumulative(-t, degreesOfFreedom: 7)
            #expect(abs(sum - 1) < 1e-14)
        }
    }
}
